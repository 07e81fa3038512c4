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
use crate::db::{Db, with_conn};
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
const POSTGRES_TEXTS: &[(&str, &str)] = texts!("postgres": "0001_initial", "0002_send_limits", "0003_api_keys", "0004_directory", "0005_operations", "0006_lists", "0007_sessions", "0008_identities", "0009_session_limits", "0010_password_tags", "0011_key_ids");
#[cfg(feature = "sqlite")]
const SQLITE_TEXTS: &[(&str, &str)] = texts!("sqlite": "0001_initial", "0002_send_limits", "0003_api_keys", "0004_directory", "0005_operations", "0006_lists", "0007_sessions", "0008_identities", "0009_session_limits", "0010_password_tags", "0011_key_ids");

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
    /// What [`Store::migrate`] would apply now, in that order. It changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached.
    pub async fn pending_migrations(&self) -> Result<Vec<PendingMigration>, StoreError> {
        self.reading(|db| async move {
            let (known, texts) = known(&db)?;
            let applied = applied(&db).await?;
            let pending = known.into_iter().filter(|migration| !applied.contains(&migration.version));
            pending.map(|Known { name, .. }| Ok(PendingMigration { sql: text_of(&name, texts)?, name })).collect()
        })
        .await
    }

    /// Applies the migrations that are missing, all or none, and returns their names. Of several that do it at once,
    /// one does it and the others wait.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Backend`] when a migration fails or
    /// the database is behind a pooler that loses prepared statements.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        self.detached(|db| async move {
            match db {
                #[cfg(feature = "postgres")]
                Db::Postgres(pool) => {
                    pool.pooler.check().await?;
                    let connection = deadpool::managed::Object::take(pool.get().await?);
                    let mut connection = BlockingPg::from(connection);
                    let applied = tokio::task::spawn_blocking(move || migrate_postgres(&mut connection)).await;
                    Ok(applied.map_err(|panicked| StoreError::Backend(Box::new(panicked)))??)
                }
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

#[cfg(feature = "postgres")]
type BlockingPg = diesel_async::async_connection_wrapper::AsyncConnectionWrapper<crate::db::PgConn>;

#[cfg(feature = "postgres")]
fn migrate_postgres(connection: &mut BlockingPg) -> Result<Vec<String>, MigrateError> {
    use diesel::connection::SimpleConnection;

    // Makes diesel's table when there is none. Of two that make it at once PostgreSQL refuses one, `IF NOT EXISTS` or not,
    // when the other is done: then it is there.
    if connection.applied_migrations().is_err() {
        connection.applied_migrations()?;
    }
    connection.transaction(|c| {
        // A migration may take longer than any request.
        c.batch_execute("SET LOCAL statement_timeout = 0")?;
        c.batch_execute("LOCK TABLE __diesel_schema_migrations IN SHARE ROW EXCLUSIVE MODE")?;
        apply_pending(c, ON_POSTGRES)
    })
}

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
        self.reading(|db| async move {
            match &db {
                #[cfg(feature = "postgres")]
                Db::Postgres(pool) => pool.pooler.check().await?,
                #[cfg(feature = "sqlite")]
                Db::Sqlite { .. } => {}
            }
            let (known, _) = known(&db)?;
            let known: Vec<String> = known.into_iter().map(|migration| migration.version).collect();
            compare(&known, &applied(&db).await?)
        })
        .await
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

async fn applied(db: &Db) -> Result<Vec<String>, DbError> {
    let is_recorded: bool = with_conn!(
        db,
        pg | c | diesel::select(sql::<Bool>("to_regclass('__diesel_schema_migrations') IS NOT NULL")).one(c).await?,
        sqlite | c | {
            let table = "EXISTS (SELECT 1 FROM sqlite_master WHERE name = '__diesel_schema_migrations')";
            diesel::select(sql::<Bool>(table)).one(c).await?
        }
    );
    if !is_recorded {
        return Ok(Vec::new());
    }
    let recorded = __diesel_schema_migrations::table
        .order(__diesel_schema_migrations::version)
        .select(__diesel_schema_migrations::version);
    Ok(with_conn!(db, |c| recorded.load(c).await?))
}

fn compare(known: &[String], applied: &[String]) -> Result<(), DbError> {
    let missing_from = |these: &[String], those: &[String]| {
        those.iter().filter(|version| !these.contains(version)).cloned().collect::<Vec<_>>().join(", ")
    };
    let unknown = missing_from(known, applied);
    if !unknown.is_empty() {
        let what = format!("the schema is newer than this build (migrations {unknown}): run a newer build");
        return Err(StoreError::inconsistent(what).into());
    }
    let pending = missing_from(applied, known);
    if !pending.is_empty() {
        let what = format!("the schema is older than this build (migrations {pending}): run `muster migrate`");
        return Err(StoreError::inconsistent(what).into());
    }
    Ok(())
}
