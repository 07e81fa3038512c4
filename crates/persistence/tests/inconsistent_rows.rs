//! A row that breaks the domain's rules is reported by its table and the rule, never by its content. Such a row cannot be
//! written through the store: the tables' own checks are switched off to make one.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what only tests call fails by panicking")]

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use muster_domain::api_key::ApiKeyStore;
use muster_domain::audit::{AuditQuery, AuditReader};
use muster_domain::break_glass::BreakGlassStore;
use muster_domain::device::DeviceStore;
use muster_domain::directory::DirectoryStore;
use muster_domain::notice::{Due, Notice, NoticeStore};
use muster_domain::preferences::{PreferenceStore, Preferences};
use muster_domain::session::{SessionStore, StoredToken};
use muster_domain::user::{ProfileReader, User, UserQuery, UserStore};
use muster_domain::verification::{Method, VerificationStore};
use muster_domain::{StoreError, UserId};
use muster_persistence::Store;
use muster_testkit::Builders;
use tempfile::TempDir;
use time::Duration;
use tokio::runtime::Handle;

/// A store with a person who has a row in every table.
struct Case {
    folder: TempDir,
    store: Store,
    make: Builders,
    user: User,
    admin: UserId,
    token: StoredToken,
}

impl Case {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("muster.db").display());
        let store = Store::connect(&url, Handle::current()).unwrap();
        store.migrate().await.unwrap();
        let make = Builders::default();
        let user = make.user("ada").build();
        let next = || make.event("test.made", Some(user.id));
        store.insert_user(&user, &next()).await.unwrap();
        let device = make.device(user.id);
        store.register(&device, 1, None, &make.registration_events(&device)).await.unwrap();
        let challenge = make.challenge(user.id, Method::Email, user.email_fingerprint.unwrap());
        store.open_challenge(&challenge, &[], &next()).await.unwrap();
        let opening = make.opening(make.session(user.id));
        store.issue(&opening, &next()).await.unwrap();
        store.replace(user.id, 0, &Preferences::default(), &next()).await.unwrap();
        store.insert_team(&make.team("Night"), &[], &[next()]).await.unwrap();
        ApiKeyStore::insert(&store, &make.api_key("pager"), &make.api_key_hash(), &next()).await.unwrap();
        let admin = make.break_glass_admin("rescue");
        BreakGlassStore::insert(&store, &admin, "rescue", &make.password_hash(), make.password_tag(), &next())
            .await
            .unwrap();
        let notices = [make.notice(user.id, Method::Email)];
        assert!(store.record_use(admin.id, make.now(), &notices, &next()).await.unwrap());
        Self { folder, store, make, user, admin: admin.id, token: opening.token }
    }

    fn break_row(&self, statement: &str) {
        let path = self.folder.path().join("muster.db");
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA ignore_check_constraints = ON").unwrap();
        assert_eq!(diesel::sql_query(statement).execute(&mut connection).unwrap(), 1, "{statement}");
    }
}

fn what<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Inconsistent { what }) => what,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_role_is_reported() {
    let case = Case::new().await;
    case.break_row("UPDATE users SET role = 'owner' WHERE source = 'scim'");
    let expected = "users: role is none of its known names";
    assert_eq!(what(case.store.account(case.user.id).await), expected);
    assert_eq!(what(case.store.profile(case.user.id).await), expected);
    assert_eq!(what(UserStore::list(&case.store, &UserQuery::default()).await), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_that_is_none_is_reported_without_it() {
    let case = Case::new().await;
    case.break_row("UPDATE users SET email = 'nowhere' WHERE source = 'scim'");
    assert_eq!(what(case.store.profile(case.user.id).await), "users: email is no e-mail address");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_without_its_fingerprint_is_reported() {
    let case = Case::new().await;
    case.break_row("UPDATE users SET email_fingerprint = NULL WHERE source = 'scim'");
    assert_eq!(what(case.store.profile(case.user.id).await), "users: email and email_fingerprint come together");
    let case = Case::new().await;
    case.break_row("UPDATE users SET phone = 'extension 12' WHERE source = 'scim'");
    let expected = "users: phone_fingerprint belongs to a deliverable phone";
    assert_eq!(what(case.store.profile(case.user.id).await), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_that_ended_twice_is_reported() {
    let case = Case::new().await;
    case.break_row("UPDATE challenges SET completed_at = 1, cancelled_at = 2");
    let found = case.store.find_challenge(case.user.id, Method::Email).await;
    assert_eq!(what(found), "challenges: completed and cancelled at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impossible_count_of_attempts_is_reported() {
    let case = Case::new().await;
    case.break_row("UPDATE challenges SET failed_attempts = -1");
    let found = case.store.find_challenge(case.user.id, Method::Email).await;
    assert_eq!(what(found), "challenges: failed_attempts is no small number");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impossible_streak_is_reported() {
    let case = Case::new().await;
    case.break_row("UPDATE challenges SET streak = -1");
    let found = case.store.find_challenge(case.user.id, Method::Email).await;
    assert_eq!(what(found), "challenges: streak is no small number");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_platform_is_reported() {
    let case = Case::new().await;
    case.break_row("UPDATE devices SET platform = 'pager'");
    let devices = DeviceStore::list(&case.store, case.user.id).await;
    assert_eq!(what(devices), "devices: platform is none of its known names");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_for_no_or_an_unknown_reason_is_reported() {
    for (statement, expected) in [
        ("UPDATE sessions SET revoke_reason = 'signedOut'", "sessions: revoked_at and revoke_reason come together"),
        (
            "UPDATE sessions SET revoked_at = 1, revoke_reason = 'boredom'",
            "sessions: revoke_reason is none of its known names",
        ),
    ] {
        let case = Case::new().await;
        case.break_row(statement);
        let hash = case.token.hash;
        assert_eq!(what(case.store.load_for_refresh(&hash).await), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_that_are_no_such_document_are_reported() {
    let case = Case::new().await;
    case.break_row("UPDATE preferences SET document = '{}'");
    assert_eq!(what(case.store.load(case.user.id).await), "preferences: document is not one");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_scope_or_none_is_reported() {
    for scopes in ["users:write", "scim users:write", "scim  users:read", "SCIM", ""] {
        let case = Case::new().await;
        case.break_row(&format!("UPDATE api_keys SET scopes = '{scopes}'"));
        let keys = ApiKeyStore::list(&case.store).await;
        assert_eq!(what(keys), "api_keys: scopes is none of its known names", "{scopes:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_record_without_its_actor_is_reported() {
    let case = Case::new().await;
    case.break_row(
        "UPDATE audit_events SET actor_type = 'user', actor_name = NULL WHERE id = (SELECT max(id) FROM audit_events)",
    );
    let trail = AuditReader::list(&case.store, &AuditQuery::default()).await;
    assert_eq!(what(trail), "audit_events: the actor's columns do not fit its type");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_another_length_is_reported() {
    let case = Case::new().await;
    case.break_row("UPDATE devices SET token_fingerprint = x'00'");
    let devices = DeviceStore::list(&case.store, case.user.id).await;
    assert_eq!(what(devices), "a column holds what its type cannot be");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_go_out_past_a_notice_that_cannot_be_read_which_stays_and_is_reported_alone() {
    for (broken, expected) in [
        ("content = '{}'", "notices: content is none"),
        ("content = ''", "notices: content is none"),
        ("channel = 'pager'", "notices: channel is none of its known names"),
    ] {
        let case = Case::new().await;
        case.break_row(&format!("UPDATE notices SET {broken}"));
        let now = case.make.now();
        let readable = Notice { created_at: now - Duration::SECOND, ..case.make.notice(case.user.id, Method::Sms) };
        let event = case.make.event("test.used", None);
        assert!(case.store.record_use(case.admin, now, std::slice::from_ref(&readable), &event).await.unwrap());
        let due = Due { now, again_at: now + Duration::SECOND, limit: 9 };
        let claimed = case.store.claim(due).await.unwrap();
        assert_eq!(claimed, [Notice { attempts: 1, ..readable.clone() }], "{broken}: others still go out");
        assert_eq!(case.store.claim(due).await.unwrap(), [], "{broken}: it does not wait as long as the others");
        case.store.finish(readable.id, &[]).await.unwrap();
        let due = Due { now: due.again_at, again_at: due.again_at + Duration::SECOND, limit: 9 };
        assert_eq!(what(case.store.claim(due).await), expected, "{broken}: it did not stay");
        assert_eq!(case.store.claim(due).await.unwrap(), [], "{broken}: it holds up others for ever");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_hash_that_is_none_is_reported() {
    let case = Case::new().await;
    case.break_row("UPDATE break_glass_accounts SET password_hash = 'rescue'");
    assert_eq!(what(BreakGlassStore::find(&case.store, "rescue").await), "break_glass_accounts: password_hash is none");
}
