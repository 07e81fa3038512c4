use std::sync::Arc;

use muster_domain::access::Scope;
use muster_domain::api_key::{ApiKey, ApiKeyHash};
use muster_domain::audit::{AuditEvent, Origin, RevokeReason};
use muster_domain::break_glass::{PasswordHash, PasswordTag, Refusal};
use muster_domain::device::{Device, DeviceLoss, DeviceRemoval, Platform, PushToken, RegistrationEvents};
use muster_domain::directory::{Brake, BrakePolicy, UserRemoval};
use muster_domain::notice::{Notice, NoticeContent};
use muster_domain::session::{
    Ending, Opening, RefreshTokenHasher, Session, SessionService, StoredToken, SuccessorSalt, TokenHash,
};
use muster_domain::team::Team;
use muster_domain::user::{EmailAddress, GivenContacts, Phone, Role, Source, User};
use muster_domain::verification::{
    Challenge, Code, CodeBinding, CodeHasher, Fingerprint, Fingerprinter, Masked, Method,
};
use muster_domain::{ApiKeyId, AuditId, ChallengeId, Clock, DeviceId, Entropy, NoticeId, SessionId, TeamId, UserId};
use serde_json::json;
use time::OffsetDateTime;

use crate::{FakeHasher, FixedClock, SeededEntropy};

/// Makes valid domain values. Each is as of the clock's time, has an id of its own, and is the same on every run.
/// What a test cares about is set with struct update syntax: `Team { active: false, ..make.team("Night") }`.
#[derive(Debug, Clone, Default)]
pub struct Builders {
    /// The time of everything that is made.
    pub clock: Arc<FixedClock>,
    /// Where ids, tokens and codes come from.
    pub entropy: Arc<SeededEntropy>,
    /// Where hashes and fingerprints come from.
    pub hasher: FakeHasher,
}

impl Builders {
    /// The clock's time.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Begins a person: an active one of the directory's, with the e-mail address `NAME@example.com` (if that is one)
    /// and a phone number of their own.
    #[must_use]
    pub fn user(&self, user_name: &str) -> UserBuilder {
        let now = self.now();
        let number = u16::from_le_bytes(self.bytes()) % 10_000;
        let user = User {
            id: UserId::new(now, &*self.entropy),
            external_id: None,
            user_name: user_name.to_owned(),
            display_name: format!("{user_name} Example"),
            given_name: Some(user_name.to_owned()),
            family_name: Some("Example".to_owned()),
            email: EmailAddress::parse(&format!("{user_name}@example.com")).ok(),
            phone: Some(Phone::from_stored(&format!("+1202555{number:04}"), true)),
            given: GivenContacts::default(),
            email_fingerprint: None,
            phone_fingerprint: None,
            time_zone: Some("Europe/London".to_owned()),
            locale: Some("en-GB".to_owned()),
            role: Role::User,
            active: true,
            source: Source::Scim,
            signed_in_first: false,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        UserBuilder { user, hasher: self.hasher }
    }

    /// Begins with a person as they are, to change them.
    #[must_use]
    pub fn edit(&self, user: &User) -> UserBuilder {
        UserBuilder { user: user.clone(), hasher: self.hasher }
    }

    /// An active team that the directory knows.
    #[must_use]
    pub fn team(&self, name: &str) -> Team {
        let created_at = self.now();
        Team {
            id: TeamId::new(created_at, &*self.entropy),
            name: name.to_owned(),
            external_id: None,
            active: true,
            synced_from_directory: true,
            created_at,
        }
    }

    /// An unproven Android phone of that person's.
    #[must_use]
    pub fn device(&self, user_id: UserId) -> Device {
        let now = self.now();
        let token = format!("fake-push-token-{:016x}", u64::from_le_bytes(self.bytes()));
        Device {
            id: DeviceId::new(now, &*self.entropy),
            user_id,
            platform: Platform::Android,
            token_fingerprint: self.hasher.fingerprint(Method::Push, &format!("{}:{token}", Platform::Android)),
            token: PushToken::from_stored(token),
            name: Some("Pixel".to_owned()),
            app_version: Some("1.0.0".to_owned()),
            verified_at: None,
            created_at: now,
            last_seen_at: now,
        }
    }

    /// A live challenge for a destination.
    #[must_use]
    pub fn challenge(&self, user_id: UserId, method: Method, fingerprint: Fingerprint) -> Challenge {
        let now = self.now();
        let id = ChallengeId::new(now, &*self.entropy);
        let binding = CodeBinding { challenge_id: id, user_id, method, fingerprint };
        Challenge {
            id,
            user_id,
            method,
            device_id: None,
            destination: Masked::from_stored("***".to_owned()),
            fingerprint,
            code_hash: CodeHasher::hash(&self.hasher, &binding, &Code::generate(&*self.entropy)),
            opened_at: now,
            resend_after: now + Challenge::COOLDOWN,
            streak: 1,
            expires_at: now + Challenge::LIFETIME,
            failed_attempts: 0,
            closure: None,
        }
    }

    /// A live challenge for a device.
    #[must_use]
    pub fn push_challenge(&self, device: &Device) -> Challenge {
        Challenge {
            device_id: Some(device.id),
            ..self.challenge(device.user_id, Method::Push, device.token_fingerprint)
        }
    }

    /// A live session of that person's, on no registered device.
    #[must_use]
    pub fn session(&self, user_id: UserId) -> Session {
        let now = self.now();
        Session {
            id: SessionId::new(now, &*self.entropy),
            user_id,
            device_name: Some("Pixel".to_owned()),
            device_id: None,
            created_at: now,
            last_used_at: now,
            expires_at: now + SessionService::LIFETIME,
            revocation: None,
        }
    }

    /// A family's first token, of which nobody knows the plain text.
    #[must_use]
    pub fn token(&self) -> StoredToken {
        StoredToken {
            hash: TokenHash(self.bytes()),
            parent: None,
            salt: self.salt(),
            successor_key: Some(self.hasher.key()),
            superseded_at: None,
        }
    }

    /// A salt.
    #[must_use]
    pub fn salt(&self) -> SuccessorSalt {
        SuccessorSalt(self.bytes())
    }

    /// A key that was never used and has no end, for reading people.
    #[must_use]
    pub fn api_key(&self, name: &str) -> ApiKey {
        let created_at = self.now();
        ApiKey {
            id: ApiKeyId::new(created_at, &*self.entropy),
            name: name.to_owned(),
            prefix: "mst_key_Fake".to_owned(),
            scopes: vec![Scope::UsersRead],
            created_at,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        }
    }

    /// The hash of a key that nobody has.
    #[must_use]
    pub fn api_key_hash(&self) -> ApiKeyHash {
        ApiKeyHash(self.bytes())
    }

    /// A local admin as a break-glass account of that name has them.
    #[must_use]
    pub fn break_glass_admin(&self, name: &str) -> User {
        let user = self.user(&format!("break-glass: {name}")).local().admin().build();
        User { email: None, email_fingerprint: None, phone: None, phone_fingerprint: None, ..user }
    }

    /// The hash of a password that nobody has.
    ///
    /// # Panics
    /// Never: it has the form of one.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the text begins as it must")]
    pub fn password_hash(&self) -> PasswordHash {
        let text = format!("$argon2id$fake${:016x}", u64::from_le_bytes(self.bytes()));
        PasswordHash::parse(text).expect("the form of a hash")
    }

    /// What somebody is told over a channel about an e-mail address that changed; not tried yet.
    #[must_use]
    pub fn notice(&self, user_id: UserId, channel: Method) -> Notice {
        let created_at = self.now();
        let destination = Some(Masked::from_stored("ad***@example.com".to_owned()));
        let content = NoticeContent::ContactChanged { method: Method::Email, destination };
        Notice { id: NoticeId::new(created_at, &*self.entropy), user_id, channel, content, created_at, attempts: 0 }
    }

    /// The removal of somebody as they are, held to nothing.
    #[must_use]
    pub fn removal(&self, user: &User) -> UserRemoval {
        UserRemoval { id: user.id, expected_version: user.version, brake: None, at: self.now() }
    }

    /// What a client's deactivation of somebody is held to, with the records named by test actions.
    #[must_use]
    pub fn brake(&self, client: &str, policy: BrakePolicy, subject: UserId) -> Brake {
        Brake {
            client: client.to_owned(),
            policy,
            since: self.now() - Brake::WINDOW,
            engaged: self.event("test.brake.engaged", None),
            refused: self.event("test.brake.refused", Some(subject)),
        }
    }

    /// An ending of sessions, with the domain's own records.
    #[must_use]
    pub fn ending(&self, reason: RevokeReason, owner: Option<UserId>) -> Ending {
        Ending::new(reason, owner, self.now(), &*self.entropy, &Origin::system("testkit"))
    }

    /// A session that is opened with a new token, within the domain's limit.
    #[must_use]
    pub fn opening(&self, session: Session) -> Opening {
        let surplus = self.ending(RevokeReason::TooMany, Some(session.user_id));
        Opening { session, token: self.token(), presented: None, max: SessionService::MAX_PER_USER, surplus }
    }

    /// The removal of a device of that person by themself, whose sessions on it end.
    #[must_use]
    pub fn device_removal(&self, user_id: UserId, id: DeviceId) -> DeviceRemoval {
        let ending = Some(self.ending(RevokeReason::DeviceRemoved, Some(user_id)));
        let (reason, at) = (DeviceLoss::RemovedByOwner, self.now());
        DeviceRemoval { user_id, id, reason, at, ending, spared: None, unless_seen_after: None }
    }

    /// A refused attempt to sign in, with the records named by test actions.
    #[must_use]
    pub fn refusal(&self, account: Option<&str>) -> Refusal {
        let account = account.map(str::to_owned);
        let (refused, flooded) = (self.event("test.refused", None), self.event("test.flooded", None));
        Refusal { account, at: self.now(), refused, flooded, notices: vec![] }
    }

    /// The tag of a password that nobody has.
    #[must_use]
    pub fn password_tag(&self) -> PasswordTag {
        PasswordTag(u32::from_le_bytes(self.bytes()))
    }

    /// A record of something that no use case does, named by `action`.
    #[must_use]
    pub fn event(&self, action: &str, subject: Option<UserId>) -> AuditEvent {
        let at = self.now();
        AuditEvent {
            id: AuditId::new(at, &*self.entropy),
            at,
            action: action.to_owned(),
            subject,
            details: json!({}),
            origin: Origin::system("testkit"),
        }
    }

    /// The records that go with a device's registration, named like the domain's.
    #[must_use]
    pub fn registration_events(&self, device: &Device) -> RegistrationEvents {
        let details = json!({ "deviceId": device.id, "platform": device.platform });
        let event = |action, subject| AuditEvent { details: details.clone(), ..self.event(action, subject) };
        RegistrationEvents {
            registered: event("device.registered", Some(device.user_id)),
            updated: event("device.updated", Some(device.user_id)),
            released: AuditEvent {
                details: json!({ "platform": device.platform }),
                ..self.event("device.released", None)
            },
            ending: self.ending(RevokeReason::DeviceReleased, None),
        }
    }

    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }
}

/// A person in the making; see [`Builders::user`]. The fingerprints follow from the contacts.
#[derive(Debug, Clone)]
pub struct UserBuilder {
    user: User,
    hasher: FakeHasher,
}

impl UserBuilder {
    /// Sets the e-mail address.
    #[must_use]
    pub fn email(mut self, email: Option<EmailAddress>) -> Self {
        self.user.email = email;
        self
    }

    /// What the directory sent as contacts, where it is not what was understood.
    #[must_use]
    pub fn given(mut self, email: Option<&str>, phone: Option<&str>) -> Self {
        self.user.given = GivenContacts { email: email.map(str::to_owned), phone: phone.map(str::to_owned) };
        self
    }

    /// Sets the phone number.
    #[must_use]
    pub fn phone(mut self, phone: Option<Phone>) -> Self {
        self.user.phone = phone;
        self
    }

    /// Sets the sign-in name.
    #[must_use]
    pub fn user_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.user.user_name);
        self
    }

    /// Sets the name to show.
    #[must_use]
    pub fn display_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.user.display_name);
        self
    }

    /// Sets the directory's own id.
    #[must_use]
    pub fn external_id(mut self, id: &str) -> Self {
        self.user.external_id = Some(id.to_owned());
        self
    }

    /// Makes the person a local account, which the directory does not know.
    #[must_use]
    pub fn local(mut self) -> Self {
        self.user.source = Source::Local;
        self
    }

    /// Makes the person an admin.
    #[must_use]
    pub fn admin(mut self) -> Self {
        self.user.role = Role::Admin;
        self
    }

    /// Makes the person a deactivated one.
    #[must_use]
    pub fn deactivated(mut self) -> Self {
        self.user.active = false;
        self
    }

    /// The person.
    #[must_use]
    pub fn build(self) -> User {
        let Self { user, hasher } = self;
        let email = user.email.as_ref().map(|address| hasher.fingerprint(Method::Email, &address.normalized()));
        let number = user.phone.as_ref().and_then(Phone::deliverable);
        let phone = number.map(|number| hasher.fingerprint(Method::Sms, number.as_str()));
        User { email_fingerprint: email, phone_fingerprint: phone, ..user }
    }
}
