use std::io;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::data_dir::DataDirError;
use crate::import::{self, FileError, ImportError, Summary};
use crate::output::{progress, say};
use crate::store::{self, OpenStoreError};
use crate::wiring;

/// Why nothing, or not everything, was imported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportCommandError {
    /// The file cannot be read.
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// The file as a whole is at fault.
    #[error("cannot import {}", .0.display())]
    File(PathBuf, #[source] FileError),
    /// The pepper cannot be had.
    #[error("cannot fingerprint contacts")]
    Pepper(#[from] DataDirError),
    /// The store cannot be used.
    #[error("cannot import")]
    Store(#[from] OpenStoreError),
    /// The store failed half-way.
    #[error(transparent)]
    Import(#[from] ImportError),
}

/// Imports a file, printing what became of each record and at the end how many of each there were, as lines for people or
/// as a JSON object a line.
///
/// # Errors
/// When the file as a whole cannot be read, or the store fails. Refused records are no error: the summary counts them.
pub(crate) async fn run(config: &Config, path: &Path, json: bool) -> Result<Summary, ImportCommandError> {
    let bytes = std::fs::read(path).map_err(|error| ImportCommandError::Read(path.to_owned(), error))?;
    let roster = import::parse(&bytes).map_err(|error| ImportCommandError::File(path.to_owned(), error))?;
    let keyring = super::keyring(config)?;
    let store = store::open(config).await?;
    let directory = wiring::directory(&store, keyring, config.brake);
    let bar = progress(Some(roster.records.len() as u64), "records");
    let report = |entry: &import::Entry| {
        let lines: Vec<String> =
            if json { entry.document().iter().map(ToString::to_string).collect() } else { entry.lines() };
        if !lines.is_empty() {
            bar.suspend(|| lines.into_iter().for_each(say));
        }
        bar.inc(1);
    };
    let summary = import::run(&roster, &directory, config.default_phone_region, report).await?;
    bar.finish_and_clear();
    if json {
        say(summary.document(roster.records.len(), roster.total).to_string());
        return Ok(summary);
    }
    if let Some(total) = roster.total {
        say(format!("note: the file says that it holds {} of {total} people", roster.records.len()));
    }
    say(summary.to_string());
    Ok(summary)
}
