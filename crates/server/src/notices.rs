use std::time::Duration;

use muster_domain::notice::NoticeService;
use muster_domain::with_causes;

/// How often it is looked whether notices are due.
const EVERY: Duration = Duration::from_secs(2);
/// How long the store is left alone after it failed.
const AFTER_FAILURE: Duration = Duration::from_secs(15);

/// Sends notices as they fall due, for as long as the server runs. Any number of servers may do this over one store.
pub(crate) async fn deliver(notices: NoticeService) {
    loop {
        match notices.deliver_due().await {
            Ok(0) => tokio::time::sleep(EVERY).await,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(cause = with_causes(&error), "notices wait, because the store failed");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}
