//! Who is calling, by each kind of credential.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use muster_domain::access::{
    AccessClaims, AccessService, AccessToken, AccessTokens, Audience, AuthenticateError, Holder, Identity,
    IdentityError, IdentityTokens, InvalidAccessToken, Principal, Scope, SigningError, TokenRefusal,
};
use muster_domain::api_key::{ApiKeyName, ApiKeyToken, NewKey, Scopes};
use muster_domain::audit::DirectoryFeed;
use muster_domain::directory::{BrakePolicy, DirectoryService, RawRecord};
use muster_domain::user::{Account, EmailAddress, Role, Source, User};
use muster_domain::{StoreError, UserId};
use muster_testkit::FakeHasher;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::house::{House, raw, record};

/// An identity provider, by the tokens that it gave away.
#[derive(Default)]
struct Provider {
    given: HashMap<&'static str, Identity>,
    down: bool,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl IdentityTokens for Provider {
    async fn verify(&self, token: &str, _: OffsetDateTime) -> Result<Identity, IdentityError> {
        self.asked.lock().unwrap().push(token.to_owned());
        if self.down {
            return Err(IdentityError::Unavailable("told to be down".into()));
        }
        self.given.get(token).cloned().ok_or(IdentityError::Refused(TokenRefusal::Signature))
    }
}

/// Must not be asked.
struct Untouched;

impl AccessTokens for Untouched {
    fn sign(&self, _: &AccessClaims) -> Result<AccessToken, SigningError> {
        panic!("nothing is signed to find out who is calling")
    }

    fn verify(&self, _: &str, _: OffsetDateTime) -> Result<AccessClaims, InvalidAccessToken> {
        panic!("a key was tried as one of our own tokens")
    }
}

fn identity(subject: &str, logins: &[&str]) -> Identity {
    Identity {
        issuer: "https://login.example".to_owned(),
        subject: subject.to_owned(),
        logins: logins.iter().map(|login| (*login).to_owned()).collect(),
        email: EmailAddress::parse("Ada.L@example.com").ok(),
        display_name: Some("Ada Lovelace".to_owned()),
        issued_at: None,
    }
}

/// A provider that gave one token, `theirs`, for whoever that is.
fn provider(subject: &str, logins: &[&str]) -> Arc<Provider> {
    let given = HashMap::from([("theirs", identity(subject, logins))]);
    Arc::new(Provider { given, ..Provider::default() })
}

fn access(house: &House, provider: Option<&Arc<Provider>>) -> AccessService {
    AccessService {
        users: Arc::new(house.store.clone()),
        access_tokens: house.access_tokens.clone(),
        identities: provider.cloned().map(|provider| -> Arc<dyn IdentityTokens> { provider }),
        people: Arc::new(house.store.clone()),
        keys: house.api_keys(),
        newcomers: None,
        clock: house.clock.clone(),
        entropy: house.make.entropy.clone(),
    }
}

fn welcoming(house: &House, provider: &Arc<Provider>) -> AccessService {
    let newcomers = DirectoryService {
        directory: Arc::new(house.store.clone()),
        reader: Arc::new(house.store.clone()),
        brake: BrakePolicy::default(),
        fingerprinter: Arc::new(FakeHasher::default()),
        clock: house.clock.clone(),
        entropy: house.make.entropy.clone(),
    };
    AccessService { newcomers: Some(newcomers), ..access(house, Some(provider)) }
}

fn account(user: &User) -> Account {
    Account { id: user.id, role: user.role, active: user.active, source: user.source }
}

async fn refused(house: &House, access: &AccessService, credential: &str) {
    let is_refusal =
        |error: &AuthenticateError| matches!(error, AuthenticateError::Refused | AuthenticateError::TokenRefused(_));
    let outcome = access.identify(credential, &house.origin).await;
    assert!(outcome.as_ref().is_err_and(is_refusal), "{outcome:?}");
    let outcome = access.authenticate(credential, &house.origin).await;
    assert!(outcome.as_ref().is_err_and(is_refusal), "{outcome:?}");
}

fn own_token(house: &House, user_id: UserId) -> AccessToken {
    let issued_at = house.now();
    let expires_at = issued_at + Duration::MINUTE;
    let claims = AccessClaims { user_id, session_id: None, audience: Audience::Mobile, issued_at, expires_at };
    house.access_tokens.sign(&claims).unwrap()
}

#[tokio::test]
async fn an_own_token_names_its_person_and_session() {
    let house = House::new();
    let ada = house.insert(house.make.user("ada").admin()).await;
    let issued = house.sessions.issue(ada.id, None, None, None, &house.origin).await.unwrap();
    let provider = provider("00u1", &["ada"]);
    let access = access(&house, Some(&provider));
    let principal = Principal::User { id: ada.id, role: Role::Admin };
    for (token, session_id) in [(issued.access_token, Some(issued.id)), (own_token(&house, ada.id), None)] {
        let holder = access.identify(token.expose(), &house.origin).await.unwrap();
        assert_eq!(holder, Holder::TokenOf { user_id: ada.id, session_id });
        let known = access.authenticate(token.expose(), &house.origin).await.unwrap();
        assert_eq!(known, (principal.clone(), session_id));
    }
    assert!(provider.asked.lock().unwrap().is_empty(), "one of our own tokens was shown to the identity provider");
}

#[tokio::test]
async fn what_an_own_token_says_of_a_person_is_looked_up() {
    let house = House::new();
    house.insert(house.make.user("root").admin()).await;
    let gone = house.insert(house.make.user("gone").deactivated()).await;
    let ada = house.user("ada").await;
    let access = access(&house, None);
    let token = own_token(&house, ada.id);
    house.users.change_role(ada.id, Role::Admin, &house.origin).await.unwrap();
    let (principal, _) = access.authenticate(token.expose(), &house.origin).await.unwrap();
    assert_eq!(principal, Principal::User { id: ada.id, role: Role::Admin });

    let nobody = UserId::new(house.now(), &*house.make.entropy);
    for id in [gone.id, nobody] {
        let token = own_token(&house, id);
        let outcome = access.authenticate(token.expose(), &house.origin).await;
        assert!(matches!(outcome, Err(AuthenticateError::Refused)), "{outcome:?}");
    }
    house.clock.advance(Duration::MINUTE);
    refused(&house, &access, token.expose()).await;
}

#[tokio::test]
async fn a_service_is_known_by_its_key() {
    let house = House::new();
    let access = access(&house, None);
    let name = ApiKeyName::parse("pager").unwrap();
    let new = NewKey { name, scopes: Scopes::of(&[Scope::AuditRead]).unwrap(), expires_at: None };
    let created = house.api_keys().create(new, &house.origin).await.unwrap();
    let key = created.token.expose();
    let service = Principal::Service { name: "pager".to_owned(), scopes: vec![Scope::AuditRead] };
    assert_eq!(access.identify(&key, &house.origin).await.unwrap(), Holder::Service(service.clone()));
    assert_eq!(access.authenticate(&key, &house.origin).await.unwrap(), (service, None));
    assert!(house.api_keys().revoke(created.key.id, &house.origin).await.unwrap());
    refused(&house, &access, &key).await;
}

#[tokio::test]
async fn what_begins_like_a_key_is_never_tried_as_a_token() {
    let house = House::new();
    house.insert(house.make.user("ada").external_id("00u1")).await;
    let given = HashMap::from([("mst_key_theirs", identity("00u1", &[]))]);
    let provider = Arc::new(Provider { given, ..Provider::default() });
    let access = AccessService { access_tokens: Arc::new(Untouched), ..access(&house, Some(&provider)) };
    let unknown = ApiKeyToken::generate(&*house.make.entropy).expose().to_string();
    for key in ["mst_key_theirs", "mst_key_", &unknown] {
        refused(&house, &access, key).await;
    }
    assert!(provider.asked.lock().unwrap().is_empty(), "a key was shown to the identity provider");
}

#[tokio::test]
async fn without_an_identity_provider_only_our_own_tokens_and_keys_are_taken() {
    let house = House::new();
    house.user("ada").await;
    let access = access(&house, None);
    for credential in ["theirs", "", "ada", "fake-access-token-0"] {
        refused(&house, &access, credential).await;
    }
}

#[tokio::test]
async fn a_person_is_known_by_external_id_else_by_user_name() {
    let house = House::new();
    let ada = house.insert(house.make.user("ada@example.com").external_id("00u1").admin()).await;
    let ben = house.user("Ben@Example.com").await;
    let mark = house.mark();
    for (subject, logins, found) in [
        ("00u1", &["ben@example.com"][..], &ada),
        ("00u1", &[], &ada),
        ("unknown", &["ben@example.com"], &ben),
        ("another", &["nobody@example.com", "ADA@example.com"], &ada),
    ] {
        let provider = provider(subject, logins);
        // Whoever is on record is no newcomer.
        for access in [access(&house, Some(&provider)), welcoming(&house, &provider)] {
            let holder = access.identify("theirs", &house.origin).await.unwrap();
            assert_eq!(holder, Holder::Person(account(found)));
            let known = access.authenticate("theirs", &house.origin).await.unwrap();
            assert_eq!(known, (Principal::User { id: found.id, role: found.role }, None));
            refused(&house, &access, "another's").await;
        }
    }
    assert_eq!(house.actions_since(mark), ["identity.bound"; 3], "each subject is bound once");
}

#[tokio::test]
async fn a_deactivated_person_is_refused_and_stays_deactivated() {
    let house = House::new();
    let gone = house.insert(house.make.user("gone").external_id("00u1").deactivated()).await;
    let mark = house.mark();
    let provider = provider("00u1", &["gone"]);
    for access in [access(&house, Some(&provider)), welcoming(&house, &provider)] {
        refused(&house, &access, "theirs").await;
    }
    assert_eq!(house.profile(gone.id).await.user, gone);
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn somebody_whom_the_directory_has_not_delivered_is_refused() {
    let house = House::new();
    house.user("ada").await;
    let mark = house.mark();
    let provider = provider("00u1", &["ben@example.com"]);
    refused(&house, &access(&house, Some(&provider)), "theirs").await;
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn a_newcomer_is_taken_in_where_that_is_wanted() {
    let house = House::new();
    let provider = provider("00u1", &["Ada@Example.com", "ada"]);
    let access = welcoming(&house, &provider);
    let (principal, session) = access.authenticate("theirs", &house.origin).await.unwrap();
    let Principal::User { id, role: Role::User } = principal else { panic!("{principal:?}") };
    assert_eq!(session, None);
    let user = house.profile(id).await.user;
    assert_eq!((user.external_id.as_deref(), user.user_name.as_str()), (None, "Ada@Example.com"));
    assert_eq!(
        (user.display_name.as_str(), user.email),
        ("Ada Lovelace", EmailAddress::parse("Ada.L@example.com").ok())
    );
    assert_eq!((user.role, user.active, user.source), (Role::User, true, Source::Scim));
    assert!(house.status(id).await.email.verified_at.is_none(), "the provider's word proves no destination");
    let event = house.store.audit_trail().remove(0);
    assert_eq!((event.action.as_str(), event.subject), ("signin.user.created", Some(id)));
    assert_eq!((event.details, event.origin), (json!({ "userName": "Ad***@Example.com" }), house.origin.clone()));

    access.authenticate("theirs", &house.origin).await.unwrap();
    assert_eq!(house.actions_since(0), ["signin.user.created", "identity.bound"]);
    // The directory delivers them later, as the same person, under an id that need not be the provider's.
    let delivered = RawRecord { external_id: Some("directory-7".to_owned()), ..raw("ada@example.com") };
    let applied = house.directory.apply_record(&record(delivered), DirectoryFeed::Scim, &house.origin).await.unwrap();
    assert_eq!(applied.user_id, id);
    let Holder::Person(account) = access.identify("theirs", &house.origin).await.unwrap() else { panic!("no person") };
    assert_eq!(account.id, id);
}

#[tokio::test]
async fn somebody_whom_the_directory_removed_is_no_newcomer() {
    for key in [
        ("00u1", &["another@example.com"][..]),
        ("another", &["ada@example.com"]),
        ("another", &["another@example.com", "ada@example.com"]),
    ] {
        let house = House::new();
        let ada = RawRecord { external_id: Some("00u1".to_owned()), ..raw("ada@example.com") };
        let ada = house.directory.create_user(&record(ada), "Okta", &house.origin).await.unwrap();
        house.directory.remove_user(ada.id, None, "Okta", &house.origin).await.unwrap();
        let mark = house.mark();
        refused(&house, &welcoming(&house, &provider(key.0, key.1)), "theirs").await;
        assert_eq!(house.actions_since(mark), [""; 0]);
    }
}

#[tokio::test]
async fn a_newcomer_who_makes_no_record_is_refused() {
    let house = House::new();
    for (subject, logins) in [("00u1", &[""][..]), ("00u1", &["a\u{202e}da"]), ("00u1", &[]), ("", &[])] {
        refused(&house, &welcoming(&house, &provider(subject, logins)), "theirs").await;
    }
    assert_eq!(house.actions_since(0), [""; 0]);
}

#[tokio::test]
async fn a_newcomer_is_never_a_local_account() {
    let house = House::new();
    let root = house.insert(house.make.user("root").external_id("00u1").admin().local()).await;
    refused(&house, &welcoming(&house, &provider("00u1", &[])), "theirs").await;
    for (subject, login) in [("00u1", "ada"), ("00u2", "ROOT")] {
        let outcome = welcoming(&house, &provider(subject, &[login])).identify("theirs", &house.origin).await;
        if let Ok(holder) = outcome {
            let Holder::Person(account) = holder else { panic!("{holder:?}") };
            assert_ne!(account.id, root.id);
            assert_eq!(account.role, Role::User);
        }
    }
    assert_eq!(house.profile(root.id).await.user, root);
}

#[tokio::test]
async fn a_newcomer_whose_id_at_the_provider_is_anothers_user_name_neither_becomes_nor_changes_them() {
    let house = House::new();
    let ada = house.insert(house.make.user("ada@example.com").admin()).await;
    let mark = house.mark();
    refused(&house, &welcoming(&house, &provider("ada@example.com", &[])), "theirs").await;
    assert_eq!(house.profile(ada.id).await.user, ada);
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn while_the_provider_cannot_be_reached_only_its_own_tokens_cannot_be_checked() {
    let house = House::new();
    let ada = house.insert(house.make.user("ada").external_id("00u1")).await;
    let provider = Arc::new(Provider { down: true, ..Provider::default() });
    let access = welcoming(&house, &provider);
    let outcome = access.authenticate("theirs", &house.origin).await;
    assert!(matches!(outcome, Err(AuthenticateError::Unavailable(IdentityError::Unavailable(_)))), "{outcome:?}");
    let token = own_token(&house, ada.id);
    access.authenticate(token.expose(), &house.origin).await.unwrap();
    refused(&house, &access, "mst_key_").await;
}

#[tokio::test]
async fn a_store_that_fails_is_no_refusal() {
    let house = House::new();
    let ada = house.user("ada").await;
    let token = own_token(&house, ada.id);
    let key = ApiKeyToken::generate(&*house.make.entropy).expose().to_string();
    let access = welcoming(&house, &provider("00u1", &["ada"]));
    house.store.set_unavailable(true);
    for credential in ["theirs", token.expose(), &key] {
        let outcome = access.authenticate(credential, &house.origin).await;
        assert!(matches!(outcome, Err(AuthenticateError::Store(StoreError::Unavailable(_)))), "{outcome:?}");
    }
}

#[test]
fn an_identity_shows_nothing_of_whose_it_is() {
    assert_eq!(format!("{:?}", identity("00u1", &["ada"])), "Identity(redacted)");
}
