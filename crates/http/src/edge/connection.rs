//! How long a connection may stay open between an answer and the next request. Actix's own time-out for heads is for a
//! connection's first request, and its keep-alive time-out ends with the next request's first byte: without this, whoever
//! had one answer could begin a second request and never finish it.

use std::any::Any;
use std::cell::Cell;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::rc::Rc;
use std::time::Duration;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use actix_web::rt;
use actix_web::rt::time::{Instant, sleep};

/// A connection that is closed when it has been idle for too long.
pub(crate) struct Connection {
    state: Rc<State>,
    watch: rt::task::JoinHandle<()>,
}

struct State {
    /// A second handle, by which the connection can be closed from here.
    socket: TcpStream,
    working: Cell<u32>,
    idle_since: Cell<Instant>,
    /// Whether it is closed after what is worked on.
    ends: Cell<bool>,
}

/// How long a client that is still sending gets to read an answer: a connection that is closed before loses it.
const LINGER: Duration = Duration::from_secs(1);

/// Something that is worked on for a connection, until it is dropped.
pub(crate) struct Busy(Rc<State>);

/// Watches over a new connection: `io` is what actix serves it by. It may be idle for `patience`.
pub(crate) fn watch(io: &dyn Any, data: &mut Extensions, patience: Duration) {
    let plain = io.downcast_ref::<rt::net::TcpStream>();
    let tls = || io.downcast_ref::<TlsStream<rt::net::TcpStream>>().map(|tls| tls.get_ref().0);
    let Some(stream) = plain.or_else(tls) else { return };
    // Without a descriptor for the second handle there is none for anything else either.
    let Ok(socket) = stream.as_fd().try_clone_to_owned() else { return };
    data.insert(Connection::new(TcpStream::from(socket), patience));
}

/// Says that a request is worked on, so that its connection counts as idle again from when that is dropped.
pub(crate) fn busy(request: &HttpRequest) -> Option<Busy> {
    request.conn_data::<Connection>().map(Connection::busy)
}

impl Busy {
    /// Closes the connection a second after this is dropped. Actix reads on to the end of a chunked body that was not
    /// asked for, however long that takes.
    pub(crate) fn end_connection(&self) {
        self.0.ends.set(true);
    }
}

impl Connection {
    fn new(socket: TcpStream, patience: Duration) -> Self {
        let (working, idle_since) = (Cell::new(0), Cell::new(Instant::now()));
        let state = Rc::new(State { socket, working, idle_since, ends: Cell::new(false) });
        let watch = rt::spawn(close_when_idle(state.clone(), patience));
        Self { state, watch }
    }

    fn busy(&self) -> Busy {
        self.state.working.set(self.state.working.get() + 1);
        Busy(self.state.clone())
    }
}

async fn close_when_idle(state: Rc<State>, patience: Duration) {
    loop {
        let left = match state.working.get() {
            0 => patience.saturating_sub(state.idle_since.get().elapsed()),
            _ => patience,
        };
        if left.is_zero() {
            let _ = state.socket.shutdown(Shutdown::Both);
            return;
        }
        sleep(left).await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.working.set(self.0.working.get() - 1);
        self.0.idle_since.set(Instant::now());
        if self.0.ends.get() {
            let state = self.0.clone();
            rt::spawn(async move {
                sleep(LINGER).await;
                let _ = state.socket.shutdown(Shutdown::Both);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(100);

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.set_nonblocking(true).unwrap();
        (client, listener.accept().unwrap().0)
    }

    fn is_closed(client: &mut TcpStream) -> bool {
        matches!(client.read(&mut [0]), Ok(0))
    }

    #[actix_web::test]
    async fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
        let (mut client, server) = pair();
        let connection = Connection::new(server, PATIENCE);
        let busy = connection.busy();
        sleep(PATIENCE * 4).await;
        assert!(!is_closed(&mut client), "a request is worked on");
        drop(busy);
        sleep(PATIENCE / 4).await;
        assert!(!is_closed(&mut client), "it is idle for a moment only");
        sleep(PATIENCE * 4).await;
        assert!(is_closed(&mut client));
    }

    #[actix_web::test]
    async fn a_connection_that_ended_leaves_nothing_open() {
        let (mut client, server) = pair();
        drop(Connection::new(server, PATIENCE * 1000));
        sleep(PATIENCE).await;
        assert!(is_closed(&mut client));
    }
}
