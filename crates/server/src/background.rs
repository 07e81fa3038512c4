//! What a server does beside answering requests, for as long as it runs. Any number of servers may do all of it over one
//! store, and one that ends in the middle of it loses nothing.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use muster_domain::audit::chain::ChainError;
use muster_domain::audit::{AuditChainService, Origin};
use muster_domain::housekeeping::HousekeepingService;
use muster_domain::key_rotation::{KeyRotationService, KeyUse, KeyedRows};
use muster_domain::notice::NoticeService;
use muster_domain::{KeyStanding, StoreError, with_causes};

use crate::commands::pepper;

/// How often it is looked whether notices are due.
const NOTICES_EVERY: Duration = Duration::from_secs(2);
/// How often it is looked whether audit records wait for their seals.
const SEALS_EVERY: Duration = Duration::from_secs(2);
/// How long housekeeping rests once nothing is left to remove.
const HOUSEKEEPING_EVERY: Duration = Duration::from_hours(1);
/// How often it is counted what housekeeping has still to remove.
const BACKLOG_EVERY: Duration = Duration::from_mins(5);
/// How often it is looked whether a previous pepper has something left. After a switch all is moved at the start of the first
/// server that has the new one; what older servers wrote since is moved at the next turn.
const KEYS_EVERY: Duration = Duration::from_mins(5);
/// How long a server that was just started leaves that to others.
const FIRST_HOUSEKEEPING: Duration = Duration::from_mins(1);
/// How long work is left alone after it failed.
const AFTER_FAILURE: Duration = Duration::from_secs(15);

/// Sends notices as they fall due.
pub(crate) async fn deliver_notices(notices: NoticeService) {
    let notices = Arc::new(notices);
    repeat("sending notices", NOTICES_EVERY, || {
        let notices = notices.clone();
        async move { notices.deliver_due().await.map(|sent| sent > 0) }
    })
    .await;
}

/// Seals audit records soon after they are written.
pub(crate) async fn seal_audit(chain: Arc<AuditChainService>) {
    repeat("sealing audit records", SEALS_EVERY, || {
        let chain = chain.clone();
        async move {
            let sealed = chain.seal_next().await?;
            metrics::gauge!("muster_audit_seal_lag_seconds").set(sealed.lag.as_seconds_f64());
            Ok::<_, ChainError>(sealed.more)
        }
    })
    .await;
}

/// Removes what has served its time, and audit records that are older than `retention`: batch after batch, with rests
/// between them, until nothing is left.
pub(crate) async fn keep_house(
    housekeeping: HousekeepingService,
    chain: Arc<AuditChainService>,
    retention: Option<time::Duration>,
) {
    tokio::time::sleep(FIRST_HOUSEKEEPING).await;
    let housekeeping = Arc::new(housekeeping);
    repeat("housekeeping", HOUSEKEEPING_EVERY, || {
        let (housekeeping, chain) = (housekeeping.clone(), chain.clone());
        async move {
            let mut sweep = housekeeping.begin();
            loop {
                let began = Instant::now();
                let Some(batch) = housekeeping.next_batch(&mut sweep, &Origin::system("housekeeping")).await? else {
                    break;
                };
                metrics::counter!("muster_housekeeping_removed_total", "what" => batch.what).increment(batch.removed);
                tokio::time::sleep(HousekeepingService::rest_after(began.elapsed())).await;
            }
            if let Some(retention) = retention {
                let before = chain.clock.now() - retention;
                loop {
                    let began = Instant::now();
                    let forgotten = chain.forget_next(before, &Origin::system("retention")).await?;
                    metrics::counter!("muster_housekeeping_removed_total", "what" => "audit_records")
                        .increment(forgotten.records);
                    if !forgotten.more {
                        break;
                    }
                    tokio::time::sleep(HousekeepingService::rest_after(began.elapsed())).await;
                }
            }
            Ok::<_, ChainError>(false)
        }
    })
    .await;
}

/// Counts what housekeeping has still to remove.
pub(crate) async fn measure_backlog(housekeeping: HousekeepingService) {
    let housekeeping = Arc::new(housekeeping);
    repeat("counting the backlog", BACKLOG_EVERY, || {
        let housekeeping = housekeeping.clone();
        async move {
            for (what, rows) in housekeeping.backlog().await? {
                #[expect(clippy::cast_precision_loss, reason = "a count of rows, far fewer than 2^53")]
                metrics::gauge!("muster_housekeeping_backlog", "what" => what.as_str()).set(rows as f64);
            }
            Ok::<_, StoreError>(false)
        }
    })
    .await;
}

/// Moves what previous peppers hashed to the present one, sets the ends of the audit trail's chain anew, and counts what is
/// left of each pepper.
pub(crate) async fn rotate_keys(rotation: KeyRotationService, chain: Arc<AuditChainService>) {
    let rotation = Arc::new(rotation);
    let told = Arc::new(AtomicBool::new(false));
    repeat("moving fingerprints", KEYS_EVERY, || {
        let (rotation, chain, told) = (rotation.clone(), chain.clone(), told.clone());
        async move {
            let moved = rotation.move_all(false).await?;
            chain.renew_ends(&Origin::system("key rotation")).await?;
            let usage = rotation.count().await?;
            for ((kind, standing), rows) in every_count(&usage) {
                // Far fewer than 2^53.
                #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
                metrics::gauge!("muster_pepper_rows", "rows" => kind.as_str(), "pepper" => standing.as_str())
                    .set(rows as f64);
            }
            if moved.fingerprints > 0 {
                tracing::info!(fingerprints = moved.fingerprints, "moved to the present pepper, or its id recorded");
            }
            let unknown = usage.of(KeyStanding::Unknown, &pepper::MOVED);
            // Once, and not at every turn.
            if (unknown > 0 || moved.unrecognized > 0) && !told.swap(true, Ordering::Relaxed) {
                let what = pepper::unknown_peppers(&usage, unknown.max(moved.unrecognized));
                tracing::warn!("a pepper {what}");
            }
            Ok::<_, ChainError>(false)
        }
    })
    .await;
}

/// Every count that there may be, so that one that came to nothing is told too.
fn every_count(usage: &KeyUse) -> impl Iterator<Item = ((KeyedRows, KeyStanding), u64)> {
    use KeyStanding::{Current, Next, Previous, Unknown, Unrecorded};
    use KeyedRows::{Codes, Devices, Emails, Phones, RefreshTokens};
    let kinds = [Emails, Phones, Devices, Codes, RefreshTokens];
    let each = kinds
        .into_iter()
        .flat_map(|kind| [Current, Next, Previous, Unknown, Unrecorded].map(|standing| (kind, standing)));
    each.map(move |of| (of, usage.counts.get(&of).copied().unwrap_or_default()))
}

/// Does some work again and again: at once while it says that there is more, else after a while.
async fn repeat<Work, E>(what: &'static str, every: Duration, work: impl Fn() -> Work)
where
    Work: Future<Output = Result<bool, E>> + Send + 'static,
    E: Error + Send + 'static,
{
    loop {
        // In a task of its own: a panic ends one turn, and not all that come after it.
        match tokio::spawn(work()).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => tokio::time::sleep(every).await,
            Ok(Err(error)) => {
                failed(what);
                tracing::warn!(work = what, cause = with_causes(&error), "work waits, because it failed");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
            Err(panicked) => {
                failed(what);
                tracing::error!(work = what, cause = with_causes(&panicked), "work waits, because it panicked");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}

fn failed(what: &'static str) {
    metrics::counter!("muster_work_failures_total", "work" => what).increment(1);
}
