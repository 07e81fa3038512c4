use std::sync::Arc;

use muster_crypto::{Keyring, Pepper, SystemEntropy};
use muster_domain::StoreError;
use muster_domain::audit::Origin;
use muster_domain::directory::{DirectoryService, EngagedBrake};
use serde_json::{Value, json};

use crate::command_line::DirectoryCommand;
use crate::config::Config;
use crate::output::{at, say, say_json};
use crate::store::{self, OpenStoreError};
use crate::wiring;

/// Why nothing was learnt of a brake, or none was released.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DirectoryError {
    /// The store cannot be used.
    #[error("cannot look after the directory")]
    Open(#[from] OpenStoreError),
    /// There is nothing to release.
    #[error("no brake is engaged")]
    NoneEngaged,
    /// There is nothing to release for that client.
    #[error("no brake is engaged for {0}: muster directory status")]
    NotEngaged(String),
    /// The store failed.
    #[error("cannot look after the directory")]
    Store(#[from] StoreError),
}

/// Tells which brakes on deactivations are engaged, or releases them.
///
/// # Errors
/// When there is nothing to release, or the store fails.
pub(crate) async fn run(config: &Config, command: DirectoryCommand) -> Result<(), DirectoryError> {
    let store = store::open_existing(config).await?;
    // No contact is fingerprinted here, so any pepper does: a release in an emergency needs no secret but the store's.
    let keyring = Arc::new(Keyring::new(&Pepper::generate(&SystemEntropy)));
    let directory = wiring::directory(&store, keyring, config.brake);
    match command {
        DirectoryCommand::Status { json: true } => {
            let engaged = directory.engaged_brakes().await?;
            say_json(&json!({ "items": engaged.iter().map(document).collect::<Vec<_>>() }));
        }
        DirectoryCommand::Status { json: false } => status(&directory).await?.iter().for_each(say),
        DirectoryCommand::Release { client } => release(&directory, client.as_deref()).await?.iter().for_each(say),
    }
    Ok(())
}

async fn status(directory: &DirectoryService) -> Result<Vec<String>, DirectoryError> {
    let engaged = directory.engaged_brakes().await?;
    if engaged.is_empty() {
        return Ok(vec!["no brake is engaged".to_owned()]);
    }
    let line = |brake: EngagedBrake| {
        format!("{}: engaged since {}, people refused: {}", brake.client, at(brake.since), brake.refused)
    };
    Ok(engaged.into_iter().map(line).collect())
}

fn document(brake: &EngagedBrake) -> Value {
    json!({ "client": brake.client, "since": at(brake.since), "refused": brake.refused })
}

async fn release(directory: &DirectoryService, client: Option<&str>) -> Result<Vec<String>, DirectoryError> {
    let clients = match client {
        Some(client) => vec![client.to_owned()],
        None => directory.engaged_brakes().await?.into_iter().map(|brake| brake.client).collect(),
    };
    let mut released = Vec::new();
    for client in clients {
        if directory.release_brake(&client, &Origin::system("directory release")).await? {
            released.push(format!("{client}: released; the directory's next deactivations are counted anew"));
        }
    }
    if !released.is_empty() {
        return Ok(released);
    }
    Err(client.map_or(DirectoryError::NoneEngaged, |name| DirectoryError::NotEngaged(name.escape_debug().to_string())))
}

#[cfg(test)]
mod tests;
