//! Where the server listens: on a socket that whoever started it passed on, or on one of its own.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;
use tokio::net::TcpSocket;

/// How many connections may wait to be accepted. The standard library's 128 are too few for a crowd that comes back at
/// once.
const BACKLOG: u32 = 1024;

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    /// The address cannot be had.
    #[error("cannot listen on {0} (MUSTER_LISTEN)")]
    Bind(SocketAddr, #[source] io::Error),
    /// What was passed on is something else.
    #[error("cannot listen on the socket that was passed on (LISTEN_FDS); it must be one of TCP that listens")]
    Passed(#[source] io::Error),
    /// Only one can be served.
    #[error("{0} sockets were passed on (LISTEN_FDS); pass one")]
    Several(usize),
    /// Development mode has doors without locks.
    #[error(
        "the socket that was passed on (LISTEN_FDS) listens on {0}; in development mode it must be a loopback address"
    )]
    NotLoopback(SocketAddr),
}

/// The socket that was passed on by systemd's protocol for socket activation (`sd_listen_fds(3)`), else a new one on
/// `address`. In development mode others than this machine never reach either.
///
/// Needs tokio's runtime.
///
/// # Errors
/// See [`ListenError`].
pub(crate) fn listen(address: SocketAddr, development: bool) -> Result<(TcpListener, SocketAddr), ListenError> {
    let mut passed = ListenFd::from_env();
    if passed.len() > 1 {
        return Err(ListenError::Several(passed.len()));
    }
    if let Some(listener) = passed.take_tcp_listener(0).map_err(ListenError::Passed)? {
        let at = listener.local_addr().map_err(ListenError::Passed)?;
        if development && !at.ip().to_canonical().is_loopback() {
            return Err(ListenError::NotLoopback(at));
        }
        return Ok((listener, at));
    }
    bind(address).map_err(|error| ListenError::Bind(address, error))
}

/// How many connections may be open at once: as many as are wanted, or as there are descriptors for. Each takes two, and a
/// quarter of all is kept, so that clients never take those with which the server reaches its database and providers.
pub(crate) fn most_connections(wanted: usize, development: bool) -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let Some(files) = most_open_files(&limits) else { return wanted };
    let room = (files / 4 * 3 / 2).max(1);
    if room < wanted && !development {
        tracing::warn!(
            wanted,
            room,
            files,
            "there are descriptors for fewer connections than MUSTER_MAX_CONNECTIONS; raise LimitNOFILE (ulimit -n)"
        );
    }
    wanted.min(room)
}

/// How many files the process may open (`proc_pid_limits(5)`); nothing where that has no limit or is not told.
fn most_open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As the standard library does: a port can be had again while old connections of it linger.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?.into_std()?;
    let at = listener.local_addr()?;
    Ok((listener, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_what_counts() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max cpu time              unlimited            unlimited            seconds   \n\
                      Max open files            1024                 524288               files     \n";
        assert_eq!(most_open_files(limits), Some(1024));
        assert_eq!(most_open_files("Max open files            unlimited            unlimited            files"), None);
        assert_eq!(most_open_files(""), None);
    }
}
