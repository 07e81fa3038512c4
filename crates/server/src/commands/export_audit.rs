use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indicatif::ProgressBar;
use muster_domain::audit::{AuditKey, AuditQuery, AuditReader};
use muster_domain::page::{Limit, Page};
use muster_domain::{StoreError, UserId};
use muster_http::AuditEventView;
use muster_persistence::Store;
use tempfile::NamedTempFile;

use super::{FindPersonError, person};
use crate::command_line::AuditFilters;
use crate::config::Config;
use crate::output;
use crate::store::{self, OpenStoreError};
use crate::wiring;

/// Why not everything was exported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportAuditError {
    /// The store cannot be used.
    #[error("cannot export")]
    Open(#[from] OpenStoreError),
    /// Who is meant?
    #[error(transparent)]
    Find(#[from] FindPersonError),
    /// The store failed.
    #[error("the export broke off")]
    Store(#[from] StoreError),
    /// A record could not be written down.
    #[error("the export broke off")]
    Json(#[from] serde_json::Error),
    /// The file was not written.
    #[error("cannot write {}", .0.display())]
    Write(PathBuf, #[source] io::Error),
}

/// Writes every record that matches, newest first, one JSON object a line; memory holds a page at a time. A file appears
/// once it is whole.
///
/// # Errors
/// When the store fails, or the file cannot be written.
pub(crate) async fn run(config: &Config, filters: AuditFilters, path: Option<&Path>) -> Result<(), ExportAuditError> {
    let store = store::open_existing(config).await?;
    let subject = match &filters.user {
        Some(login) => Some(subject(&store, login).await?),
        None => None,
    };
    let AuditFilters { since, until, action, .. } = filters;
    let query = AuditQuery { subject, action, from: since, to: until, limit: Limit::LARGEST, ..AuditQuery::default() };
    let Some(path) = path else {
        return write(&*store, query, !output::is_watched(), |text| {
            output::print(text);
            Ok(output::broken().is_none())
        })
        .await;
    };
    let cannot = |error| ExportAuditError::Write(path.to_owned(), error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Made with mode 0600, as every temporary file is, and removed when the export breaks off.
    let mut file = NamedTempFile::new_in(folder).map_err(cannot)?;
    write(&*store, query, true, |text| file.write_all(text).map(|()| true).map_err(cannot)).await?;
    file.as_file().sync_all().map_err(cannot)?;
    file.persist(path).map(drop).map_err(|error| cannot(error.error))
}

async fn subject(store: &Arc<Store>, login: &str) -> Result<UserId, FindPersonError> {
    match login.parse() {
        // Also of somebody whom the directory removed, and who has no name any more.
        Ok(id) => Ok(id),
        Err(_) => Ok(person(&wiring::users(store), login).await?.id),
    }
}

/// Hands on the records page by page until `take` wants no more.
async fn write(
    audit: &dyn AuditReader,
    mut query: AuditQuery,
    shows_progress: bool,
    mut take: impl FnMut(&[u8]) -> Result<bool, ExportAuditError>,
) -> Result<(), ExportAuditError> {
    let bar = if shows_progress { output::progress(None, "records") } else { ProgressBar::hidden() };
    loop {
        let page = Page::from_one_more(audit.list(&query).await?, query.limit, AuditKey::of);
        let mut text = Vec::new();
        let records = page.items.len() as u64;
        for event in page.items {
            serde_json::to_writer(&mut text, &AuditEventView::from(event))?;
            text.push(b'\n');
        }
        let wants_more = take(&text)?;
        bar.inc(records);
        let Some(next) = page.next.filter(|_| wants_more) else { break };
        query.after = Some(next);
    }
    bar.finish_and_clear();
    Ok(())
}
