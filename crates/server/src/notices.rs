use std::sync::Arc;
use std::time::Duration;

use muster_domain::notice::NoticeService;
use muster_domain::with_causes;

/// How often it is looked whether notices are due.
const EVERY: Duration = Duration::from_secs(2);
/// How long notices are left alone after something failed.
const AFTER_FAILURE: Duration = Duration::from_secs(15);

/// Sends notices as they fall due, for as long as the server runs. Any number of servers may do this over one store.
pub(crate) async fn deliver(notices: NoticeService) {
    let notices = Arc::new(notices);
    loop {
        let batch = notices.clone();
        // In a task of its own: a panic ends one batch, and not all that come after it.
        match tokio::spawn(async move { batch.deliver_due().await }).await {
            Ok(Ok(0)) => tokio::time::sleep(EVERY).await,
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::warn!(cause = with_causes(&error), "notices wait, because the store failed");
                metrics::counter!("muster_notice_batches_failed_total").increment(1);
                tokio::time::sleep(AFTER_FAILURE).await;
            }
            Err(panicked) => {
                tracing::error!(cause = with_causes(&panicked), "notices wait, because sending them failed");
                metrics::counter!("muster_notice_batches_failed_total").increment(1);
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}
