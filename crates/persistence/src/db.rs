//! The two engines behind one value, and the macros that write an expression once for both.

#[cfg(feature = "sqlite")]
use diesel_async::pooled_connection::deadpool::Pool;

#[cfg(feature = "postgres")]
pub(crate) type PgConn = diesel_async::AsyncPgConnection;
#[cfg(feature = "sqlite")]
pub(crate) type SqliteConn = diesel_async::sync_connection_wrapper::SyncConnectionWrapper<diesel::SqliteConnection>;
/// One whose statements run on the caller's own thread.
#[cfg(feature = "sqlite")]
pub(crate) type LookupConn =
    diesel_async::sync_connection_wrapper::SyncConnectionWrapper<diesel::SqliteConnection, crate::sqlite::OnThisThread>;

/// Where statements go. Clones share their connections.
#[derive(Clone)]
pub(crate) enum Db {
    #[cfg(feature = "postgres")]
    Postgres(crate::postgres::Pools),
    /// SQLite has one writer at a time. With one connection to write through, writers queue for it in the order in
    /// which they came, instead of trying again and again for the file's lock. Lookups by a key take less time than the
    /// way to another thread and back, and have connections of their own.
    #[cfg(feature = "sqlite")]
    Sqlite { lookup: Pool<LookupConn>, read: Pool<SqliteConn>, write: Pool<SqliteConn> },
}

impl Db {
    /// Closes the connections that nobody uses: where one broke, the others mostly are broken too, and some do not know
    /// it yet. The next ones are new.
    pub(crate) fn close_idle(&self) {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(pools) => pools.close_idle(),
            // There is nothing between us and a file that breaks.
            #[cfg(feature = "sqlite")]
            Self::Sqlite { .. } => {}
        }
    }
}

/// One read: `with_conn!(&db, |c| query)`, where `c` is a connection of whichever engine it is. The form with two arms
/// is for what the engines say differently.
macro_rules! with_conn {
    ($db:expr, |$conn:ident| $body:expr) => {
        with_conn!($db, pg | $conn | $body, sqlite | $conn | $body)
    };
    ($db:expr, pg |$pg_conn:ident| $pg:expr, sqlite |$sqlite_conn:ident| $sqlite:expr) => {
        match $db {
            #[cfg(feature = "postgres")]
            $crate::db::Db::Postgres(pool) => {
                let mut guard = pool.get().await?;
                let $pg_conn = &mut *guard;
                $pg
            }
            #[cfg(feature = "sqlite")]
            $crate::db::Db::Sqlite { read, .. } => {
                let mut guard = read.get().await?;
                let $sqlite_conn = &mut *guard;
                $sqlite
            }
        }
    };
}

/// One lookup by a key, of a unit of `Store::asking`: one statement on PostgreSQL, where others use the connection at the
/// same time; on SQLite it runs on the caller's own thread.
macro_rules! with_lookup {
    ($db:expr, |$conn:ident| $body:expr) => {
        with_lookup!($db, pg | $conn | $body, sqlite | $conn | $body)
    };
    ($db:expr, pg |$pg_conn:ident| $pg:expr, sqlite |$sqlite_conn:ident| $sqlite:expr) => {
        match $db {
            #[cfg(feature = "postgres")]
            $crate::db::Db::Postgres(pool) => {
                let shared = pool.shared().await?;
                let lookup = async {
                    let $pg_conn = &mut shared.connection()?;
                    Ok($pg)
                };
                shared.within_limit(lookup).await?
            }
            #[cfg(feature = "sqlite")]
            $crate::db::Db::Sqlite { lookup, .. } => {
                let mut guard = lookup.get().await?;
                let $sqlite_conn = &mut *guard;
                $sqlite
            }
        }
    };
}

/// Several reads that see one state of the store.
macro_rules! with_snapshot {
    ($db:expr, |$conn:ident| $body:expr) => {
        with_snapshot!($db, pg | $conn | $body, sqlite | $conn | $body)
    };
    ($db:expr, pg |$pg_conn:ident| $pg:expr, sqlite |$sqlite_conn:ident| $sqlite:expr) => {
        match $db {
            #[cfg(feature = "postgres")]
            $crate::db::Db::Postgres(pool) => {
                let mut guard = pool.get().await?;
                let mut transaction = guard.build_transaction().read_only().repeatable_read();
                transaction.run::<_, $crate::error::DbError, _>(async |$pg_conn| $pg).await
            }
            #[cfg(feature = "sqlite")]
            $crate::db::Db::Sqlite { read, .. } => {
                let mut guard = read.get().await?;
                ::diesel_async::AsyncConnection::transaction::<_, $crate::error::DbError, _>(
                    &mut *guard,
                    async |$sqlite_conn| $sqlite,
                )
                .await
            }
        }
    };
}

/// One unit of work that writes: `BEGIN` (read committed) on PostgreSQL, `BEGIN IMMEDIATE` on SQLite. An error undoes it.
macro_rules! with_tx {
    ($db:expr, |$conn:ident| $body:expr) => {
        with_tx!($db, pg | $conn | $body, sqlite | $conn | $body)
    };
    ($db:expr, pg |$pg_conn:ident| $pg:expr, sqlite |$sqlite_conn:ident| $sqlite:expr) => {
        match $db {
            #[cfg(feature = "postgres")]
            $crate::db::Db::Postgres(pool) => {
                let mut guard = pool.get().await?;
                ::diesel_async::AsyncConnection::transaction::<_, $crate::error::DbError, _>(
                    &mut *guard,
                    async |$pg_conn| $pg,
                )
                .await
            }
            #[cfg(feature = "sqlite")]
            $crate::db::Db::Sqlite { write, .. } => {
                let mut guard = write.get().await?;
                guard.immediate_transaction::<_, $crate::error::DbError, _>(async |$sqlite_conn| $sqlite).await
            }
        }
    };
}

/// One unit of work that writes, which is one statement on PostgreSQL and so needs no transaction around it. On SQLite it
/// is `BEGIN IMMEDIATE`, as in [`with_tx`], but one visit to the thread that SQLite works on, and not one for each
/// statement: the body is not async, and `c` is diesel's own connection.
macro_rules! with_statement {
    ($db:expr, pg |$pg_conn:ident| $pg:expr, sqlite |$sqlite_conn:ident| $sqlite:expr) => {
        match $db {
            #[cfg(feature = "postgres")]
            $crate::db::Db::Postgres(pool) => {
                let mut guard = pool.get().await?;
                let $pg_conn = &mut *guard;
                $pg
            }
            #[cfg(feature = "sqlite")]
            $crate::db::Db::Sqlite { write, .. } => {
                let mut guard = write.get().await?;
                guard
                    .spawn_blocking(move |connection| {
                        Ok(connection.immediate_transaction::<_, $crate::error::DbError, _>(|$sqlite_conn| $sqlite))
                    })
                    .await?
            }
        }
    };
}

/// Statements that several units of work share, written once: a trait of that name, implemented for the connection of
/// each engine.
macro_rules! on_both {
    ($(#[$doc:meta])* trait $trait:ident { $(
        $(#[$fn_doc:meta])*
        async fn $name:ident($conn:ident $(, $arg:ident: $ty:ty)* $(,)?) -> $ret:ty $body:block
    )* }) => {
        $(#[$doc])*
        pub(crate) trait $trait { $(
            $(#[$fn_doc])*
            async fn $name(&mut self $(, $arg: $ty)*) -> Result<$ret, $crate::error::DbError>;
        )* }

        #[cfg(feature = "postgres")]
        impl $trait for $crate::db::PgConn { $(
            async fn $name(&mut self $(, $arg: $ty)*) -> Result<$ret, $crate::error::DbError> { let $conn = self; $body }
        )* }

        #[cfg(feature = "sqlite")]
        impl $trait for $crate::db::SqliteConn { $(
            async fn $name(&mut self $(, $arg: $ty)*) -> Result<$ret, $crate::error::DbError> { let $conn = self; $body }
        )* }
    };
}

pub(crate) use {on_both, with_conn, with_lookup, with_snapshot, with_statement, with_tx};
