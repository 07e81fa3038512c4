//! What is asked often finds its rows by an index, however many people there are: read off the plans by which the server
//! really ran the store's statements.

use std::collections::BTreeSet;

use muster_domain::access::{AdmitOutcome, IdentityKey, IdentityStore};
use muster_domain::api_key::{ApiKeyHash, ApiKeyStore};
use muster_domain::audit::{AuditArea, AuditEvent, AuditKey, AuditQuery, AuditReader};
use muster_domain::device::DeviceStore;
use muster_domain::directory::{DirectoryStore, PersonKey};
use muster_domain::page::Limit;
use muster_domain::session::{IssueOutcome, Opening, SessionStore, TokenHash};
use muster_domain::team::{TeamKey, TeamQuery, TeamStore};
use muster_domain::user::{ProfileReader, UserStore};
use muster_domain::verification::{
    Fingerprint, Method, OpenOutcome, Quota, QuotaScope, QuotaWindow, RefusalReason, Refused, VerificationStore,
};
use muster_domain::{AuditId, UserId};
use muster_testkit::Builders;
use uuid::Uuid;

use crate::plans::{Filled, Scan};
use crate::{hot_chain, hot_directory, hot_people};

/// The tables that grow with the people, and the keys as if they did. There are a few teams only.
const LARGE: [&str; 17] = [
    "api_keys",
    "audit_events",
    "challenges",
    "devices",
    "directory_deactivations",
    "identities",
    "known_names",
    "notices",
    "preferences",
    "proofs",
    "refresh_tokens",
    "send_counts",
    "send_refusals",
    "sessions",
    "sign_in_attempts",
    "team_members",
    "users",
];

/// Refuses statements that did not look at these tables, looked at a large one as a whole, or at more than so many rows.
pub(crate) fn hold(what: &str, scans: &[Scan], tables: &[&str], most: f64) {
    let seen: BTreeSet<&str> = scans.iter().map(|scan| scan.table.as_str()).collect();
    assert!(tables.iter().all(|table| seen.contains(table)), "{what}: no plan of these tables: {scans:?}");
    for scan in scans.iter().filter(|scan| LARGE.contains(&scan.table.as_str())) {
        assert!(!scan.whole, "{what}: a sequential scan: {scan:?}");
        assert!(scan.rows <= most, "{what}: too many rows: {scan:?}");
    }
}

/// The person who has everything.
pub(crate) fn person() -> UserId {
    UserId("00000000-0000-7000-8000-00000000c350".parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hot_query_looks_at_a_whole_table() {
    let filled = Filled::new().await;
    reads_of_one(&filled).await;
    pages_of_records(&filled).await;
    limits_of_one(&filled).await;
    hot_people::all(&filled).await;
    teams_and_their_members(&filled).await;
    hot_directory::all(&filled).await;
    hot_chain::all(&filled).await;
    a_session_of_a_person_with_fifty(&filled).await;
}

async fn reads_of_one(filled: &Filled) {
    let store = &filled.store;
    let id = person();
    let make = Builders::default();

    let everything = ["users", "proofs", "devices", "challenges", "preferences", "team_members"];
    let scans = filled.scans(async || store.profile(id).await.unwrap().unwrap()).await;
    hold("profile", &scans, &everything, 20.0);

    let scans = filled.scans(async || store.account(id).await.unwrap().unwrap()).await;
    hold("account", &scans, &["users"], 1.0);

    let scans = filled.scans(async || store.find_login("Person-050000@example.com").await.unwrap().unwrap()).await;
    hold("account by e-mail address", &scans, &["users"], 2.0);

    let (external_id, user_name) = (Some("external-50000".to_owned()), "Person-050000".to_owned());
    let key = PersonKey { external_id, user_name, email: Some("Person-050001@example.com".to_owned()) };
    let scans = filled.scans(async || store.find_people(&key).await.unwrap().target().cloned().unwrap()).await;
    hold("people whom a record may mean", &scans, &["users", "identities", "known_names"], 3.0);

    let scans = filled.scans(async || store.find_challenge(id, Method::Push).await.unwrap().unwrap()).await;
    hold("challenge", &scans, &["challenges"], 1.0);

    let key = IdentityKey {
        issuer: "https://login.example".to_owned(),
        subject: "external-50002".to_owned(),
        logins: vec!["Person-050000".to_owned(), "Person-050001".to_owned()],
        email: None,
    };
    let scans = filled.scans(async || store.candidates(&key).await.unwrap().by_external_id.unwrap()).await;
    hold("person by an identity provider's word", &scans, &["users", "identities"], 4.0);
    let plans = scans.iter().filter(|scan| scan.table == "users").count();
    assert_eq!(plans, 7, "a caller is recognised by more than one look at people: {scans:?}");

    // Added under a name that somebody has, so that nothing is written.
    let newcomer = make.user("Person-050000").build();
    let event = make.event("test.admitted", None);
    let admit = async || store.admit(&newcomer, &key, std::slice::from_ref(&event)).await.unwrap();
    let scans = filled.scans(async || assert_eq!(admit().await, AdmitOutcome::Known)).await;
    hold("whether somebody is known", &scans, &["users", "identities"], 4.0);

    let key = ApiKeyHash(filled.bytes("key10000").await);
    let scans = filled.scans(async || store.find(&key).await.unwrap().unwrap()).await;
    hold("API key", &scans, &["api_keys"], 1.0);

    let hash = TokenHash(filled.bytes("refresh10000").await);
    let scans = filled.scans(async || store.find_family(&hash).await.unwrap().unwrap()).await;
    hold("session of a token", &scans, &["refresh_tokens", "sessions"], 1.0);

    let scans = filled.scans(async || store.load_for_refresh(&hash).await.unwrap().unwrap()).await;
    hold("all that a refresh needs", &scans, &everything, 20.0);
    hold("all that a refresh needs", &scans, &["refresh_tokens", "sessions"], 20.0);

    let scans =
        filled.scans(async || assert_eq!(SessionStore::list(store, id, make.now()).await.unwrap().len(), 1)).await;
    hold("sessions of a person", &scans, &["sessions"], 1.0);

    let scans = filled.scans(async || assert_eq!(DeviceStore::list(store, id).await.unwrap().len(), 1)).await;
    hold("devices of a person", &scans, &["devices"], 1.0);

    let registered = DeviceStore::list(store, id).await.unwrap().remove(0);
    let register =
        async || store.register(&registered, 20, None, &make.registration_events(&registered)).await.unwrap();
    let scans = filled.scans(register).await;
    hold("registration of a device by its token", &scans, &["devices"], 1.0);
}

/// Last, because it adds sessions. The function that counts them (`live_sessions_of`) is a statement of its own.
async fn a_session_of_a_person_with_fifty(filled: &Filled) {
    let make = Builders::default();
    let owner = person();
    filled
        .run(&format!(
            "INSERT INTO sessions
            SELECT gen_random_uuid(), '{id}', NULL, NULL, now(), now(), now() + interval '90 days', NULL, NULL
            FROM generate_series(1, 49);
            INSERT INTO sessions
            SELECT gen_random_uuid(), '{id}', NULL, NULL, now(), now(), now() + interval '90 days', now(), 'signedOut'
            FROM generate_series(1, 2000);
            ANALYZE sessions",
            id = owner.0
        ))
        .await;
    let store = filled.with_nested_statements().await;
    let issue = async || {
        let opening = Opening { max: 1_000, ..make.opening(make.session(owner)) };
        // Other cases wrote records with the ids that these builders begin with.
        let id = AuditId(Uuid::from_u128(fastrand::u128(..)));
        let event = AuditEvent { id, ..make.event("test.session.issued", Some(owner)) };
        let issued = store.issue(&opening, &event).await.unwrap();
        assert_eq!(issued, IssueOutcome::Issued);
    };
    let scans = filled.scans(issue).await;
    hold("a session of a person with fifty", &scans, &["users", "sessions"], 57.0);
    let counted = scans.iter().filter(|scan| scan.table == "sessions" && scan.rows >= 50.0).count();
    assert_eq!(counted, 7, "the count of live sessions is not in the log: {scans:?}");
}

async fn limits_of_one(filled: &Filled) {
    let store = &filled.store;
    let make = Builders::default();
    let destination = QuotaScope::Destination(Fingerprint::from(filled.bytes("email50000").await));
    let quota = [Quota { scope: destination, window: QuotaWindow::Day, max: 1 }];
    let over = async || {
        let challenge = make.challenge(person(), Method::Email, Fingerprint::from([0; 32]));
        let opened = store.open_challenge(&challenge, &quota, &make.event("test.opened", None)).await.unwrap();
        assert!(matches!(opened, OpenOutcome::OverQuota { .. }), "{opened:?}");
    };
    let scans = filled.scans(over).await;
    hold("a count that is used up", &scans, &["send_counts"], 1.0);

    let too_soon = async || {
        let challenge = make.push_challenge(&DeviceStore::list(store, person()).await.unwrap().remove(0));
        let opened = store.open_challenge(&challenge, &[], &make.event("test.opened", None)).await.unwrap();
        assert!(matches!(opened, OpenOutcome::TooSoon { .. }), "{opened:?}");
    };
    let scans = filled.scans(too_soon).await;
    hold("a challenge that is too soon", &scans, &["challenges"], 1.0);

    let at = make.now();
    let refused = Refused { user_id: person(), method: Method::Email, reason: RefusalReason::TooSoon, at };
    let event = || make.event("test.refused", Some(person()));
    let scans = filled.scans(async || store.record_refusal(&refused, at, &event()).await.unwrap()).await;
    hold("a refusal", &scans, &[], 1.0);
}

async fn pages_of_records(filled: &Filled) {
    let store = &filled.store;
    let now = AuditReader::list(store, &AuditQuery::default()).await.unwrap();
    let after = Some(AuditKey::of(now.last().unwrap()));
    let subject = Some(UserId("00000000-0000-7000-8000-000000000001".parse().unwrap()));
    let to = Some(now[40].at);
    for query in [
        AuditQuery::default(),
        AuditQuery { after, ..AuditQuery::default() },
        AuditQuery { subject, ..AuditQuery::default() },
        AuditQuery { subject, after, ..AuditQuery::default() },
        AuditQuery { actor: subject, ..AuditQuery::default() },
        AuditQuery { actor: subject, after, ..AuditQuery::default() },
        AuditQuery { action: Some("test.action.7".to_owned()), ..AuditQuery::default() },
        AuditQuery { action: Some("test.action.7".to_owned()), after, ..AuditQuery::default() },
        AuditQuery { to, ..AuditQuery::default() },
        AuditQuery { from: to, ..AuditQuery::default() },
    ] {
        let scans = filled.scans(async || assert!(!AuditReader::list(store, &query).await.unwrap().is_empty())).await;
        hold(&format!("{query:?}"), &scans, &["audit_events"], 102.0);
    }
    // None of this person's five records is of the area: all of them are looked at, and nobody else's.
    let area = AuditQuery { subject, area: Some(AuditArea::Channels), ..AuditQuery::default() };
    let scans = filled.scans(async || assert_eq!(AuditReader::list(store, &area).await.unwrap(), [])).await;
    hold("the history of a person's channels", &scans, &["audit_events"], 5.0);
}

async fn teams_and_their_members(filled: &Filled) {
    let store = &filled.store;
    // Each of the 200 teams has 100 members, and each of the two counts looks at all of them.
    let limit = Limit::new(5).unwrap();
    for after in [None, Some(TeamKey::of("Team 150"))] {
        let query = TeamQuery { after, limit, ..TeamQuery::default() };
        let scans = filled.scans(async || assert_eq!(TeamStore::list(store, &query).await.unwrap().len(), 6)).await;
        hold("teams", &scans, &["teams", "team_members", "users", "proofs"], 1_200.0);
    }
    let member = UserId("00000000-0000-7000-8000-000000000005".parse().unwrap());
    let scans = filled.scans(async || assert!(!store.is_team_admin_of(person(), member).await.unwrap())).await;
    hold("whether somebody is a person's team admin", &scans, &["team_members"], 10.0);
    let first = TeamStore::list(store, &TeamQuery::default()).await.unwrap().remove(0).id;
    let scans = filled.scans(async || assert_eq!(store.team(first).await.unwrap().unwrap().members.len(), 100)).await;
    hold("a team", &scans, &["team_members", "users", "proofs", "devices"], 200.0);
}
