//! What a code finds of a quota's count when it had to wait for another code, step by step.

use std::ops::Deref;

use muster_domain::verification::{Challenge, Method, OpenOutcome, Quota, QuotaScope, QuotaWindow, VerificationStore};
use time::Duration;

use super::behind::Stage;

/// One code and no more is allowed in an hour.
struct Case(Stage);

impl Deref for Case {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.0
    }
}

impl Case {
    async fn new() -> Self {
        Self(Stage::new().await)
    }

    fn challenge(&self) -> Challenge {
        self.make.challenge(self.ada.id, Method::Email, self.ada.email_fingerprint.unwrap())
    }

    /// What comes of a code that waits for the count which another writes before these statements.
    async fn open_behind(&self, began_at: &str, statement: &str) -> OpenOutcome {
        let first = format!("BEGIN; INSERT INTO send_counts VALUES ('installation', '', 'hour', '{began_at}', 1)");
        self.other.batch_execute(&first).await.unwrap();
        let (store, challenge) = (self.store.clone(), self.challenge());
        let event = self.make.event("test.opened", Some(self.ada.id));
        let quota = |scope, max| Quota { scope, window: QuotaWindow::Hour, max };
        let quotas = [quota(QuotaScope::User(self.ada.id), 9), quota(QuotaScope::Installation, 1)];
        let opening = tokio::spawn(async move { store.open_challenge(&challenge, &quotas, &event).await.unwrap() });
        self.somebody_waits().await;
        self.other.batch_execute(statement).await.unwrap();
        opening.await.unwrap()
    }

    /// The counts as `scope used`.
    async fn counts(&self) -> Vec<String> {
        let counts = "SELECT scope || ' ' || used FROM send_counts ORDER BY scope";
        self.onlooker.query(counts, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// The time of which a window that is running began.
    fn running(&self) -> String {
        (self.make.now() - Duration::MINUTE).to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_over_quota_behind_one_that_used_it_up_and_leaves_nothing() {
    let case = Case::new().await;
    let outcome = case.open_behind(&case.running(), "COMMIT").await;
    let until = case.make.now() + Duration::minutes(59);
    assert_eq!(outcome, OpenOutcome::OverQuota { scope: QuotaScope::Installation, until });
    assert_eq!(case.counts().await, ["installation 1"], "the count of the person was taken back");
    assert_eq!(case.store.find_challenge(case.ada.id, Method::Email).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_sent_behind_one_that_was_taken_back() {
    let case = Case::new().await;
    assert_eq!(case.open_behind(&case.running(), "ROLLBACK").await, OpenOutcome::Opened);
    assert_eq!(case.counts().await, ["installation 1", "user 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_begins_a_window_again_behind_one_that_ended() {
    let case = Case::new().await;
    let ended = (case.make.now() - Duration::HOUR).to_string();
    assert_eq!(case.open_behind(&ended, "COMMIT").await, OpenOutcome::Opened);
    let again = format!("SELECT began_at = '{}' FROM send_counts WHERE scope = 'installation'", case.make.now());
    assert!(case.onlooker.query_one(&again, &[]).await.unwrap().get::<_, bool>(0));
    assert_eq!(case.counts().await, ["installation 1", "user 1"]);
}
