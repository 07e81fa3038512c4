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
use muster_http::{Api, Development};
use time::Duration;

use crate::clock::SystemClock;
use crate::development::MemoryOutbox;

fn clock() -> Arc<dyn Clock> {
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

/// The API of development mode over a store: every message goes to the outbox.
pub(crate) fn development_api<S>(
    store: &Arc<S>,
    keyring: Arc<Keyring>,
    signer: AccessTokenSigner,
    replay_grace: Duration,
) -> Api
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
    let outbox = Arc::new(MemoryOutbox::new(entropy()));
    let jwks = signer.jwks().clone();
    let access_tokens: Arc<dyn AccessTokens> = Arc::new(signer);
    Api {
        users: users(store),
        preferences: PreferenceService { preferences: store.clone(), clock: clock(), entropy: entropy() },
        verification: Arc::new(VerificationService {
            profiles: store.clone(),
            store: store.clone(),
            hasher: keyring.clone(),
            email: outbox.clone(),
            sms: outbox.clone(),
            push: outbox.clone(),
            clock: clock(),
            entropy: entropy(),
        }),
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
        health: store.clone(),
        clock: clock(),
        development: Some(Development { outbox }),
    }
}
