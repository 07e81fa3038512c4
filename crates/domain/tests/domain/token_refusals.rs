//! Why tokens of the identity provider are refused, and the names of people whose tokens have none.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use muster_domain::access::{
    AccessService, AuthenticateError, Holder, Identity, IdentityError, IdentityTokens, TokenRefusal,
};
use muster_domain::directory::{BrakePolicy, DirectoryService};
use muster_domain::user::EmailAddress;
use muster_testkit::FakeHasher;
use time::{Duration, OffsetDateTime};

use crate::house::House;

/// What the provider's userinfo does.
#[derive(Clone, Copy)]
enum UserInfo {
    Gives(&'static str),
    GivesNothing,
    IsDown,
    IsAskedTooOften,
}

/// A provider whose one token, `theirs`, has this subject and these names, unless it is refused.
struct Provider {
    subject: &'static str,
    logins: &'static [&'static str],
    refusal: Option<TokenRefusal>,
    userinfo: UserInfo,
    asked: Mutex<u32>,
}

fn provider(subject: &'static str, logins: &'static [&'static str], userinfo: UserInfo) -> Provider {
    Provider { subject, logins, refusal: None, userinfo, asked: Mutex::new(0) }
}

fn identity(subject: &str, logins: &[&str]) -> Identity {
    Identity {
        issuer: "https://idp.example".to_owned(),
        subject: subject.to_owned(),
        logins: logins.iter().map(|login| (*login).to_owned()).collect(),
        email: EmailAddress::parse("ada@example.com").ok(),
        display_name: Some("Ada".to_owned()),
        issued_at: None,
    }
}

#[async_trait]
impl IdentityTokens for Provider {
    async fn verify(&self, _: &str, _: OffsetDateTime) -> Result<Identity, IdentityError> {
        self.refusal
            .map_or_else(|| Ok(identity(self.subject, self.logins)), |reason| Err(IdentityError::Refused(reason)))
    }

    async fn complete(&self, token: &str, identity: &Identity) -> Result<Option<Identity>, IdentityError> {
        assert_eq!((token, identity.subject.as_str()), ("theirs", self.subject));
        *self.asked.lock().unwrap() += 1;
        match self.userinfo {
            UserInfo::Gives(login) => Ok(Some(self::identity(self.subject, &[login]))),
            UserInfo::GivesNothing => Ok(None),
            UserInfo::IsDown => Err(IdentityError::Unavailable("told to be down".into())),
            UserInfo::IsAskedTooOften => Err(IdentityError::NotYet { retry_after: Duration::seconds(3) }),
        }
    }
}

fn access(house: &House, provider: &Arc<Provider>, adds_people: bool) -> AccessService {
    let newcomers = adds_people.then(|| DirectoryService {
        directory: Arc::new(house.store.clone()),
        reader: Arc::new(house.store.clone()),
        brake: BrakePolicy::default(),
        fingerprinter: Arc::new(FakeHasher::default()),
        clock: house.clock.clone(),
        entropy: house.make.entropy.clone(),
    });
    AccessService {
        users: Arc::new(house.store.clone()),
        access_tokens: house.access_tokens.clone(),
        identities: Some(provider.clone()),
        people: Arc::new(house.store.clone()),
        keys: house.api_keys(),
        newcomers,
        clock: house.clock.clone(),
        entropy: house.make.entropy.clone(),
    }
}

async fn reason(house: &House, provider: Provider, adds_people: bool) -> TokenRefusal {
    match access(house, &Arc::new(provider), adds_people).identify("theirs", &house.origin).await {
        Err(AuthenticateError::TokenRefused(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn refusal_of_the_provider_is_handed_on() {
    let house = House::new();
    for refusal in TokenRefusal::ALL {
        let refusing = Provider { refusal: Some(refusal), ..provider("00u1", &[], UserInfo::GivesNothing) };
        assert_eq!(reason(&house, refusing, true).await, refusal);
    }
}

#[tokio::test]
async fn person_who_is_not_let_in_has_a_reason() {
    let house = House::new();
    house.insert(house.make.user("gone").external_id("00u1").deactivated()).await;
    let cases = [
        (provider("00u1", &[], UserInfo::Gives("other")), true, TokenRefusal::Deactivated),
        (provider("other", &["gone"], UserInfo::Gives("other")), true, TokenRefusal::Deactivated),
        (provider("other", &[], UserInfo::Gives("gone")), true, TokenRefusal::Deactivated),
        (provider("other", &["nobody"], UserInfo::Gives("other")), false, TokenRefusal::UnknownPerson),
        (provider("other", &[], UserInfo::Gives("nobody")), false, TokenRefusal::UnknownPerson),
        (provider("other", &[], UserInfo::GivesNothing), false, TokenRefusal::NoName),
        (provider("other", &[], UserInfo::GivesNothing), true, TokenRefusal::NoName),
        // A name that makes no record.
        (provider("other", &["a\u{202e}da"], UserInfo::GivesNothing), true, TokenRefusal::UnknownPerson),
    ];
    for (provider, adds_people, expected) in cases {
        assert_eq!(reason(&house, provider, adds_people).await, expected);
    }
}

#[tokio::test]
async fn userinfo_is_asked_for_people_alone_who_have_no_name_and_are_not_on_record() {
    let house = House::new();
    let ada = house.insert(house.make.user("ada").external_id("00u1")).await;
    for (subject, logins, asked) in
        [("00u1", &[][..], 0), ("other", &["ada"], 0), ("other", &[], 0), ("unbound", &[], 1)]
    {
        let provider = Arc::new(provider(subject, logins, UserInfo::Gives("ada")));
        let holder = access(&house, &provider, false).identify("theirs", &house.origin).await.unwrap();
        let Holder::Person(account) = holder else { panic!("{holder:?}") };
        assert_eq!(account.id, ada.id);
        assert_eq!(*provider.asked.lock().unwrap(), asked, "{subject} with {logins:?}");
    }
    let provider = Arc::new(provider("stranger", &["nobody"], UserInfo::Gives("ada")));
    let outcome = access(&house, &provider, false).identify("theirs", &house.origin).await;
    assert!(matches!(outcome, Err(AuthenticateError::TokenRefused(TokenRefusal::UnknownPerson))), "{outcome:?}");
    assert_eq!(*provider.asked.lock().unwrap(), 0, "the token's own names are enough");
}

#[tokio::test]
async fn person_whose_token_has_no_name_is_added_under_the_one_that_userinfo_gives() {
    let house = House::new();
    let provider = Arc::new(provider("00u1", &[], UserInfo::Gives("ada@example.com")));
    let access = access(&house, &provider, true);
    let Holder::Person(account) = access.identify("theirs", &house.origin).await.unwrap() else { panic!("no person") };
    let user = house.profile(account.id).await.user;
    assert_eq!((user.user_name.as_str(), user.display_name.as_str()), ("ada@example.com", "Ada"));
    assert_eq!(house.actions_since(0), ["signin.user.created", "identity.bound"]);
}

#[tokio::test]
async fn outage_of_userinfo_is_no_refusal() {
    let house = House::new();
    for (userinfo, later) in [(UserInfo::IsDown, false), (UserInfo::IsAskedTooOften, true)] {
        let provider = Arc::new(provider("00u1", &[], userinfo));
        let outcome = access(&house, &provider, true).identify("theirs", &house.origin).await;
        let Err(AuthenticateError::Unavailable(error)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(
            matches!(error, IdentityError::NotYet { retry_after } if retry_after == Duration::seconds(3)),
            later
        );
    }
    assert_eq!(house.actions_since(0), [""; 0]);
}
