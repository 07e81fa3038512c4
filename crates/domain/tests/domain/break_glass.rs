mod attempts;

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use muster_domain::access::{
    AccessService, AccessTokens, Audience, AuthenticateError, Candidates, IdentityKey, IdentityStore, Principal,
};
use muster_domain::audit::{Actor, Origin};
use muster_domain::break_glass::{
    AccountName, BreakGlassService, BreakGlassStore, CreateAccountError, CreatedAccount, Lane, Password, PasswordError,
    PasswordHash, PasswordHasher, PasswordTag, PasswordTurn, SignInError, SignedIn,
};
use muster_domain::notice::{Due, Notice, NoticeContent, NoticeStore};
use muster_domain::user::{Role, Source, UserQuery, UserStore};
use muster_domain::verification::Method;
use muster_domain::{StoreError, UserId};
use muster_testkit::{FakePasswordHasher, FixedClock};
use serde_json::json;
use time::Duration;

use crate::house::House;

/// A house with a door for emergencies.
struct Glass {
    house: House,
    hasher: Arc<FakePasswordHasher>,
    service: BreakGlassService,
}

impl Glass {
    fn new() -> Self {
        let house = House::new();
        let hasher = Arc::new(FakePasswordHasher::default());
        let service = BreakGlassService {
            accounts: Arc::new(house.store.clone()),
            passwords: hasher.clone(),
            clock: house.clock.clone(),
            entropy: house.make.entropy.clone(),
        };
        Self { house, hasher, service }
    }

    async fn create(&self, name: &str) -> CreatedAccount {
        self.service.create(AccountName::parse(name).unwrap(), &self.house.origin).await.unwrap()
    }

    async fn sign_in(&self, name: &str, password: &Password, ip: &str) -> Result<SignedIn, SignInError> {
        self.try_sign_in(name, Some(password), &from(ip)).await
    }

    async fn try_sign_in(
        &self,
        name: &str,
        password: Option<&Password>,
        origin: &Origin,
    ) -> Result<SignedIn, SignInError> {
        self.service.sign_in(name, password, &*self.house.access_tokens, origin).await
    }

    fn access(&self) -> AccessService {
        AccessService {
            users: Arc::new(self.house.store.clone()),
            access_tokens: self.house.access_tokens.clone(),
            identities: None,
            people: Arc::new(self.house.store.clone()),
            keys: self.house.api_keys(),
            newcomers: None,
            clock: self.house.clock.clone(),
            entropy: self.house.make.entropy.clone(),
        }
    }

    /// What waits to be sent, by whom it is for.
    async fn notices(&self) -> Vec<Notice> {
        let now = self.house.now();
        let mut notices = self.house.store.claim(Due { now, again_at: now, limit: u16::MAX }).await.unwrap();
        notices.sort_by_key(|notice| notice.user_id);
        notices
    }
}

fn from(ip: &str) -> Origin {
    Origin { actor: Actor::Anonymous, ip: Some(ip.parse().unwrap()), user_agent: None, request_id: None }
}

fn typed(password: &str) -> Password {
    Password::typed(password.to_owned()).unwrap()
}

fn is_refused(outcome: &Result<SignedIn, SignInError>) -> bool {
    matches!(outcome, Err(SignInError::Refused))
}

#[tokio::test]
async fn a_new_account_is_a_local_admin_whose_password_only_its_maker_sees() {
    let glass = Glass::new();
    let created = glass.create(" Night watch ").await;
    assert_eq!(created.name, "Night watch");
    let user = glass.house.profile(created.user_id).await.user;
    assert_eq!((user.role, user.source, user.active), (Role::Admin, Source::Local, true));
    assert_eq!((user.email, user.phone, user.external_id), (None, None, None));

    let event = glass.house.last_event();
    assert_eq!((event.action.as_str(), event.subject), ("breakglass.created", Some(created.user_id)));
    assert_eq!(event.origin, glass.house.origin);
    assert_eq!(event.details, json!({ "account": "Night watch", "severity": "high" }));

    let password = created.password.expose();
    let groups: Vec<_> = password.split('-').collect();
    assert_eq!((groups.len(), password.len()), (6, 35));
    assert!(groups.iter().all(|group| group.len() == 5 && group.bytes().all(|b| b.is_ascii_alphanumeric())));
    assert_eq!(format!("{:?}", created.password), "Password(redacted)");
    assert!(!format!("{created:?}{event:?}{:?}", glass.service.list().await.unwrap()).contains(password));
    assert!(!glass.create("Day watch").await.password.expose().eq(password));
}

#[tokio::test]
async fn a_name_is_one_working_accounts_alone() {
    let glass = Glass::new();
    let first = glass.create("Night").await;
    let mark = glass.house.mark();
    let again = glass.service.create(AccountName::parse(" nIGHT ").unwrap(), &glass.house.origin).await;
    assert!(matches!(again, Err(CreateAccountError::NameTaken)), "{again:?}");
    assert_eq!(glass.house.mark(), mark);
    assert!(glass.service.revoke(" NIGHT", &glass.house.origin).await.unwrap());
    glass.house.clock.advance(Duration::MINUTE);
    let second = glass.create("night").await;
    let listed = glass.service.list().await.unwrap();
    let ids: Vec<UserId> = listed.iter().map(|account| account.user_id).collect();
    assert_eq!(ids, [second.user_id, first.user_id], "newest first");
    assert_eq!(listed[1].revoked_at, Some(FixedClock::START));
    // The old password stays dead, and the new one is another account's.
    assert!(is_refused(&glass.sign_in("night", &first.password, "192.0.2.1").await));
    glass.sign_in("night", &second.password, "192.0.2.1").await.unwrap();
}

#[tokio::test]
async fn a_sign_in_is_good_for_half_an_hour_as_a_break_glass_admin() {
    let glass = Glass::new();
    let created = glass.create("Night").await;
    glass.house.clock.set(FixedClock::START + Duration::milliseconds(700));
    let signed_in = glass.sign_in("Night", &created.password, "192.0.2.1").await.unwrap();
    let expires_at = FixedClock::START + Duration::minutes(30);
    assert_eq!(signed_in.expires_at, expires_at, "in whole seconds, as the token counts");
    let claims = glass.house.access_tokens.verify(signed_in.access_token.expose(), glass.house.now()).unwrap();
    assert_eq!((claims.user_id, claims.session_id, claims.audience), (created.user_id, None, Audience::BreakGlass));
    assert_eq!((claims.issued_at, claims.expires_at), (FixedClock::START, expires_at));

    let access = glass.access();
    let (principal, session) = access.authenticate(signed_in.access_token.expose(), &from("::1")).await.unwrap();
    assert_eq!((principal, session), (Principal::BreakGlass { id: created.user_id }, None));
    glass.house.clock.set(expires_at);
    let late = access.authenticate(signed_in.access_token.expose(), &from("::1")).await;
    assert!(matches!(late, Err(AuthenticateError::Refused)), "{late:?}");
    assert_eq!(
        glass.service.list().await.unwrap()[0].last_used_at,
        Some(FixedClock::START + Duration::milliseconds(700))
    );
}

#[tokio::test]
async fn the_name_is_taken_as_people_type_it_and_the_password_as_it_is() {
    let glass = Glass::new();
    let created = glass.create("Night Watch").await;
    for name in ["Night Watch", "night watch", "  NIGHT WATCH\t"] {
        glass.sign_in(name, &created.password, "192.0.2.1").await.unwrap();
        assert_eq!(glass.house.last_event().details["account"], json!("Night Watch"));
    }
    for name in ["NightWatch", "night  watch", "night", ""] {
        assert!(is_refused(&glass.sign_in(name, &created.password, "192.0.2.2").await), "{name}");
    }
    let password = created.password.expose();
    for wrong in [password.to_uppercase(), format!(" {password}"), password.replace('-', ""), String::new()] {
        assert!(is_refused(&glass.sign_in("Night Watch", &typed(&wrong), "192.0.2.3").await));
    }
}

/// Whoever tries names learns nothing from the answer, from how long it takes, or from what is written.
#[tokio::test]
async fn every_refusal_is_the_same_answer_after_the_same_work() {
    let glass = Glass::new();
    let works = glass.create("works").await;
    let revoked = glass.create("revoked").await;
    assert!(glass.service.revoke("revoked", &glass.house.origin).await.unwrap());
    let wrong = typed("wrong");
    for (name, password, account) in [
        ("works", Some(&wrong), Some("works")),
        ("works", None, Some("works")),
        ("works", Some(&revoked.password), Some("works")),
        ("revoked", Some(&revoked.password), None),
        ("revoked", Some(&works.password), None),
        ("nobody", Some(&works.password), None),
        ("nobody", None, None),
    ] {
        let (mark, checked) = (glass.house.mark(), glass.hasher.checked());
        let outcome = glass.try_sign_in(name, password, &from("192.0.2.1")).await;
        assert!(is_refused(&outcome), "{name}: {outcome:?}");
        assert_eq!(glass.hasher.checked(), checked + 1, "{name}");
        assert_eq!(glass.house.actions_since(mark), ["breakglass.refused"], "{name}");
        let event = glass.house.last_event();
        assert_eq!((event.subject, event.origin), (None, from("192.0.2.1")));
        // What was typed as the name of nobody may be a password in the wrong field.
        assert_eq!(event.details, json!({ "account": account, "severity": "high" }));
    }
    let checked = glass.hasher.checked();
    glass.sign_in("works", &works.password, "192.0.2.1").await.unwrap();
    assert_eq!(glass.hasher.checked(), checked + 1, "and so is a success");
}

#[tokio::test]
async fn each_use_is_recorded_and_told_to_every_active_admin_of_the_directory() {
    let glass = Glass::new();
    let ada = glass.house.insert(glass.house.make.user("ada").admin()).await;
    let ben = glass.house.insert(glass.house.make.user("ben").admin()).await;
    glass.house.insert(glass.house.make.user("gone").admin().deactivated()).await;
    glass.house.user("grace").await;
    glass.create("Other").await;
    let created = glass.create("Night").await;
    let mark = glass.house.mark();
    glass.sign_in("Night", &created.password, "192.0.2.7").await.unwrap();

    assert_eq!(glass.house.actions_since(mark), ["breakglass.used"]);
    let event = glass.house.last_event();
    assert_eq!(event.details, json!({ "account": "Night", "adminsTold": 2, "severity": "high" }));
    assert_eq!(event.subject, Some(created.user_id));
    assert_eq!(event.origin, from("192.0.2.7").by_user(created.user_id));

    let notices = glass.notices().await;
    let mut told: Vec<UserId> = notices.iter().map(|notice| notice.user_id).collect();
    told.dedup();
    let mut admins = [ada.id, ben.id];
    admins.sort();
    assert_eq!((notices.len(), told), (2, admins.to_vec()), "one each");
    let ip: Option<IpAddr> = Some([192, 0, 2, 7].into());
    let content = NoticeContent::BreakGlassUsed { account: "Night".to_owned(), ip, at: glass.house.now() };
    assert!(notices.iter().all(|notice| notice.channel == Method::Email && notice.content == content));

    glass.sign_in("Night", &created.password, "192.0.2.7").await.unwrap();
    assert_eq!(glass.notices().await.len(), 4, "each use anew");
}

#[tokio::test]
async fn whoever_is_signed_in_with_a_revoked_account_is_refused_from_then_on() {
    let glass = Glass::new();
    let created = glass.create("Night").await;
    let token = glass.sign_in("Night", &created.password, "192.0.2.1").await.unwrap().access_token;
    let access = glass.access();
    access.authenticate(token.expose(), &glass.house.origin).await.unwrap();

    assert!(glass.service.revoke("night", &glass.house.origin).await.unwrap());
    let event = glass.house.last_event();
    assert_eq!((event.action.as_str(), event.subject), ("breakglass.revoked", Some(created.user_id)));
    assert_eq!(event.details, json!({ "account": "Night", "severity": "high" }));
    assert!(!glass.house.profile(created.user_id).await.user.active);
    let refused = access.authenticate(token.expose(), &glass.house.origin).await;
    assert!(matches!(refused, Err(AuthenticateError::Refused)), "{refused:?}");

    let mark = glass.house.mark();
    for name in ["night", "nobody"] {
        assert!(!glass.service.revoke(name, &glass.house.origin).await.unwrap());
    }
    assert_eq!(glass.house.mark(), mark);
}

/// Something that happens while a password is being checked, which is right.
struct Meanwhile {
    glass: Glass,
    the_store_fails: bool,
}

struct MeanwhileHasher(Arc<Meanwhile>);

#[async_trait]
impl PasswordHasher for MeanwhileHasher {
    async fn hash_password(&self, password: &Password) -> Result<PasswordHash, PasswordError> {
        self.0.glass.hasher.hash_password(password).await
    }

    fn tag(&self, password: &Password) -> PasswordTag {
        self.0.glass.hasher.tag(password)
    }

    async fn turn(&self, _: Lane) -> Result<Box<dyn PasswordTurn>, PasswordError> {
        Ok(Box::new(MeanwhileTurn(self.0.clone())))
    }
}

struct MeanwhileTurn(Arc<Meanwhile>);

#[async_trait]
impl PasswordTurn for MeanwhileTurn {
    async fn is_password(self: Box<Self>, _: &Password, _: Option<PasswordHash>) -> Result<bool, PasswordError> {
        let Meanwhile { glass, the_store_fails } = &*self.0;
        if *the_store_fails {
            glass.house.store.set_unavailable(true);
        } else {
            assert!(glass.service.revoke("Night", &glass.house.origin).await.unwrap());
        }
        Ok(true)
    }
}

/// What comes of a sign-in during which that happens, what is then on record of it, and how many notices.
async fn meanwhile(the_store_fails: bool) -> (Result<SignedIn, SignInError>, Vec<String>, usize) {
    let glass = Glass::new();
    glass.house.insert(glass.house.make.user("ada").admin()).await;
    let created = glass.create("Night").await;
    let mark = glass.house.mark();
    let hasher = Arc::new(Meanwhile { glass, the_store_fails });
    let house = &hasher.glass.house;
    let service = BreakGlassService {
        accounts: Arc::new(house.store.clone()),
        passwords: Arc::new(MeanwhileHasher(hasher.clone())),
        clock: house.clock.clone(),
        entropy: house.make.entropy.clone(),
    };
    let outcome = service.sign_in("Night", Some(&created.password), &*house.access_tokens, &from("::1")).await;
    house.store.set_unavailable(false);
    (outcome, house.actions_since(mark), hasher.glass.notices().await.len())
}

#[tokio::test]
async fn an_account_that_is_revoked_while_its_password_is_checked_signs_nobody_in() {
    let (outcome, actions, notices) = meanwhile(false).await;
    assert!(is_refused(&outcome), "{outcome:?}");
    assert_eq!((actions, notices), (vec!["breakglass.revoked".to_owned(), "breakglass.refused".to_owned()], 0));
}

#[tokio::test]
async fn a_use_that_cannot_be_recorded_signs_nobody_in() {
    let (outcome, actions, notices) = meanwhile(true).await;
    assert!(matches!(outcome, Err(SignInError::Store(StoreError::Unavailable(_)))), "{outcome:?}");
    assert_eq!((actions, notices), (vec![], 0));
}

#[test]
fn a_password_longer_than_256_bytes_is_none() {
    assert!(Password::typed("x".repeat(256)).is_some());
    assert!(Password::typed("x".repeat(257)).is_none());
    assert!(Password::typed("é".repeat(129)).is_none(), "bytes, not characters");
}

#[tokio::test]
async fn a_hasher_that_is_busy_is_no_refusal_and_is_passed_on() {
    let glass = Glass::new();
    let created = glass.create("Night").await;
    glass.hasher.set_busy(true);
    let mark = glass.house.mark();
    for (name, password) in [("Night", Some(&created.password)), ("nobody", Some(&created.password)), ("Night", None)] {
        match glass.try_sign_in(name, password, &from("192.0.2.1")).await {
            Err(SignInError::Password(PasswordError::Busy { retry_after })) => {
                assert_eq!(retry_after, FakePasswordHasher::RETRY_AFTER);
            }
            other => panic!("{other:?}"),
        }
    }
    let create = glass.service.create(AccountName::parse("Day").unwrap(), &glass.house.origin).await;
    assert!(matches!(create, Err(CreateAccountError::Password(PasswordError::Busy { .. }))), "{create:?}");
    assert_eq!(glass.house.mark(), mark);
    glass.hasher.set_busy(false);
    glass.sign_in("Night", &created.password, "192.0.2.1").await.unwrap();
}

#[tokio::test]
async fn a_signing_key_that_is_broken_signs_nobody_in() {
    let glass = Glass::new();
    let created = glass.create("Night").await;
    glass.house.access_tokens.break_key();
    let outcome = glass.sign_in("Night", &created.password, "192.0.2.1").await;
    assert!(matches!(outcome, Err(SignInError::Signing(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_store_that_fails_is_no_refusal() {
    let glass = Glass::new();
    let created = glass.create("Night").await;
    glass.house.store.set_unavailable(true);
    let outcome = glass.sign_in("Night", &created.password, "192.0.2.1").await;
    assert!(matches!(outcome, Err(SignInError::Store(StoreError::Unavailable(_)))), "{outcome:?}");
}

#[tokio::test]
async fn nobody_finds_a_break_glass_admin_in_a_list_or_by_an_identity_providers_word() {
    let glass = Glass::new();
    let ada = glass.house.insert(glass.house.make.user("ada").admin()).await;
    glass.create("Night").await;
    let listed = UserStore::list(&glass.house.store, &UserQuery::default()).await.unwrap();
    assert_eq!(listed.iter().map(|user| user.id).collect::<Vec<_>>(), [ada.id]);
    for login in ["Night", "break-glass: Night"] {
        assert_eq!(glass.house.store.find_login(login).await.unwrap(), None);
        let (issuer, subject, logins) = (String::new(), login.to_owned(), vec![login.to_owned()]);
        let key = IdentityKey { issuer, subject, logins, email: None };
        assert_eq!(glass.house.store.candidates(&key).await.unwrap(), Candidates::default());
    }
    assert_eq!(BreakGlassStore::admins(&glass.house.store).await.unwrap(), [ada.id]);
}
