//! Which adapter stands behind which port.

use std::sync::Arc;

use muster_crypto::{AccessTokenSigner, Keyring, SystemEntropy};
use muster_domain::access::AccessTokens;
use muster_domain::audit::AuditReader;
use muster_domain::device::{DeviceService, DeviceStore};
use muster_domain::directory::{DirectoryService, DirectoryStore};
use muster_domain::preferences::{PreferenceService, PreferenceStore};
use muster_domain::session::{SessionService, SessionStore};
use muster_domain::user::{ProfileReader, UserService, UserStore};
use muster_domain::verification::{VerificationService, VerificationStore};
use muster_domain::{Clock, Entropy, StoreHealth};
use muster_http::{Api, Development, Vitals};
use time::Duration;

use crate::clock::SystemClock;
use crate::config::Messaging;
use crate::development::MemoryOutbox;
use crate::senders::{Senders, SendersError};

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SystemEntropy)
}

/// People and their roles over a store.
pub(crate) fn users<S: ProfileReader + UserStore + 'static>(store: &Arc<S>) -> UserService {
    UserService { profiles: store.clone(), users: store.clone(), clock: clock(), entropy: entropy() }
}

/// The directory over a store.
pub(crate) fn directory<S: DirectoryStore + 'static>(store: &Arc<S>, keyring: Arc<Keyring>) -> DirectoryService {
    DirectoryService { directory: store.clone(), fingerprinter: keyring, clock: clock(), entropy: entropy() }
}

/// Sending codes and checking them, over a store.
pub(crate) fn verification<S>(
    store: &Arc<S>,
    keyring: Arc<Keyring>,
    senders: &Senders,
    messaging: &Messaging,
) -> VerificationService
where
    S: ProfileReader + VerificationStore + DeviceStore + 'static,
{
    VerificationService {
        profiles: store.clone(),
        store: store.clone(),
        devices: store.clone(),
        hasher: keyring,
        email: senders.email.clone(),
        sms: senders.sms.clone(),
        push: senders.push.clone(),
        channels: messaging.channels,
        limits: messaging.limits.clone(),
        clock: clock(),
        entropy: entropy(),
    }
}

/// The senders that the configuration names.
///
/// # Errors
/// When one cannot be set up.
pub(crate) async fn senders(
    messaging: &Messaging,
    outbox: Option<&Arc<MemoryOutbox>>,
) -> Result<Senders, SendersError> {
    Senders::new(messaging, outbox, clock(), entropy()).await
}

/// An outbox for development mode.
pub(crate) fn outbox() -> Arc<MemoryOutbox> {
    Arc::new(MemoryOutbox::new(entropy()))
}

/// What the API is made of beside its store.
pub(crate) struct Parts<'a> {
    pub keyring: Arc<Keyring>,
    pub signer: AccessTokenSigner,
    pub senders: &'a Senders,
    pub vitals: Arc<dyn Vitals>,
    pub messaging: &'a Messaging,
    pub replay_grace: Duration,
    /// Present in development mode only.
    pub outbox: Option<Arc<MemoryOutbox>>,
}

/// The API over a store.
pub(crate) fn api<S>(store: &Arc<S>, parts: Parts<'_>) -> Api
where
    S: ProfileReader
        + UserStore
        + PreferenceStore
        + VerificationStore
        + DeviceStore
        + SessionStore
        + AuditReader
        + StoreHealth
        + 'static,
{
    let Parts { keyring, signer, senders, vitals, messaging, replay_grace, outbox } = parts;
    let jwks = signer.jwks().clone();
    let access_tokens: Arc<dyn AccessTokens> = Arc::new(signer);
    let channels = messaging.channels;
    Api {
        users: users(store),
        preferences: PreferenceService { preferences: store.clone(), channels, clock: clock(), entropy: entropy() },
        verification: Arc::new(verification(store, keyring.clone(), senders, messaging)),
        devices: DeviceService {
            devices: store.clone(),
            fingerprinter: keyring.clone(),
            clock: clock(),
            entropy: entropy(),
        },
        sessions: SessionService {
            sessions: store.clone(),
            hasher: keyring,
            access_tokens: access_tokens.clone(),
            clock: clock(),
            entropy: entropy(),
            replay_grace,
        },
        audit: store.clone(),
        access_tokens,
        jwks,
        channels,
        health: store.clone(),
        vitals,
        clock: clock(),
        development: outbox.map(|outbox| Development { outbox }),
    }
}
