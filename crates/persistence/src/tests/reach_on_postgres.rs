//! That nothing which is proven is lost from `users.reach`, whoever proves something else meanwhile.

use muster_domain::verification::{Method, VerificationStore};

use super::on_postgres::Case;

impl Case {
    /// What a text message proves behind another server, which proves something too and then ends like that.
    async fn prove_behind(&self, other: &str, end: &str) {
        let challenge = self.make.challenge(self.ada.id, Method::Sms, self.ada.phone_fingerprint.unwrap());
        let opened = self.make.event("test.opened", Some(self.ada.id));
        self.store.open_challenge(&challenge, &[], &opened).await.unwrap();
        let event = self.make.event("test.completed", Some(self.ada.id));
        self.other.batch_execute(&format!("BEGIN; {other}")).await.unwrap();
        let (store, at) = (self.store.clone(), self.make.now());
        let proving = tokio::spawn(async move {
            store.complete_challenge(challenge.id, &challenge.fingerprint, at, &event).await.unwrap()
        });
        self.somebody_waits().await;
        self.other.batch_execute(end).await.unwrap();
        assert!(proving.await.unwrap());
    }
}

const EMAIL: &str = "INSERT INTO proofs SELECT id, 'email', email_fingerprint, now() FROM users";

#[tokio::test(flavor = "multi_thread")]
async fn what_two_prove_at_once_counts_both() {
    let case = Case::new().await;
    case.prove_behind(EMAIL, "COMMIT").await;
    assert_eq!(case.count("users WHERE reach = 3").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_does_not_count() {
    let case = Case::new().await;
    case.prove_behind(EMAIL, "ROLLBACK").await;
    assert_eq!(case.count("users WHERE reach = 2").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_refers_to_a_person_does_not_wait_while_the_directory_changes_them() {
    let case = Case::new().await;
    let change = "BEGIN; UPDATE users SET user_name_key = user_name_key, external_id = external_id, active = false";
    case.other.batch_execute(change).await.unwrap();
    let refer = "SET lock_timeout = '2s'; INSERT INTO preferences SELECT id, 1, '{}' FROM users";
    case.onlooker.batch_execute(refer).await.unwrap();
    case.other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(case.count("preferences").await, 1);
}
