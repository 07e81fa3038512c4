use std::any::Any;
use std::sync::Arc;

use muster_domain::StoreHealth;
use muster_domain::access::IdentityStore;
use muster_domain::api_key::ApiKeyStore;
use muster_domain::audit::AuditReader;
use muster_domain::audit::chain::AuditChain;
use muster_domain::break_glass::BreakGlassStore;
use muster_domain::device::DeviceStore;
use muster_domain::directory::{DirectoryReader, DirectoryStore};
use muster_domain::housekeeping::Housekeeping;
use muster_domain::key_rotation::KeyRotationStore;
use muster_domain::notice::NoticeStore;
use muster_domain::preferences::PreferenceStore;
use muster_domain::session::SessionStore;
use muster_domain::team::TeamStore;
use muster_domain::user::{ProfileReader, UserStore};
use muster_domain::verification::{ReadinessReader, VerificationStore};

/// Every store port, over one set of data: what the contract suite is run against.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the port of its type")]
pub struct Stores {
    pub profiles: Arc<dyn ProfileReader>,
    pub users: Arc<dyn UserStore>,
    pub identities: Arc<dyn IdentityStore>,
    pub teams: Arc<dyn TeamStore>,
    pub preferences: Arc<dyn PreferenceStore>,
    pub verification: Arc<dyn VerificationStore>,
    pub devices: Arc<dyn DeviceStore>,
    pub sessions: Arc<dyn SessionStore>,
    pub directory: Arc<dyn DirectoryStore>,
    pub delivered: Arc<dyn DirectoryReader>,
    pub notices: Arc<dyn NoticeStore>,
    pub break_glass: Arc<dyn BreakGlassStore>,
    pub api_keys: Arc<dyn ApiKeyStore>,
    pub audit: Arc<dyn AuditReader>,
    pub chain: Arc<dyn AuditChain>,
    pub housekeeping: Arc<dyn Housekeeping>,
    pub key_rotation: Arc<dyn KeyRotationStore>,
    pub readiness: Arc<dyn ReadinessReader>,
    pub health: Arc<dyn StoreHealth>,
    /// Dropped after the ports: what must outlive them, a temporary folder for one.
    pub keep: Arc<dyn Any + Send + Sync>,
}

impl Stores {
    /// The ports of one adapter that implements all of them.
    pub fn new<S>(store: S) -> Self
    where
        S: ProfileReader
            + UserStore
            + IdentityStore
            + TeamStore
            + PreferenceStore
            + VerificationStore
            + DeviceStore
            + SessionStore
            + DirectoryStore
            + DirectoryReader
            + NoticeStore
            + BreakGlassStore
            + ApiKeyStore
            + AuditReader
            + AuditChain
            + Housekeeping
            + KeyRotationStore
            + ReadinessReader
            + StoreHealth
            + 'static,
    {
        let store = Arc::new(store);
        Self {
            profiles: store.clone(),
            users: store.clone(),
            identities: store.clone(),
            teams: store.clone(),
            preferences: store.clone(),
            verification: store.clone(),
            devices: store.clone(),
            sessions: store.clone(),
            directory: store.clone(),
            delivered: store.clone(),
            notices: store.clone(),
            break_glass: store.clone(),
            api_keys: store.clone(),
            audit: store.clone(),
            chain: store.clone(),
            housekeeping: store.clone(),
            key_rotation: store.clone(),
            readiness: store.clone(),
            health: store,
            keep: Arc::new(()),
        }
    }

    /// The same ports, keeping `guard` alive for as long as they are.
    #[must_use]
    pub fn keeping(self, guard: impl Any + Send + Sync) -> Self {
        Self { keep: Arc::new(guard), ..self }
    }
}
