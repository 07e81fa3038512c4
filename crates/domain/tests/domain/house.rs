//! Every service of the domain on one store in memory.

use std::sync::Arc;

use muster_domain::api_key::ApiKeyService;
use muster_domain::audit::{AuditEvent, Origin};
use muster_domain::device::{Device, DeviceService, NewDevice, Platform};
use muster_domain::directory::{
    BrakePolicy, DirectoryRecord, DirectoryService, DirectoryStore, InsertOutcome, RawRecord, UpdateOutcome, UserUpdate,
};
use muster_domain::preferences::PreferenceService;
use muster_domain::session::SessionService;
use muster_domain::user::{ProfileFacts, ProfileReader, User, UserService};
use muster_domain::verification::{
    Allowance, ChannelSet, Code, Method, SendCodeError, SendLimits, SentCode, SmsPrefixes, VerificationService,
    VerificationStatus,
};
use muster_domain::{Clock, UserId};
use muster_testkit::{
    Builders, FakeAccessTokens, FakeHasher, FixedClock, MemoryStore, RecordingSender, SeededEntropy, UserBuilder,
};
use time::{Duration, OffsetDateTime};

pub(crate) struct House {
    pub(crate) store: MemoryStore,
    pub(crate) make: Builders,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) sender: Arc<RecordingSender>,
    pub(crate) access_tokens: Arc<FakeAccessTokens>,
    pub(crate) users: UserService,
    pub(crate) preferences: PreferenceService,
    pub(crate) verification: VerificationService,
    pub(crate) devices: DeviceService,
    pub(crate) sessions: SessionService,
    pub(crate) directory: DirectoryService,
    pub(crate) origin: Origin,
    limits: SendLimits,
}

/// Limits that no test meets by accident.
pub(crate) const GENEROUS: SendLimits =
    SendLimits { per_destination: PLENTY, per_user: PLENTY, installation: PLENTY, sms_prefixes: SmsPrefixes::Any };
const PLENTY: Allowance = Allowance { hour: u32::MAX, day: u32::MAX };

impl House {
    pub(crate) fn new() -> Self {
        Self::with(ChannelSet::ALL, GENEROUS)
    }

    /// A house that has those channels on and sends so many codes.
    pub(crate) fn with(channels: ChannelSet, limits: SendLimits) -> Self {
        let sender = Arc::new(RecordingSender::default());
        let access_tokens = Arc::new(FakeAccessTokens::default());
        Self::over(
            MemoryStore::new(),
            Builders::default(),
            sender,
            access_tokens,
            channels,
            limits,
            FakeHasher::default(),
        )
    }

    /// Another server over the same store, with these keys.
    pub(crate) fn with_keys(&self, keys: FakeHasher) -> Self {
        let (store, make) = (self.store.clone(), self.make.clone());
        let (sender, access_tokens) = (self.sender.clone(), self.access_tokens.clone());
        let (channels, limits) = (self.verification.channels, self.limits.clone());
        Self::over(store, make, sender, access_tokens, channels, limits, keys)
    }

    fn over(
        store: MemoryStore,
        make: Builders,
        sender: Arc<RecordingSender>,
        access_tokens: Arc<FakeAccessTokens>,
        channels: ChannelSet,
        limits: SendLimits,
        keys: FakeHasher,
    ) -> Self {
        let (clock, entropy): (Arc<FixedClock>, Arc<SeededEntropy>) = (make.clock.clone(), make.entropy.clone());
        let shared = Arc::new(store.clone());
        let hasher = Arc::new(keys);
        Self {
            limits: limits.clone(),
            users: UserService {
                profiles: shared.clone(),
                users: shared.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
            },
            preferences: PreferenceService {
                preferences: shared.clone(),
                channels,
                clock: clock.clone(),
                entropy: entropy.clone(),
            },
            verification: VerificationService {
                profiles: shared.clone(),
                store: shared.clone(),
                devices: shared.clone(),
                fingerprinter: hasher.clone(),
                hasher: hasher.clone(),
                email: sender.clone(),
                sms: sender.clone(),
                push: sender.clone(),
                channels,
                limits,
                clock: clock.clone(),
                entropy: entropy.clone(),
            },
            devices: DeviceService {
                devices: shared.clone(),
                fingerprinter: hasher.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
            },
            sessions: SessionService {
                sessions: shared.clone(),
                hasher: hasher.clone(),
                access_tokens: access_tokens.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
                replay_grace: Duration::seconds(60),
            },
            directory: DirectoryService {
                directory: shared.clone(),
                reader: shared,
                fingerprinter: hasher,
                brake: BrakePolicy::default(),
                clock: clock.clone(),
                entropy,
            },
            origin: Origin::system("test"),
            store,
            make,
            clock,
            sender,
            access_tokens,
        }
    }

    pub(crate) fn api_keys(&self) -> ApiKeyService {
        ApiKeyService {
            keys: Arc::new(self.store.clone()),
            hasher: Arc::new(FakeHasher::default()),
            clock: self.clock.clone(),
            entropy: self.make.entropy.clone(),
        }
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    pub(crate) async fn user(&self, name: &str) -> User {
        self.insert(self.make.user(name)).await
    }

    pub(crate) async fn insert(&self, user: UserBuilder) -> User {
        let user = user.build();
        let event = self.make.event("test.user.created", Some(user.id));
        let outcome = self.store.insert_user(&user, &event).await.unwrap();
        assert_eq!(outcome, InsertOutcome::Inserted);
        user
    }

    /// Writes a person over what is stored, as somebody does who writes to the store by hand.
    pub(crate) async fn overwrite(&self, user: &User) {
        let update = UserUpdate {
            expected_version: user.version,
            lost_proofs: Vec::new(),
            duplicates: vec![],
            deactivates: false,
            brake: None,
            notices: Vec::new(),
            at: self.now(),
            user: User { version: user.version + 1, ..user.clone() },
        };
        let outcome = self.store.update_user(&update, &[]).await.unwrap();
        assert_eq!(outcome, UpdateOutcome::Updated);
    }

    pub(crate) async fn profile(&self, id: UserId) -> ProfileFacts {
        self.store.profile(id).await.unwrap().unwrap()
    }

    pub(crate) async fn status(&self, id: UserId) -> VerificationStatus {
        self.profile(id).await.verification(self.verification.channels, self.now())
    }

    pub(crate) async fn device(&self, user: &User, token: &str) -> Device {
        let new = NewDevice { platform: Platform::Android, token: token.to_owned(), name: None, app_version: None };
        self.devices.register(user.id, None, new, &self.origin).await.unwrap().device
    }

    pub(crate) async fn try_send(&self, user: &User, method: Method) -> Result<SentCode, SendCodeError> {
        self.verification.send_code(user.id, method, None, &self.origin).await
    }

    /// Sends a code and returns it, as its reader sees it.
    pub(crate) async fn send(&self, user: &User, method: Method) -> Code {
        self.try_send(user, method).await.unwrap();
        self.sender.last_code().unwrap()
    }

    pub(crate) async fn prove(&self, user: &User, method: Method) {
        let code = self.send(user, method).await;
        self.verification.verify_code(user.id, method, &code, &self.origin).await.unwrap();
    }

    /// The names of what happened since `mark`, and no more.
    pub(crate) fn actions_since(&self, mark: usize) -> Vec<String> {
        self.store.audit_trail().into_iter().skip(mark).map(|event| event.action).collect()
    }

    pub(crate) fn mark(&self) -> usize {
        self.store.audit_trail().len()
    }

    pub(crate) fn last_event(&self) -> AuditEvent {
        self.store.audit_trail().pop().unwrap()
    }
}

/// Some code that is not this one.
pub(crate) fn other_than(code: &Code) -> Code {
    Code::parse(if code.expose() == "000000" { "000001" } else { "000000" }).unwrap()
}

/// What the directory says about a person whose user name is an e-mail address.
pub(crate) fn raw(user_name: &str) -> RawRecord {
    RawRecord {
        user_name: Some(user_name.to_owned()),
        email: Some(user_name.to_owned()),
        phone: Some("+1 202-555-0143".to_owned()),
        ..RawRecord::default()
    }
}

pub(crate) fn record(raw: RawRecord) -> DirectoryRecord {
    DirectoryRecord::parse(raw, None).unwrap()
}
