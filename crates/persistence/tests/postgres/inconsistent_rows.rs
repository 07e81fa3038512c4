//! A row that breaks the domain's rules is reported by its table and the rule, never by its content. Such a row cannot be
//! written through the store: the tables' own checks are removed to make one.

use muster_domain::StoreError;
use muster_domain::api_key::ApiKeyStore;
use muster_domain::audit::{AuditQuery, AuditReader};
use muster_domain::break_glass::BreakGlassStore;
use muster_domain::device::DeviceStore;
use muster_domain::directory::DirectoryStore;
use muster_domain::notice::{Due, NoticeStore};
use muster_domain::preferences::{PreferenceStore, Preferences};
use muster_domain::session::{SessionStore, StoredToken};
use muster_domain::user::{ProfileReader, User};
use muster_domain::verification::{Method, VerificationStore};
use muster_persistence::Store;
use muster_testkit::Builders;
use muster_testkit_postgres::Database;

use crate::{run, store};

const REMOVE_CHECKS: &str = "DO $$ DECLARE found record; BEGIN
    FOR found IN SELECT conrelid::regclass AS of, conname FROM pg_constraint
        WHERE contype = 'c' AND connamespace = 'public'::regnamespace
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.of, found.conname); END LOOP;
END $$";

fn what<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Inconsistent { what }) => what,
        other => panic!("{other:?}"),
    }
}

/// A store with a person who has a row in every table, without the tables' checks.
async fn person() -> (Store, Database, User, StoredToken) {
    let (store, database) = store().await;
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
    ApiKeyStore::insert(&store, &make.api_key("pager"), &make.api_key_hash(), &next()).await.unwrap();
    let admin = make.break_glass_admin("rescue");
    BreakGlassStore::insert(&store, &admin, "rescue", &make.password_hash(), make.password_tag(), &next())
        .await
        .unwrap();
    let notices = [make.notice(user.id, Method::Email)];
    assert!(store.record_use(admin.id, make.now(), &notices, &next()).await.unwrap());
    run(&database.url, REMOVE_CHECKS).await;
    (store, database, user, opening.token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_breaks_a_rule_is_reported_by_its_table_and_the_rule() {
    for (broken, expected) in [
        ("users SET role = 'owner'", "users: role is none of its known names"),
        ("users SET email = 'nowhere'", "users: email is no e-mail address"),
        ("users SET email_fingerprint = NULL", "users: email and email_fingerprint come together"),
        ("users SET phone = 'extension 12'", "users: phone_fingerprint belongs to a deliverable phone"),
        (
            "challenges SET completed_at = opened_at, cancelled_at = opened_at",
            "challenges: completed and cancelled at once",
        ),
        ("challenges SET failed_attempts = -1", "challenges: failed_attempts is no small number"),
        ("challenges SET streak = -1", "challenges: streak is no small number"),
        ("devices SET platform = 'pager'", "devices: platform is none of its known names"),
        ("devices SET token_fingerprint = '\\x00'", "a column holds what its type cannot be"),
        ("sessions SET revoke_reason = 'signedOut'", "sessions: revoked_at and revoke_reason come together"),
        ("preferences SET document = '{}'", "preferences: document is not one"),
        ("api_keys SET scopes = 'scim users:write'", "api_keys: scopes is none of its known names"),
        ("notices SET content = '{}'", "notices: content is none"),
        ("notices SET channel = 'pager'", "notices: channel is none of its known names"),
        ("notices SET attempts = -1", "notices: attempts is no small number"),
        ("break_glass_accounts SET password_hash = 'rescue'", "break_glass_accounts: password_hash is none"),
        ("api_keys SET scopes = ''", "api_keys: scopes is none of its known names"),
        (
            "audit_events SET actor_type = 'user', actor_name = NULL",
            "audit_events: the actor's columns do not fit its type",
        ),
    ] {
        let (store, database, user, token) = person().await;
        run(&database.url, &format!("UPDATE {broken}")).await;
        let table = broken.split(' ').next().unwrap();
        let found = match table {
            "audit_events" => what(AuditReader::list(&store, &AuditQuery::default()).await),
            "api_keys" => what(ApiKeyStore::list(&store).await),
            "break_glass_accounts" => what(BreakGlassStore::find(&store, "rescue").await),
            "notices" => {
                let now = Builders::default().now();
                what(store.claim(Due { now, again_at: now, limit: 1 }).await)
            }
            "sessions" => what(store.load_for_refresh(&token.hash).await),
            "devices" => what(DeviceStore::list(&store, user.id).await),
            "challenges" => what(store.find_challenge(user.id, Method::Email).await),
            "preferences" => what(store.load(user.id).await),
            _ => what(store.profile(user.id).await),
        };
        assert_eq!(found, expected, "{broken}");
        if !["api_keys", "audit_events", "break_glass_accounts", "notices"].contains(&table) {
            // Where a person is read as one record, what is no value at all is the record's fault.
            let found = what(store.load_for_refresh(&token.hash).await);
            let as_one = "users: a record holds what its type cannot be";
            assert!([expected, as_one].contains(&found.as_str()), "in a refresh: {broken}: {found}");
        }
    }
}
