mod api_keys;
mod audit;
mod brakes;
mod break_glass;
mod census;
mod chain;
mod conditions;
mod devices;
mod directory;
mod directory_reader;
mod endings;
mod groups;
mod housekeeping;
mod identities;
mod key_rotation;
mod notices;
mod preferences;
mod profiles;
mod removal;
mod send_limits;
mod sessions;
mod teams;
mod users;
mod verification;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use muster_domain::api_key::{ApiKey, ApiKeyHash};
use muster_domain::audit::AuditEvent;
use muster_domain::device::{Device, PushLoss};
use muster_domain::notice::Notice;
use muster_domain::preferences::StoredPreferences;
use muster_domain::session::{Session, StoredToken, TokenHash};
use muster_domain::user::{Source, User};
use muster_domain::verification::{Challenge, Delivery, Method, Proof, QuotaScope, QuotaWindow, RefusalReason};
use muster_domain::{ApiKeyId, ChallengeId, DeviceId, NoticeId, SessionId, StoreError, StoreHealth, TeamId, UserId};
use time::OffsetDateTime;

use crate::memory::brakes::ClientBrake;
use crate::memory::break_glass::{AttemptCount, AttemptKey, KeptAccount};
use crate::memory::groups::KeptTeam;
use crate::memory::identities::KnownName;
use crate::memory::send_limits::Count;

pub use chain::KeptChain;

/// Every store port over one set of data in memory. It passes the contract suite, so it does what a database does,
/// only that nothing outlives it. Clones share their data.
///
/// One lock is one transaction: a method looks first and writes last, and has then written everything or nothing.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Mutex<State>>);

#[derive(Debug, Clone, Default)]
struct State {
    unavailable: bool,
    users: BTreeMap<UserId, User>,
    /// Whom the directory removed, with the external id that they had to the last.
    removed: BTreeMap<UserId, Option<String>>,
    /// By subject and issuer.
    identities: BTreeMap<(String, String), UserId>,
    known_names: BTreeMap<KnownName, OffsetDateTime>,
    teams: BTreeMap<TeamId, KeptTeam>,
    brakes: BTreeMap<String, ClientBrake>,
    /// Each with when it is due.
    notices: BTreeMap<NoticeId, (Notice, OffsetDateTime)>,
    break_glass: BTreeMap<UserId, KeptAccount>,
    attempts: HashMap<AttemptKey, AttemptCount>,
    preferences: BTreeMap<UserId, StoredPreferences>,
    challenges: BTreeMap<(UserId, Method), Challenge>,
    deliveries: BTreeMap<ChallengeId, Delivery>,
    counts: HashMap<(QuotaScope, QuotaWindow), Count>,
    refusals: HashMap<(UserId, Method, RefusalReason), OffsetDateTime>,
    proofs: BTreeMap<(UserId, Method), Proof>,
    devices: BTreeMap<DeviceId, Device>,
    /// With which session's credential each device was registered last.
    registrations: BTreeMap<DeviceId, SessionId>,
    push_losses: BTreeMap<UserId, PushLoss>,
    sessions: BTreeMap<SessionId, Session>,
    tokens: BTreeMap<TokenHash, (SessionId, StoredToken)>,
    api_keys: BTreeMap<ApiKeyId, (ApiKey, ApiKeyHash)>,
    trail: Vec<AuditEvent>,
    chain: KeptChain,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes every port fail with [`StoreError::Unavailable`], or work again.
    pub fn set_unavailable(&self, unavailable: bool) {
        self.state().unavailable = unavailable;
    }

    /// Every record of the audit trail, in the order in which they were written.
    #[must_use]
    pub fn audit_trail(&self) -> Vec<AuditEvent> {
        self.state().trail.clone()
    }

    /// What was noted of sending a challenge's code, unless the challenge was replaced.
    #[must_use]
    pub fn delivery(&self, id: ChallengeId) -> Option<Delivery> {
        self.state().deliveries.get(&id).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state();
        if state.unavailable { Err(StoreError::Unavailable("told to be unavailable".into())) } else { Ok(state) }
    }
}

impl State {
    /// Everybody whose user name and external id are theirs: not whom the directory removed, no break-glass admin.
    fn named(&self) -> impl Iterator<Item = &User> {
        self.users
            .values()
            .filter(|user| !self.removed.contains_key(&user.id) && !self.break_glass.contains_key(&user.id))
    }

    /// Everybody whom the directory delivered and did not remove.
    fn delivered(&self) -> impl Iterator<Item = &User> {
        self.users.values().filter(|user| self.is_delivered(user))
    }

    fn delivered_user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id).filter(|user| self.is_delivered(user))
    }

    fn is_delivered(&self, user: &User) -> bool {
        user.source == Source::Scim && !self.removed.contains_key(&user.id)
    }

    fn active_user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id).filter(|user| user.active)
    }

    /// What a foreign key does in a database.
    fn require_user(&self, id: UserId) -> Result<&User, StoreError> {
        self.users.get(&id).ok_or_else(|| StoreError::inconsistent("a row names a person who is not on record"))
    }
}

#[async_trait]
impl StoreHealth for MemoryStore {
    async fn check(&self) -> Result<(), StoreError> {
        self.open().map(drop)
    }
}
