//! Where the server listens: on a socket that whoever started it passed on, or on one of its own.

use std::io;
use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;

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

/// The socket that was passed on by systemd's protocol for socket activation (sd_listen_fds(3)), else a new one on
/// `address`. In development mode others than this machine never reach either.
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
    let bound = TcpListener::bind(address).and_then(|listener| listener.local_addr().map(|at| (listener, at)));
    bound.map_err(|error| ListenError::Bind(address, error))
}
