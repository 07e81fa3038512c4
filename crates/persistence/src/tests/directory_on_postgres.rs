//! What the directory's changes find when they had to wait for somebody, or somebody for them, step by step.

use muster_domain::directory::{
    Brake, BrakePolicy, DirectoryStore, InsertOutcome, PersonKey, UpdateOutcome, UserUpdate,
};
use muster_domain::session::{IssueOutcome, SessionStore};
use muster_domain::user::{ProfileReader, User};
use muster_domain::verification::{Challenge, Method, OpenOutcome, VerificationStore};

use super::on_postgres::Case;

fn deactivation(case: &Case, user: &User, brake: Option<Brake>) -> UserUpdate {
    UserUpdate {
        user: User { active: false, version: user.version + 1, ..user.clone() },
        expected_version: user.version,
        lost_proofs: Vec::new(),
        deactivates: true,
        brake,
        duplicates: vec![],
        notices: Vec::new(),
        at: case.make.now(),
    }
}

impl Case {
    async fn begin(&self, statements: &str) {
        self.other.batch_execute(&format!("BEGIN; {statements}")).await.unwrap();
    }

    /// Runs what has to wait for somebody else, who then ends their transaction like that.
    async fn behind<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static, end: &str) -> T {
        let working = tokio::spawn(work);
        self.somebody_waits().await;
        self.other.batch_execute(end).await.unwrap();
        working.await.unwrap()
    }

    async fn change(&self, update: UserUpdate, action: &str, end: &str) -> UpdateOutcome {
        let (store, events) = (self.store.clone(), [self.make.event(action, Some(update.user.id))]);
        self.behind(async move { store.update_user(&update, &events).await.unwrap() }, end).await
    }

    pub(super) async fn count(&self, from: &str) -> i64 {
        self.onlooker.query_one(&format!("SELECT count(*) FROM {from}"), &[]).await.unwrap().get(0)
    }

    async fn another(&self, name: &str) -> User {
        let user = self.make.user(name).build();
        self.store.insert_user(&user, &self.make.event("test.user.created", Some(user.id))).await.unwrap();
        user
    }

    async fn open(&self) -> Challenge {
        let challenge = self.make.challenge(self.ada.id, Method::Email, self.ada.email_fingerprint.unwrap());
        let event = self.make.event("test.opened", Some(self.ada.id));
        assert_eq!(self.store.open_challenge(&challenge, &[], &event).await.unwrap(), OpenOutcome::Opened);
        challenge
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_is_issued_behind_a_deactivation() {
    let case = Case::new().await;
    case.begin("UPDATE users SET active = false, version = version + 1").await;
    let (store, opening) = (case.store.clone(), case.make.opening(case.make.session(case.ada.id)));
    let event = case.make.event("test.session.second", Some(case.ada.id));
    let issued = case.behind(async move { store.issue(&opening, &event).await.unwrap() }, "COMMIT").await;
    assert_eq!(issued, IssueOutcome::NoUser);
    assert_eq!(case.count("sessions").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deactivation_ends_the_session_that_it_waited_for() {
    let case = Case::new().await;
    case.begin(
        "SELECT FROM users FOR SHARE; INSERT INTO sessions \
        SELECT gen_random_uuid(), user_id, NULL, NULL, created_at, last_used_at, expires_at, NULL, NULL FROM sessions",
    )
    .await;
    let outcome = case.change(deactivation(&case, &case.ada, None), "test.deactivated", "COMMIT").await;
    assert_eq!(outcome, UpdateOutcome::Updated);
    assert_eq!(case.count("sessions WHERE revoke_reason = 'deactivated'").await, 2);
    assert!(SessionStore::list(&case.store, case.ada.id, case.make.now()).await.unwrap().is_empty());
}

/// Behind somebody whom the same client deactivates, where one may be.
async fn at_the_last_place(case: &Case, end: &str) -> UpdateOutcome {
    let grace = case.another("grace").await;
    case.begin(&format!(
        "INSERT INTO directory_brakes (client) VALUES ('idp'); \
        INSERT INTO directory_deactivations VALUES ('idp', '{id}', false, '{at}'); \
        UPDATE users SET active = false WHERE id = '{id}'",
        id = grace.id,
        at = case.make.now(),
    ))
    .await;
    let brake = case.make.brake("idp", BrakePolicy { percent: 10, free: 1 }, case.ada.id);
    case.change(deactivation(case, &case.ada, Some(brake)), "test.deactivated", end).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_two_deactivations_finds_the_last_place_taken() {
    let case = Case::new().await;
    assert_eq!(at_the_last_place(&case, "COMMIT").await, UpdateOutcome::Braked);
    let records = ["test.deactivated", "test.brake.engaged", "test.brake.refused"];
    let records = [case.records(records[0]).await, case.records(records[1]).await, case.records(records[2]).await];
    assert_eq!(records, [0, 1, 1]);
    assert!(case.store.profile(case.ada.id).await.unwrap().unwrap().user.active);
    assert_eq!(case.store.engaged_brakes().await.unwrap()[0].refused, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_place_is_free_again_when_the_first_deactivation_was_taken_back() {
    let case = Case::new().await;
    assert_eq!(at_the_last_place(&case, "ROLLBACK").await, UpdateOutcome::Updated);
    assert!(case.store.engaged_brakes().await.unwrap().is_empty());
    assert_eq!(case.count("directory_deactivations").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_takes_the_proof_that_it_waited_for() {
    let case = Case::new().await;
    case.open().await;
    case.begin(
        "SELECT FROM users FOR SHARE; UPDATE challenges SET completed_at = opened_at; \
        INSERT INTO proofs SELECT user_id, method, fingerprint, opened_at FROM challenges",
    )
    .await;
    let (store, removal) = (case.store.clone(), case.make.removal(&case.ada));
    let events = [case.make.event("test.removed", Some(case.ada.id))];
    let removed = case.behind(async move { store.remove_user(&removal, &events).await.unwrap() }, "COMMIT").await;
    assert_eq!(removed, UpdateOutcome::Updated);
    assert_eq!([case.count("proofs").await, case.count("challenges").await], [0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_proven_behind_a_removal() {
    let case = Case::new().await;
    let challenge = case.open().await;
    case.begin(
        "UPDATE users SET active = false, version = 2, removed_at = now(); DELETE FROM challenges; \
        UPDATE users SET user_name_key = chr(1) || id, external_id = NULL",
    )
    .await;
    let (store, at) = (case.store.clone(), case.make.now());
    let event = case.make.event("test.completed", Some(case.ada.id));
    let completing =
        async move { store.complete_challenge(challenge.id, &challenge.fingerprint, at, &event).await.unwrap() };
    assert!(!case.behind(completing, "COMMIT").await);
    assert_eq!([case.count("proofs").await, case.count("audit_events WHERE action = 'test.completed'").await], [0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_somebody_is_renamed_to_meanwhile_is_taken_for_a_new_person() {
    for (end, expected) in [("COMMIT", InsertOutcome::Taken), ("ROLLBACK", InsertOutcome::Inserted)] {
        let case = Case::new().await;
        case.begin("UPDATE users SET user_name = 'lovelace', user_name_key = 'lovelace'").await;
        let (store, new) = (case.store.clone(), case.make.user("Lovelace").build());
        let event = case.make.event("test.user.second", Some(new.id));
        let inserted = case.behind(async move { store.insert_user(&new, &event).await.unwrap() }, end).await;
        assert_eq!(inserted, expected, "{end}");
        assert_eq!(case.records("test.user.second").await, usize::from(expected == InsertOutcome::Inserted));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_a_new_person_gets_meanwhile_is_taken_for_who_is_renamed() {
    let case = Case::new().await;
    let grace = case.another("grace").await;
    let copied = "display_name, role, active, source, version, created_at, updated_at, search_key";
    case.begin(&format!(
        "INSERT INTO users (id, user_name, user_name_key, {copied}) \
        SELECT gen_random_uuid(), 'lovelace', 'lovelace', {copied} FROM users WHERE user_name = 'grace'"
    ))
    .await;
    let user = User { version: 2, ..case.make.edit(&grace).user_name("lovelace").build() };
    let renaming =
        UserUpdate { deactivates: false, user: User { active: true, ..user }, ..deactivation(&case, &grace, None) };
    assert_eq!(case.change(renaming, "test.user.renamed", "COMMIT").await, UpdateOutcome::Taken);
    assert_eq!(case.records("test.user.renamed").await, 0);
    let key = PersonKey { external_id: None, user_name: "lovelace".to_owned(), email: None };
    assert_ne!(case.store.find_people(&key).await.unwrap().by_user_name.unwrap().id, grace.id);
}
