//! The schema: bringing it up to what this build knows, and telling whether it is that.

use std::error::Error;

use async_trait::async_trait;
use diesel::backend::Backend;
use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use muster_domain::{StoreError, StoreHealth};

use crate::Store;
use crate::db::Db;
use crate::error::DbError;
use crate::one_row::OneRow;

#[cfg(feature = "postgres")]
const ON_POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
#[cfg(feature = "sqlite")]
const ON_SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// What each migration runs, by its name: diesel embeds the texts too, but does not show them.
macro_rules! texts {
    ($engine:literal: $($name:literal),*) => {
        &[$(($name, include_str!(concat!("../../../migrations/", $engine, "/", $name, "/up.sql")))),*]
    };
}

#[cfg(feature = "postgres")]
const POSTGRES_TEXTS: &[(&str, &str)] = texts!("postgres": "0001_initial", "0002_send_limits", "0003_api_keys", "0004_directory", "0005_operations", "0006_lists", "0007_sessions", "0008_identities", "0009_session_limits", "0010_password_tags", "0011_key_ids", "0012_given_contacts", "0014_write_probes");
#[cfg(feature = "sqlite")]
const SQLITE_TEXTS: &[(&str, &str)] = texts!("sqlite": "0001_initial", "0002_send_limits", "0003_api_keys", "0004_directory", "0005_operations", "0006_lists", "0007_sessions", "0008_identities", "0009_session_limits", "0010_password_tags", "0011_key_ids", "0012_given_contacts", "0014_write_probes");

diesel::table! {
    /// Diesel's own record of what was applied.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

#[derive(Debug, thiserror::Error)]
enum MigrateError {
    #[error("a statement failed")]
    Query(#[from] diesel::result::Error),
    #[error("a migration failed")]
    Migration(#[from] Box<dyn Error + Send + Sync>),
}

impl From<MigrateError> for DbError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Query(error) => Self::Query(error),
            // Where a statement of the harness itself failed, diesel's error is in the box.
            MigrateError::Migration(error) => match error.downcast::<diesel::result::Error>() {
                Ok(error) => Self::Query(*error),
                Err(error) => Self::Store(StoreError::Backend(error)),
            },
        }
    }
}

/// A migration of this build that the schema lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingMigration {
    /// Its name, like `0001_initial`. Migrations are applied in the order of their names.
    pub name: String,
    /// What it would run, on the store's engine.
    pub sql: &'static str,
}

impl Store {
    /// What [`Store::migrate`] would do now, in that order. It changes nothing, and a standby answers it too.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached.
    pub async fn pending_migrations(&self) -> Result<Vec<PendingMigration>, StoreError> {
        self.reading(|db| async move {
            let (known, texts) = known(&db)?;
            let Found { applied, late, .. } = found(&db, Server::Any).await?;
            let pending = known.into_iter().filter(|migration| !applied.contains(&migration.version));
            let migrations =
                pending.map(|Known { name, .. }| Ok(PendingMigration { sql: text_of(&name, texts)?, name }));
            migrations.chain(late.into_iter().map(Ok)).collect()
        })
        .await
    }

    /// Whether a migration was ever applied. Without one there is an empty database and no store.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached.
    pub async fn has_schema(&self) -> Result<bool, StoreError> {
        self.reading(|db| async move { Ok(!found(&db, Server::Any).await?.applied.is_empty()) }).await
    }

    /// Whether the schema is the one of this build, whatever the server; a standby answers too.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Inconsistent`] when the schema
    /// differs.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        self.reading(|db| async move { compare(&db, Server::Any).await }).await
    }

    /// Whether the server that requests are answered from can be connected to and has the schema of this build. Whether its
    /// disk has room is not asked: that keeps no command from reading.
    ///
    /// # Errors
    /// As [`Store::check_schema`], and [`StoreError::Backend`] when the database is behind a pooler that loses prepared
    /// statements.
    pub async fn check_usable(&self) -> Result<(), StoreError> {
        self.reading(|db| async move {
            match &db {
                #[cfg(feature = "postgres")]
                Db::Postgres(pool) => pool.pooler.check().await?,
                #[cfg(feature = "sqlite")]
                Db::Sqlite { .. } => {}
            }
            compare(&db, Server::Writable).await
        })
        .await
    }

    /// Applies the migrations that are missing and returns their names. Of several that do it at once, one does it and the
    /// others wait. When none is missing it only reads, which a standby can and which takes no right to create.
    ///
    /// On SQLite they are one transaction. On PostgreSQL each is one, and then come the indexes that are built without
    /// locking their tables; where it is interrupted, the next call goes on.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Backend`] when a migration fails or
    /// the database is behind a pooler that loses prepared statements.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        self.detached(|db| async move {
            match db {
                #[cfg(feature = "postgres")]
                Db::Postgres(pools) => migrate_postgres(&pools).await,
                #[cfg(feature = "sqlite")]
                Db::Sqlite { write, .. } => {
                    let mut connection = write.get().await?;
                    let applied = connection.spawn_blocking(|connection| {
                        Ok(connection.immediate_transaction(|c| apply_pending(c, ON_SQLITE)))
                    });
                    Ok(applied.await??)
                }
            }
        })
        .await
    }
}

#[cfg(feature = "postgres")]
type BlockingPg = diesel_async::async_connection_wrapper::AsyncConnectionWrapper<crate::db::PgConn>;

// Read committed, whatever the database's default is: a transaction of a higher level keeps its snapshot while it is idle, and
// the build that it waits for would wait for it.
/// Held while migrations are applied: it conflicts with itself and with what earlier releases lock, and not with the lines
/// that are written to the table meanwhile.
#[cfg(feature = "postgres")]
const APPLYING: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; \
    LOCK TABLE __diesel_schema_migrations IN SHARE UPDATE EXCLUSIVE MODE NOWAIT";
/// Held while indexes are built: it does not conflict with what earlier releases lock.
#[cfg(feature = "postgres")]
const BUILDING: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; \
    SELECT FROM __diesel_schema_migrations ORDER BY version LIMIT 1 FOR UPDATE NOWAIT";
/// How long others are left alone before they are asked again.
#[cfg(feature = "postgres")]
const PAUSE: std::time::Duration = std::time::Duration::from_millis(200);

/// Begins a transaction with a lock. It is tried again and again and not waited for: a statement that waits for a lock has a
/// snapshot, and each index that is built `CONCURRENTLY` waits for its end.
#[cfg(feature = "postgres")]
async fn hold(lock: &str, connection: &mut crate::db::PgConn) -> Result<(), DbError> {
    use diesel_async::SimpleAsyncConnection;

    use crate::postgres::sql_states::is_lock_not_available;

    while let Err(error) = connection.batch_execute(lock).await {
        if !is_lock_not_available(&error) {
            return Err(error.into());
        }
        connection.batch_execute("ROLLBACK").await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

#[cfg(feature = "postgres")]
async fn migrate_postgres(pools: &crate::postgres::Pools) -> Result<Vec<String>, DbError> {
    use diesel_async::SimpleAsyncConnection;

    use crate::postgres::late_steps;

    let is_current = {
        let Found { applied, late, .. } = found_on_any(pools).await?;
        let known = in_order::<diesel::pg::Pg>(&ON_POSTGRES)?;
        late.is_empty() && known.iter().all(|migration| applied.contains(&migration.version))
    };
    if is_current {
        return Ok(Vec::new());
    }
    pools.pooler.check().await?;
    let mut blocking = BlockingPg::from(pools.maintenance.writing().await?);
    let blocking = tokio::task::spawn_blocking(move || {
        // Makes diesel's table when there is none. Of two that make it at once PostgreSQL refuses one, `IF NOT EXISTS` or
        // not, when the other is done: then it is there.
        if blocking.applied_migrations().is_err() {
            blocking.applied_migrations()?;
        }
        Ok::<_, MigrateError>(blocking)
    });
    let panicked = |panicked| StoreError::Backend(Box::new(panicked));
    let mut blocking = blocking.await.map_err(panicked)??;
    let mut applying = pools.maintenance.writing().await?;
    hold(APPLYING, &mut applying).await?;
    let applied = tokio::task::spawn_blocking(move || apply_one_by_one(&mut blocking));
    let mut applied = applied.await.map_err(panicked)??;
    applying.batch_execute("ROLLBACK").await?;
    hold(BUILDING, &mut applying).await?;
    applied.extend(late_steps::run(&mut pools.maintenance.writing().await?).await?);
    // Ends its transaction.
    drop(applying);
    Ok(applied)
}

/// Each in a transaction of its own, so that none holds what an earlier one locked.
#[cfg(feature = "postgres")]
fn apply_one_by_one(connection: &mut BlockingPg) -> Result<Vec<String>, MigrateError> {
    use diesel::connection::SimpleConnection;

    let mut applied = Vec::new();
    for migration in connection.pending_migrations(ON_POSTGRES)? {
        connection.transaction(|c| {
            // A migration may take longer than any request, also where a pooler did not pass on that there is no limit.
            c.batch_execute("SET LOCAL statement_timeout = 0")?;
            c.run_migration(&migration)?;
            Ok::<_, MigrateError>(())
        })?;
        applied.push(migration.name().to_string());
    }
    Ok(applied)
}

#[cfg(feature = "sqlite")]
fn apply_pending<DB: Backend>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<Vec<String>, MigrateError> {
    let mut applied = Vec::new();
    for migration in connection.pending_migrations(migrations)? {
        connection.run_migration(&migration)?;
        applied.push(migration.name().to_string());
    }
    Ok(applied)
}

#[async_trait]
impl StoreHealth for Store {
    async fn check(&self) -> Result<(), StoreError> {
        self.check_usable().await?;
        self.check_writable().await
    }
}

/// A migration of this build.
struct Known {
    version: String,
    name: String,
}

type Texts = &'static [(&'static str, &'static str)];

/// The migrations of this build for an engine, in their order, and what they run.
fn known(db: &Db) -> Result<(Vec<Known>, Texts), DbError> {
    match db {
        #[cfg(feature = "postgres")]
        Db::Postgres(_) => Ok((in_order::<diesel::pg::Pg>(&ON_POSTGRES)?, POSTGRES_TEXTS)),
        #[cfg(feature = "sqlite")]
        Db::Sqlite { .. } => Ok((in_order::<diesel::sqlite::Sqlite>(&ON_SQLITE)?, SQLITE_TEXTS)),
    }
}

fn in_order<DB: Backend>(migrations: &EmbeddedMigrations) -> Result<Vec<Known>, DbError> {
    let migrations: Vec<Box<dyn Migration<DB>>> = migrations.migrations().map_err(StoreError::Backend)?;
    let named = migrations.iter().map(Migration::name);
    let mut known: Vec<_> =
        named.map(|name| Known { version: name.version().to_string(), name: name.to_string() }).collect();
    known.sort_by(|one, other| one.version.cmp(&other.version));
    Ok(known)
}

fn text_of(name: &str, texts: Texts) -> Result<&'static str, DbError> {
    let found = texts.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    found.ok_or_else(|| StoreError::Backend(format!("the migration {name} has no text").into()).into())
}

/// Which server of PostgreSQL is asked.
#[derive(Clone, Copy)]
enum Server {
    /// Whichever answers, which may be a standby.
    Any,
    /// The one that requests are answered from.
    Writable,
}

/// What the database has of the schema.
struct Found {
    /// The versions of the migrations that were applied.
    applied: Vec<String>,
    /// What is left to do beside the migrations that are missing.
    late: Vec<PendingMigration>,
    /// Indexes that are missing or not whole.
    missing: Vec<&'static str>,
}

async fn found(db: &Db, server: Server) -> Result<Found, DbError> {
    match (db, server) {
        #[cfg(feature = "postgres")]
        (Db::Postgres(pools), Server::Any) => found_on_any(pools).await,
        #[cfg(feature = "postgres")]
        (Db::Postgres(pools), Server::Writable) => found_on_postgres(&mut *pools.get().await?).await,
        #[cfg(feature = "sqlite")]
        (Db::Sqlite { read, .. }, Server::Any | Server::Writable) => {
            let c = &mut *read.get().await?;
            let table = "EXISTS (SELECT 1 FROM sqlite_master WHERE name = '__diesel_schema_migrations')";
            let is_recorded = diesel::select(sql::<Bool>(table)).one(c).await?;
            let applied = if is_recorded { recorded().load(c).await? } else { Vec::new() };
            Ok(Found { applied, late: Vec::new(), missing: Vec::new() })
        }
    }
}

#[cfg(feature = "postgres")]
async fn found_on_any(pools: &crate::postgres::Pools) -> Result<Found, DbError> {
    // Where no server takes writes, what a pooler does is not known, and not asked for.
    match pools.pooler.check().await {
        Err(DbError::Store(error @ StoreError::Backend(_))) => Err(error.into()),
        _ => found_on_postgres(&mut pools.maintenance.any().await?).await,
    }
}

#[cfg(feature = "postgres")]
async fn found_on_postgres(connection: &mut crate::db::PgConn) -> Result<Found, DbError> {
    use crate::postgres::late_steps;

    let table = "to_regclass('__diesel_schema_migrations') IS NOT NULL";
    let is_recorded = diesel::select(sql::<Bool>(table)).one(connection).await?;
    let applied = if is_recorded { recorded().load(connection).await? } else { Vec::new() };
    let late = late_steps::pending(connection).await?;
    let late = late.into_iter().map(|step| PendingMigration { name: step.name(), sql: step.sql }).collect();
    Ok(Found { applied, late, missing: late_steps::missing(connection).await? })
}

#[diesel::dsl::auto_type(no_type_alias)]
fn recorded() -> _ {
    __diesel_schema_migrations::table
        .order(__diesel_schema_migrations::version)
        .select(__diesel_schema_migrations::version)
}

async fn compare(db: &Db, server: Server) -> Result<(), DbError> {
    let (known, _) = known(db)?;
    let known: Vec<String> = known.into_iter().map(|migration| migration.version).collect();
    let Found { applied, missing, .. } = found(db, server).await?;
    let missing_from = |these: &[String], those: &[String]| {
        those.iter().filter(|version| !these.contains(version)).cloned().collect::<Vec<_>>().join(", ")
    };
    let unknown = missing_from(&known, &applied);
    if !unknown.is_empty() {
        let what = format!("the schema is newer than this build (migrations {unknown}): run a newer build");
        return Err(StoreError::inconsistent(what).into());
    }
    let pending = missing_from(&applied, &known);
    if !pending.is_empty() {
        let what = format!("the schema is older than this build (migrations {pending}): run `muster migrate`");
        return Err(StoreError::inconsistent(what).into());
    }
    if !missing.is_empty() {
        let missing = missing.join(", ");
        let what =
            format!("the schema lacks indexes that are not built to their end ({missing}): run `muster migrate`");
        return Err(StoreError::inconsistent(what).into());
    }
    Ok(())
}
