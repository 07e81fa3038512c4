//! SQLSTATE, PostgreSQL's language-independent error codes.
//!
//! diesel hides the codes that it has no kind for, and passes on the message, whose language is the server's
//! (`lc_messages`). [`WithSqlStates`] sits between tokio-postgres and the connection and puts the code in front of each
//! error's message, as in PostgreSQL's verbose format: `40P01: deadlock detected`. [`sql_state`] reads it there
//! (adr/0026).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

use crate::error::ErrorClass;

const SEPARATOR: &str = ": ";
/// The length of a code.
const CODE: usize = 5;
/// A message of the protocol begins with its type and its length, which counts itself and not the type.
const HEADER: usize = 5;
const LENGTH: usize = 4;
const ERROR_RESPONSE: u8 = b'E';
/// A longer error is passed on as it is. PostgreSQL's are much shorter.
const LONGEST_ERROR: usize = 1 << 20;

/// Whether a lock is another's, for which a statement was not to wait (`lock_not_available`).
pub(crate) fn is_lock_not_available(error: &diesel::result::Error) -> bool {
    matches!(error, diesel::result::Error::DatabaseError(_, told) if sql_state(told.message()) == Some("55P03"))
}

/// The code in front of the message of an error that came through [`WithSqlStates`].
pub(crate) fn sql_state(message: &str) -> Option<&str> {
    let (code, _) = message.split_once(SEPARATOR)?;
    let is_code = code.len() == CODE && code.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    is_code.then_some(code)
}

/// What an error means for the unit of work that met it. The codes are those of PostgreSQL's appendix A, and what its
/// source and PgBouncer's say of them.
pub(crate) fn class_of(code: &str) -> ErrorClass {
    match code {
        // serialization_failure, deadlock_detected, transaction_rollback.
        "40001" | "40P01" | "40000" => ErrorClass::Conflict,
        // invalid_sql_statement_name, duplicate_prepared_statement: DISCARD or DEALLOCATE ran, or a pooler put another
        // server process behind the connection.
        "26000" | "42P05" => ErrorClass::StatementGone,
        // admin_shutdown, crash_shutdown, idle_session_timeout, idle_in_transaction_session_timeout,
        // transaction_timeout: the server closes the connection. statement_completion_unknown.
        "57P01" | "57P02" | "57P05" | "25P03" | "25P04" | "40003" => ErrorClass::ConnectionLost,
        // query_canceled (statement_timeout), cannot_connect_now, lock_not_available, read_only_sql_transaction.
        "57014" | "57P03" | "55P03" | "25006" => ErrorClass::Transient,
        "23503" => ErrorClass::InvalidRow("a row names another that is not on record"),
        "23514" => ErrorClass::InvalidRow("a row breaks a rule of its table"),
        _ => match code.get(..2) {
            // Connection exceptions. PgBouncer says 08P01 when it lost the server or gets no connection to it.
            Some("08") => ErrorClass::ConnectionLost,
            // Insufficient resources (disk, memory, connections), and errors of the server's operating system.
            Some("53" | "58") => ErrorClass::Transient,
            _ => ErrorClass::Permanent,
        },
    }
}

/// A connection whose errors have their SQLSTATE in front of their message.
pub(super) struct WithSqlStates<S> {
    stream: S,
    position: Position,
    /// The beginning of an error, until the whole of it was received.
    held: Vec<u8>,
    /// What was held and is to be read next, from the second on.
    ready: (Vec<u8>, usize),
}

impl<S> WithSqlStates<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, position: Position::default(), held: Vec::new(), ready: (Vec::new(), 0) }
    }

    /// Makes ready what is held, up to an error that is not complete.
    fn release(&mut self) {
        while let Some(&header) = self.held.first_chunk::<HEADER>() {
            let length = 1 + length_in(header);
            if length > LONGEST_ERROR {
                // The header is skipped as that of any other message.
                self.position.enter(header);
                let rest = self.held.split_off(HEADER);
                self.ready.0.append(&mut self.held);
                self.pass_on(rest);
            } else if self.held.len() < length {
                return;
            } else {
                let rest = self.held.split_off(length);
                self.ready.0.extend(with_code_in_message(&self.held));
                self.held.clear();
                self.pass_on(rest);
            }
        }
    }

    /// Makes ready all of it up to the next error, which is held.
    fn pass_on(&mut self, mut bytes: Vec<u8>) {
        if let Some(error) = self.position.skip_to_error(&bytes) {
            self.held = bytes.split_off(error);
        }
        self.ready.0.extend(bytes);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WithSqlStates<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            let (ready, taken) = &mut this.ready;
            if *taken < ready.len() {
                let end = ready.len().min(*taken + into.remaining());
                into.put_slice(&ready[*taken..end]);
                *taken = end;
                return Poll::Ready(Ok(()));
            }
            this.ready = (Vec::new(), 0);

            if !this.held.is_empty() {
                let mut more = [0; 1024];
                let mut more = ReadBuf::new(&mut more);
                ready!(Pin::new(&mut this.stream).poll_read(context, &mut more))?;
                this.held.extend_from_slice(more.filled());
                if more.filled().is_empty() {
                    // The server closed the connection within an error.
                    this.ready.0 = std::mem::take(&mut this.held);
                    if this.ready.0.is_empty() {
                        return Poll::Ready(Ok(()));
                    }
                } else {
                    this.release();
                }
                continue;
            }

            let before = into.filled().len();
            ready!(Pin::new(&mut this.stream).poll_read(context, into))?;
            let Some(error) = this.position.skip_to_error(&into.filled()[before..]) else {
                return Poll::Ready(Ok(()));
            };
            this.held.extend_from_slice(&into.filled()[before + error..]);
            into.set_filled(before + error);
            this.release();
            if error > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WithSqlStates<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: TlsStream + Unpin> TlsStream for WithSqlStates<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

/// Where in the stream of messages one has read to.
#[derive(Default)]
struct Position {
    /// How much of the next header was read.
    header: [u8; HEADER],
    header_length: usize,
    /// How much is left of the message whose header was read.
    body: usize,
}

impl Position {
    fn enter(&mut self, header: [u8; HEADER]) {
        self.header_length = 0;
        self.body = length_in(header).saturating_sub(LENGTH);
    }

    /// Reads on, and stops in front of an error: where it begins in these bytes.
    fn skip_to_error(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            let skipped = self.body.min(bytes.len() - at);
            self.body -= skipped;
            at += skipped;
            let rest = &bytes[at..];
            if self.header_length == 0 && rest.first() == Some(&ERROR_RESPONSE) && self.body == 0 {
                return Some(at);
            }
            if rest.is_empty() {
                return None;
            }
            let read = rest.len().min(HEADER - self.header_length);
            self.header[self.header_length..][..read].copy_from_slice(&rest[..read]);
            self.header_length += read;
            at += read;
            if self.header_length == HEADER {
                self.enter(self.header);
            }
        }
    }
}

/// The length that a header tells.
fn length_in([_, length @ ..]: [u8; HEADER]) -> usize {
    usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX - 1)
}

/// An `ErrorResponse` with its field `C` (SQLSTATE) in front of its field `M` (message), or unchanged when it is
/// malformed.
fn with_code_in_message(error: &[u8]) -> Vec<u8> {
    let Some(changed) = fields_of(error).and_then(|fields| {
        let code = fields.iter().find_map(|field| field.strip_prefix(b"C"))?;
        let mut body = Vec::with_capacity(error.len() + CODE + SEPARATOR.len());
        for field in &fields {
            match field.strip_prefix(b"M") {
                Some(message) => body.extend([b"M", code, SEPARATOR.as_bytes(), message].concat()),
                None => body.extend_from_slice(field),
            }
            body.push(0);
        }
        body.push(0);
        let length = u32::try_from(LENGTH + body.len()).ok()?;
        Some([&[ERROR_RESPONSE][..], &length.to_be_bytes(), &body].concat())
    }) else {
        return error.to_vec();
    };
    changed
}

/// Its fields, each with its type in front and without the zero at its end. A zero ends the list.
fn fields_of(error: &[u8]) -> Option<Vec<&[u8]>> {
    let fields = error.get(HEADER..)?.strip_suffix(&[0, 0])?;
    Some(fields.split(|byte| *byte == 0).collect())
}

#[cfg(test)]
mod tests;
