use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use muster_crypto::{InvalidPepper, Pepper};
use muster_domain::key_rotation::{KeyRotationService, KeyUse, KeyedRows, Moved};
use muster_domain::{KeyStanding, StoreError};
use muster_notify::Finding;
use serde_json::{Map, Value, json};

use crate::command_line::PepperCommand;
use crate::config::{Config, read_secret_file};
use crate::data_dir::DataDirError;
use crate::output::{say, say_json};
use crate::store::{self, OpenStoreError};
use crate::wiring;

/// Why nothing, or not everything, was moved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PepperError {
    /// The pepper cannot be had.
    #[error("cannot look at fingerprints")]
    Pepper(#[from] DataDirError),
    /// An older pepper cannot be read.
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// An older pepper is none.
    #[error("the pepper in {} is none", .0.display())]
    OldPepper(PathBuf, #[source] InvalidPepper),
    /// The store cannot be used.
    #[error("cannot look at fingerprints")]
    Open(#[from] OpenStoreError),
    /// The store failed half-way.
    #[error("cannot look at fingerprints")]
    Store(#[from] StoreError),
}

/// Says which peppers the store's rows were hashed with, or moves them to the present one as servers do.
///
/// # Errors
/// When a pepper cannot be read, or the store fails.
pub(crate) async fn run(config: &Config, command: PepperCommand) -> Result<(), PepperError> {
    match command {
        PepperCommand::Status { json } => {
            let store = store::open_existing(config).await?;
            let service = wiring::key_rotation(&store, super::keyring(config)?);
            tell(&service, None, json).await
        }
        PepperCommand::Move { old_pepper_file, unverified, json } => {
            let older = old_pepper_file.iter().map(|path| older(path)).collect::<Result<Vec<_>, _>>()?;
            let store = store::open_existing(config).await?;
            let service = wiring::key_rotation(&store, Arc::new(super::keyring_and(config, older)?));
            let moved = service.move_all(unverified).await?;
            tell(&service, Some(moved), json).await
        }
    }
}

/// Reads a pepper of before.
fn older(path: &Path) -> Result<Pepper, PepperError> {
    let text = read_secret_file(path).map_err(|error| PepperError::Read(path.to_owned(), error))?;
    Pepper::from_base64(&text).map_err(|error| PepperError::OldPepper(path.to_owned(), error))
}

async fn tell(service: &KeyRotationService, moved: Option<Moved>, json: bool) -> Result<(), PepperError> {
    let usage = service.count().await?;
    let current = service.fingerprinter.keys().current;
    if json {
        let moved = moved.map(|moved| {
            json!({
                "fingerprints": moved.fingerprints,
                "refreshTokens": moved.refresh_tokens,
                "unrecognized": moved.unrecognized,
            })
        });
        let mut rows = Map::new();
        for ((kind, standing), count) in &usage.counts {
            let of_kind = rows.entry(kind.as_str()).or_insert_with(|| json!({}));
            of_kind[standing.as_str()] = json!(count);
        }
        let unknown: Vec<String> = usage.unknown.iter().map(ToString::to_string).collect();
        let pepper = current.to_string();
        say_json(&json!({ "pepper": pepper, "moved": moved, "rows": Value::Object(rows), "unknownPeppers": unknown }));
        return Ok(());
    }
    say(format!("pepper  {current}"));
    if let Some(Moved { fingerprints, refresh_tokens, unrecognized }) = moved {
        say(format!("moved   {fingerprints} fingerprints; keys of {refresh_tokens} refresh tokens recorded"));
        if unrecognized > 0 {
            say(format!("left    {unrecognized} fingerprints, which none of the given peppers made"));
        }
    }
    for ((kind, standing), count) in &usage.counts {
        say(format!("rows    {count} {} under {}", kind.as_str(), words(*standing)));
    }
    Ok(())
}

fn words(standing: KeyStanding) -> &'static str {
    match standing {
        KeyStanding::Current => "the present pepper",
        KeyStanding::Next => "the next pepper",
        KeyStanding::Previous => "a previous pepper",
        KeyStanding::Unknown => "a pepper that is not configured",
        KeyStanding::Unrecorded => "a pepper that is not recorded",
    }
}

/// What has to be moved before a pepper is removed. Refresh tokens need not be: they stay good without it.
pub(crate) const MOVED: [KeyedRows; 3] = [KeyedRows::Emails, KeyedRows::Phones, KeyedRows::Devices];
const ENDING: [KeyedRows; 1] = [KeyedRows::Codes];

/// Whether the peppers that are configured are those that the store needs.
pub(crate) fn findings(service: &KeyRotationService, usage: &KeyUse) -> Vec<Finding> {
    let keys = service.fingerprinter.keys();
    let mut findings = Vec::new();
    let unknown = usage.of(KeyStanding::Unknown, &MOVED);
    if unknown > 0 {
        findings.push(Finding::bad("pepper", unknown_peppers(usage, unknown)));
    }
    let unrecorded = usage.of(KeyStanding::Unrecorded, &MOVED);
    if unrecorded > 0 {
        let detail = format!(
            "is not recorded of {unrecorded} contacts and devices: servers do that within minutes of their start; begin no \
             rotation before"
        );
        findings.push(Finding::warning("pepper", detail));
    }
    let previous = usage.of(KeyStanding::Previous, &MOVED) + usage.of(KeyStanding::Previous, &ENDING);
    if previous > 0 {
        let detail = format!(
            "before still has {previous} contacts, devices and codes: servers move them within minutes, and codes end within \
             15; keep MUSTER_PEPPER_PREVIOUS until then"
        );
        findings.push(Finding::warning("pepper", detail));
    } else if !keys.previous.is_empty() {
        let detail = "before has no contact, device or code any more: MUSTER_PEPPER_PREVIOUS can be removed from all servers, \
                      15 minutes after the last of them was restarted with it";
        findings.push(Finding::good("pepper", detail));
    }
    if findings.is_empty() {
        findings.push(Finding::good("pepper", format!("{} has every contact and device", keys.current)));
    }
    findings
}

/// What to do about rows that were hashed with a pepper that is not configured.
pub(crate) fn unknown_peppers(usage: &KeyUse, rows: u64) -> String {
    let ids: Vec<String> = usage.unknown.iter().map(ToString::to_string).collect();
    format!(
        "is missing that {rows} contacts and devices were hashed with ({}): what is proven of them stays proven; give it as \
         MUSTER_PEPPER_PREVIOUS until they are moved, or move them with muster pepper move",
        ids.join(", ")
    )
}
