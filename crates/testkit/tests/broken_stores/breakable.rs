//! The store in memory with every method in reach of whoever wants to break one.
//!
//! For each port there is a trait whose methods do what `MemoryStore` does unless they are overridden; `Broken` makes
//! the port of it.

use async_trait::async_trait;
use muster_domain::access::{AdmitOutcome, BindOutcome, Binding, Candidates, IdentityKey, IdentityStore};
use muster_domain::api_key::{ApiKey, ApiKeyHash, ApiKeyStore, KeyRotation, RotateKeyOutcome};
use muster_domain::audit::chain::{AuditChain, ChainMarks, Forgetting, SealedRecord, Sealing, Unsealed};
use muster_domain::audit::{AuditEvent, AuditQuery, AuditReader};
use muster_domain::break_glass::{
    AttemptLimit, BreakGlassAccount, BreakGlassStore, Credential, PasswordHash, PasswordTag, Refusal,
};
use muster_domain::device::{Device, DeviceRemoval, DeviceStore, RegisterOutcome, RegistrationEvents};
use muster_domain::directory::{
    DirectoryQuery, DirectoryReader, DirectoryStore, EngagedBrake, Found, Group, GroupAttribute, GroupUpdate,
    InsertOutcome, KnownPeople, PersonKey, UpdateOutcome, UserAttribute, UserRemoval, UserUpdate,
};
use muster_domain::housekeeping::{Bookmark, Housekeeping, OldDevice, Purged, Stale};
use muster_domain::key_rotation::{FingerprintMove, KeyCount, KeyRotationStore, StoredFingerprint};
use muster_domain::notice::{Due, Notice, NoticeStore};
use muster_domain::preferences::{PreferenceStore, Preferences, StoredPreferences};
use muster_domain::session::{
    Ending, IssueOutcome, Opening, RefreshCandidate, RotateOutcome, Rotation, Session, SessionStore, TokenHash,
};
use muster_domain::team::{Member, MemberRoleOutcome, RoleChange, Team, TeamFacts, TeamQuery, TeamStore, TeamSummary};
use muster_domain::user::{
    Account, ProfileFacts, ProfileReader, Role, RoleOutcome, User, UserQuery, UserStore, UserSummary,
};
use muster_domain::verification::{
    Census, Challenge, ChannelSet, Delivery, Fingerprint, Method, OpenOutcome, Quota, ReadinessReader, Refused,
    VerificationStore,
};
use muster_domain::{ApiKeyId, ChallengeId, KeyId, NoticeId, SessionId, StoreError, StoreHealth, TeamId, UserId};
use muster_testkit::MemoryStore;
use time::OffsetDateTime;
use uuid::Uuid;

/// Makes the ports of what is breakable.
pub(crate) struct Broken<T>(pub(crate) T);

/// Where a broken store keeps what it keeps.
pub(crate) trait Kept: Send + Sync + 'static {
    fn kept(&self) -> &MemoryStore;
}

/// Names what is to be broken, each over a store in memory.
macro_rules! over_memory {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        struct $name(muster_testkit::MemoryStore);

        impl $crate::breakable::Kept for $name {
            fn kept(&self) -> &muster_testkit::MemoryStore {
                &self.0
            }
        }
    )*};
}
pub(crate) use over_memory;

/// Opens a challenge whatever the wait and the quotas.
pub(crate) async fn open_anyway(
    store: &MemoryStore,
    challenge: &Challenge,
    event: &AuditEvent,
) -> Result<OpenOutcome, StoreError> {
    let mut challenge = challenge.clone();
    while let OpenOutcome::TooSoon { resend_after, .. } = store.open_challenge(&challenge, &[], event).await? {
        challenge.opened_at = resend_after;
    }
    Ok(OpenOutcome::Opened)
}

macro_rules! breakable {
    ($($breakable:ident: $port:ident { $(fn $method:ident($($arg:ident: $ty:ty),*) -> $out:ty;)* })*) => {$(
        #[async_trait]
        pub(crate) trait $breakable: Kept {
            $(async fn $method(&self, $($arg: $ty),*) -> Result<$out, StoreError> {
                $port::$method(self.kept(), $($arg),*).await
            })*
        }

        #[async_trait]
        impl<T: $breakable> $port for Broken<T> {
            $(async fn $method(&self, $($arg: $ty),*) -> Result<$out, StoreError> {
                $breakable::$method(&self.0, $($arg),*).await
            })*
        }
    )*};
}

breakable! {
    Profiles: ProfileReader {
        fn profile(id: UserId) -> Option<ProfileFacts>;
    }
    Users: UserStore {
        fn account(id: UserId) -> Option<Account>;
        fn find_login(login: &str) -> Option<Account>;
        fn list(query: &UserQuery) -> Vec<UserSummary>;
        fn change_role(id: UserId, role: Role, at: OffsetDateTime, event: &AuditEvent) -> RoleOutcome;
    }
    Identities: IdentityStore {
        fn candidates(key: &IdentityKey) -> Candidates;
        fn bind(binding: &Binding, events: &[AuditEvent]) -> BindOutcome;
        fn admit(person: &User, key: &IdentityKey, events: &[AuditEvent]) -> AdmitOutcome;
    }
    Teams: TeamStore {
        fn list(query: &TeamQuery) -> Vec<TeamSummary>;
        fn team(id: TeamId) -> Option<TeamFacts>;
        fn is_team_admin_of(admin: UserId, member: UserId) -> bool;
        fn change_member_role(change: &RoleChange) -> MemberRoleOutcome;
    }
    Choices: PreferenceStore {
        fn load(user_id: UserId) -> Option<StoredPreferences>;
        fn replace(user_id: UserId, expected: i64, document: &Preferences, event: &AuditEvent) -> bool;
    }
    Verification: VerificationStore {
        fn open_challenge(challenge: &Challenge, quotas: &[Quota], event: &AuditEvent) -> OpenOutcome;
        fn record_refusal(refused: &Refused, cutoff: OffsetDateTime, event: &AuditEvent) -> bool;
        fn record_delivery(id: ChallengeId, delivery: &Delivery, event: &AuditEvent) -> ();
        fn find_challenge(user_id: UserId, method: Method) -> Option<Challenge>;
        fn spend_attempt(id: ChallengeId, at: OffsetDateTime, event: &AuditEvent) -> Option<u8>;
        fn complete_challenge(id: ChallengeId, destination: &Fingerprint, at: OffsetDateTime, event: &AuditEvent) -> bool;
    }
    Devices: DeviceStore {
        fn register(
            device: &Device, max: u32, session: Option<SessionId>, events: &RegistrationEvents
        ) -> RegisterOutcome;
        fn list(user_id: UserId) -> Vec<Device>;
        fn remove(removal: &DeviceRemoval, event: &AuditEvent) -> bool;
    }
    Sessions: SessionStore {
        fn issue(opening: &Opening, event: &AuditEvent) -> IssueOutcome;
        fn load_for_refresh(hash: &TokenHash) -> Option<RefreshCandidate>;
        fn rotate(rotation: &Rotation, event: &AuditEvent) -> RotateOutcome;
        fn revoke(user_id: UserId, id: SessionId, ending: &Ending, events: &[AuditEvent]) -> bool;
        fn find_family(hash: &TokenHash) -> Option<(SessionId, UserId)>;
        fn list(user_id: UserId, at: OffsetDateTime) -> Vec<Session>;
    }
    Directory: DirectoryStore {
        fn count_users() -> u64;
        fn find_people(key: &PersonKey) -> KnownPeople;
        fn insert_user(user: &User, event: &AuditEvent) -> InsertOutcome;
        fn update_user(update: &UserUpdate, events: &[AuditEvent]) -> UpdateOutcome;
        fn remove_user(removal: &UserRemoval, events: &[AuditEvent]) -> UpdateOutcome;
        fn engaged_brakes() -> Vec<EngagedBrake>;
        fn release_brake(client: &str, at: OffsetDateTime, event: &AuditEvent) -> bool;
        fn insert_team(team: &Team, members: &[Member], events: &[AuditEvent]) -> InsertOutcome;
        fn update_group(update: &GroupUpdate, events: &[AuditEvent]) -> UpdateOutcome;
        fn remove_group(id: TeamId, expected: i64, at: OffsetDateTime, events: &[AuditEvent]) -> UpdateOutcome;
    }
    Delivered: DirectoryReader {
        fn user(id: UserId) -> Option<User>;
        fn users(query: &DirectoryQuery<UserAttribute>) -> Found<User>;
        fn group(id: TeamId, with_members: bool) -> Option<Group>;
        fn groups(query: &DirectoryQuery<GroupAttribute>, with_members: bool) -> Found<Group>;
        fn members_among(id: TeamId, people: &[UserId]) -> Vec<UserId>;
        fn known_among(people: &[UserId]) -> Vec<UserId>;
    }
    Notices: NoticeStore {
        fn claim(due: Due) -> Vec<Notice>;
        fn finish(id: NoticeId, events: &[AuditEvent]) -> ();
        fn postpone(id: NoticeId, at: OffsetDateTime) -> ();
    }
    BreakGlass: BreakGlassStore {
        fn insert(
            user: &User, name: &str, hash: &PasswordHash, tag: PasswordTag, event: &AuditEvent
        ) -> InsertOutcome;
        fn list() -> Vec<BreakGlassAccount>;
        fn find(name: &str) -> Option<Credential>;
        fn revoke(name: &str, at: OffsetDateTime, event: &AuditEvent) -> bool;
        fn count_attempt(limit: &AttemptLimit, at: OffsetDateTime) -> Option<OffsetDateTime>;
        fn admins() -> Vec<UserId>;
        fn record_use(id: UserId, at: OffsetDateTime, notices: &[Notice], event: &AuditEvent) -> bool;
        fn record_refusal(refusal: &Refusal) -> u64;
    }
    Keys: ApiKeyStore {
        fn insert(key: &ApiKey, hash: &ApiKeyHash, event: &AuditEvent) -> ();
        fn list() -> Vec<ApiKey>;
        fn find(hash: &ApiKeyHash) -> Option<ApiKey>;
        fn touch(id: ApiKeyId, at: OffsetDateTime) -> ();
        fn revoke(id: ApiKeyId, at: OffsetDateTime, event: &AuditEvent) -> bool;
        fn rotate(rotation: &KeyRotation, event: &AuditEvent) -> RotateKeyOutcome;
    }
    Trail: AuditReader {
        fn list(query: &AuditQuery) -> Vec<AuditEvent>;
    }
    Chain: AuditChain {
        fn marks() -> ChainMarks;
        fn unsealed(limit: u16) -> Unsealed;
        fn seal(sealing: &Sealing) -> bool;
        fn sealed(position: u64, limit: u16) -> Vec<SealedRecord>;
        fn forget(forgetting: &Forgetting) -> bool;
    }
    Sweeping: Housekeeping {
        fn purge(what: Stale, before: OffsetDateTime, from: Option<Bookmark>, limit: u16) -> Purged;
        fn backlog(what: Stale, before: OffsetDateTime) -> u64;
        fn old_devices(
            unproven: OffsetDateTime, proven: OffsetDateTime, now: OffsetDateTime, limit: u16
        ) -> Vec<OldDevice>;
        fn expire_device(device: &OldDevice, at: OffsetDateTime, event: &AuditEvent) -> bool;
    }
    Rotating: KeyRotationStore {
        fn fingerprints(
            method: Method, other_than: &[KeyId], after: Option<Uuid>, limit: u16
        ) -> Vec<StoredFingerprint>;
        fn move_fingerprints(method: Method, moves: &[FingerprintMove]) -> u64;
        fn record_successor_key(key: KeyId, limit: u16) -> u64;
        fn count_by_key(at: OffsetDateTime) -> Vec<KeyCount>;
    }
    Counting: ReadinessReader {
        fn census(required: ChannelSet) -> Census;
    }
    Health: StoreHealth {
        fn check() -> ();
    }
}
