//! Reading one row, and the answer that it is part of to its end.

use diesel::QueryResult;
use diesel::result::Error;
use diesel_async::methods::LoadQuery;
use diesel_async::{AsyncConnectionCore, RunQueryDsl};

/// Reads a single row. Use it in place of diesel-async's `get_result` and `first`, which `clippy.toml` forbids.
///
/// Those two return when the first row arrives and drop the rest of the answer. On PostgreSQL the rest can be an error: the
/// server sends the rows of a statement that runs outside a transaction before it commits. Serialization conflicts, deferred
/// constraints and a backend that is killed while it commits show only after the row. `one` waits for the server's
/// `ReadyForQuery`, which it sends once the commit is durable and visible. It costs no further round trip.
pub(crate) trait OneRow<Conn>: Sized {
    /// The first row of the answer, after all of it arrived.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no row, and every error that the statement or its commit ends with.
    fn one<'query, 'conn, U>(self, connection: &'conn mut Conn) -> impl Future<Output = QueryResult<U>> + Send
    where
        U: Send + 'query,
        Conn: AsyncConnectionCore + 'conn,
        Self: LoadQuery<'query, Conn, U> + 'query,
    {
        let rows = self.load(connection);
        async { rows.await?.into_iter().next().ok_or(Error::NotFound) }
    }
}

impl<Query, Conn> OneRow<Conn> for Query {}
