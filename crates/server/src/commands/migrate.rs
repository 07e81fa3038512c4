use crate::config::Config;
use crate::output::say;
use crate::store::{OpenStoreError, connect};

/// Brings the store's schema up to date and prints which migrations that took.
///
/// # Errors
/// When the store cannot be opened or a migration fails.
pub(crate) async fn run(config: &Config) -> Result<(), OpenStoreError> {
    let applied = connect(config)?.migrate().await.map_err(OpenStoreError::Migrate)?;
    for migration in &applied {
        say(format!("applied {migration}"));
    }
    if applied.is_empty() {
        say("the schema is current");
    }
    Ok(())
}
