use muster_domain::StoreError;
use serde_json::json;

use crate::config::Config;
use crate::output::{say, say_json};
use crate::store::{OpenStoreError, connect, migrate};

/// Brings the store's schema up to date and prints which migrations that took.
///
/// # Errors
/// When the store cannot be opened, a migration fails, or a newer build made the schema.
pub(crate) async fn run(config: &Config) -> Result<(), OpenStoreError> {
    let applied = migrate(&connect(config)?).await?;
    for migration in &applied {
        say(format!("applied {migration}"));
    }
    if applied.is_empty() {
        say("the schema is current");
    }
    Ok(())
}

/// Prints which migrations are pending, or that a newer build made the schema, and answers whether it is current.
///
/// # Errors
/// When the store cannot be opened or does not answer.
pub(crate) async fn check(config: &Config, json: bool) -> Result<bool, OpenStoreError> {
    let store = connect(config)?;
    let pending = store.pending_migrations().await.map_err(OpenStoreError::NotReady)?;
    let pending: Vec<String> = pending.into_iter().map(|migration| migration.name).collect();
    let (current, detail) = match store.check_schema().await {
        Ok(()) => (true, "the schema is current".to_owned()),
        Err(StoreError::Inconsistent { what }) => (false, what),
        Err(error) => return Err(OpenStoreError::NotReady(error)),
    };
    if json {
        say_json(&json!({ "current": current, "pending": pending, "detail": detail }));
    } else {
        for name in &pending {
            say(format!("pending {name}"));
        }
        say(detail);
    }
    Ok(current)
}

/// Prints what [`run`] would run, as SQL.
///
/// # Errors
/// When the store cannot be opened or does not answer.
pub(crate) async fn dry_run(config: &Config) -> Result<(), OpenStoreError> {
    let pending = connect(config)?.pending_migrations().await.map_err(OpenStoreError::NotReady)?;
    for migration in &pending {
        say(format!("-- {}\n{}", migration.name, migration.sql.trim_end()));
    }
    if pending.is_empty() {
        say("-- the schema is current");
    }
    Ok(())
}
