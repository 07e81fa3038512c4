//! Whether anything can be written.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool::managed::TimeoutType;
use diesel_async::RunQueryDsl;
use diesel_async::pooled_connection::deadpool::PoolError;
use muster_domain::StoreError;

use crate::Store;
use crate::db::Db;
use crate::error::DbError;
#[cfg(feature = "postgres")]
use crate::one_row::OneRow;

/// For how long a write proves that others can be written.
const PROVEN_FOR: Duration = Duration::from_secs(10);

#[cfg(feature = "postgres")]
#[derive(Debug, thiserror::Error)]
#[error("the database is read-only: it is a standby, or default_transaction_read_only is on")]
struct ReadOnly;

/// When something was written last on trial.
#[derive(Clone, Default)]
pub(crate) struct LastProbe(Arc<Mutex<Option<Instant>>>);

impl LastProbe {
    fn is_fresh(&self) -> bool {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|at| at.elapsed() < PROVEN_FOR)
    }

    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

impl Store {
    /// Whether the database can be written, told by a write of 16 KiB, or by one of the last ten seconds. A failure is not
    /// remembered: the next call tries again.
    pub(crate) async fn check_writable(&self) -> Result<(), StoreError> {
        self.reading(|db| async move {
            match db {
                // A server can turn read-only under its connections, by a setting. One that became a standby was restarted,
                // and refuses new connections.
                #[cfg(feature = "postgres")]
                Db::Postgres(pool) => {
                    const ASKED: &str = "current_setting('transaction_read_only') = 'on'";
                    let asked = diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(ASKED));
                    let is_read_only: bool = asked.one(&mut *pool.get().await?).await?;
                    if is_read_only { Err(StoreError::Unavailable(Box::new(ReadOnly)).into()) } else { Ok(()) }
                }
                // Only a write shows it, because no setting makes a file read-only.
                #[cfg(feature = "sqlite")]
                Db::Sqlite { .. } => Ok(()),
            }
        })
        .await?;
        if self.last_probe.is_fresh() {
            return Ok(());
        }
        let is_proven = self
            .detached(|db| async move {
                match probe(&db).await {
                    Ok(()) => Ok(true),
                    // All connections are busy: that is load, and no reason to take the server out.
                    Err(DbError::Pool(PoolError::Timeout(TimeoutType::Wait))) => Ok(false),
                    Err(error) => Err(error),
                }
            })
            .await?;
        if is_proven {
            self.last_probe.note();
        }
        Ok(())
    }
}

async fn probe(db: &Db) -> Result<(), DbError> {
    match db {
        #[cfg(feature = "postgres")]
        Db::Postgres(pool) => {
            use diesel::result::Error::RollbackTransaction;
            use diesel_async::AsyncConnection;

            // A table whose file cannot grow fails right here, so nothing has to be kept.
            const WRITE: &str = "INSERT INTO write_probes SELECT decode(repeat(md5(random()::text), 1024), 'hex')";
            let mut connection = pool.get().await?;
            let undone = connection.transaction::<(), DbError, _>(async |c| {
                diesel::sql_query(WRITE).execute(c).await?;
                Err(RollbackTransaction.into())
            });
            match undone.await {
                Err(DbError::Query(RollbackTransaction)) => Ok(()),
                failed => failed,
            }
        }
        #[cfg(feature = "sqlite")]
        Db::Sqlite { write, .. } => {
            // Nothing reaches the disk before the commit.
            const WRITE: &str = "INSERT INTO write_probes (id, filler) VALUES (1, randomblob(16384)) \
                ON CONFLICT (id) DO UPDATE SET filler = excluded.filler";
            let mut connection = write.get().await?;
            connection
                .immediate_transaction::<(), DbError, _>(async |c| {
                    diesel::sql_query(WRITE).execute(c).await?;
                    Ok(())
                })
                .await
        }
    }
}

impl Store {
    /// Whether PostgreSQL works on statements without a limit in time although the options ask for one: a pooler between
    /// did not pass it on, and neither the role nor the database is set to one. `false` on SQLite.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Backend`] when it is behind a
    /// pooler that loses prepared statements.
    pub async fn lacks_statement_timeout(&self) -> Result<bool, StoreError> {
        self.reading(|db| async move {
            match db {
                #[cfg(feature = "postgres")]
                Db::Postgres(pool) => pool.pooler.lacks_statement_timeout().await,
                #[cfg(feature = "sqlite")]
                Db::Sqlite { .. } => Ok(false),
            }
        })
        .await
    }
}
