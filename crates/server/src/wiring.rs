//! Which adapter stands behind which port.

use std::sync::Arc;

use muster_crypto::{AccessTokenSigner, ApiKeyDigest, Argon2Passwords, Keyring, SystemClock, SystemEntropy};
use muster_domain::access::{AccessService, AccessTokens, IdentityStore, IdentityTokens};
use muster_domain::api_key::{ApiKeyService, ApiKeyStore};
use muster_domain::audit::chain::AuditChain;
use muster_domain::audit::{AuditChainService, AuditReader};
use muster_domain::break_glass::{BreakGlassService, BreakGlassStore};
use muster_domain::device::{DeviceService, DeviceStore};
use muster_domain::directory::{BrakePolicy, DirectoryReader, DirectoryService, DirectoryStore};
use muster_domain::housekeeping::{Housekeeping, HousekeepingService};
use muster_domain::key_rotation::{KeyRotationService, KeyRotationStore};
use muster_domain::notice::{NoticeService, NoticeStore};
use muster_domain::preferences::{PreferenceService, PreferenceStore};
use muster_domain::session::{SessionService, SessionStore};
use muster_domain::team::{TeamService, TeamStore};
use muster_domain::user::{ProfileReader, Region, UserService, UserStore};
use muster_domain::verification::{VerificationService, VerificationStore};
use muster_domain::{Clock, Entropy, StoreHealth};
use muster_http::{Api, Development, FrontEnd, Vitals};
use muster_identity::OidcTokens;
use muster_scim::ScimService;
use time::Duration;

use crate::config::{Config, Messaging};
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
pub(crate) fn directory<S>(store: &Arc<S>, keyring: Arc<Keyring>, brake: BrakePolicy) -> DirectoryService
where
    S: DirectoryStore + DirectoryReader + 'static,
{
    DirectoryService {
        directory: store.clone(),
        reader: store.clone(),
        fingerprinter: keyring,
        brake,
        clock: clock(),
        entropy: entropy(),
    }
}

/// Break-glass accounts over a store.
pub(crate) fn break_glass<S: BreakGlassStore + 'static>(store: &Arc<S>) -> BreakGlassService {
    BreakGlassService {
        accounts: store.clone(),
        passwords: Arc::new(Argon2Passwords::new(entropy())),
        clock: clock(),
        entropy: entropy(),
    }
}

/// Telling people what they have not asked for, over a store.
pub(crate) fn notices<S>(store: &Arc<S>, senders: &Senders) -> NoticeService
where
    S: NoticeStore + ProfileReader + DeviceStore + 'static,
{
    NoticeService {
        notices: store.clone(),
        profiles: store.clone(),
        devices: store.clone(),
        email: senders.email.clone(),
        sms: senders.sms.clone(),
        push: senders.push.clone(),
        clock: clock(),
        entropy: entropy(),
    }
}

/// The chain of audit records over a store, sealed with the keys of `sealer`.
pub(crate) fn audit_chain<S: AuditChain + 'static>(store: &Arc<S>, sealer: Arc<Keyring>) -> AuditChainService {
    AuditChainService { chain: store.clone(), sealer, clock: clock(), entropy: entropy() }
}

/// Removing what has served its time from a store.
pub(crate) fn housekeeping<S: Housekeeping + 'static>(store: &Arc<S>) -> HousekeepingService {
    HousekeepingService { store: store.clone(), clock: clock(), entropy: entropy() }
}

/// Moving what is stored from one pepper to another.
pub(crate) fn key_rotation<S: KeyRotationStore + 'static>(store: &Arc<S>, keyring: Arc<Keyring>) -> KeyRotationService {
    KeyRotationService { store: store.clone(), fingerprinter: keyring.clone(), tokens: keyring, clock: clock() }
}

/// API keys over a store.
pub(crate) fn api_keys<S: ApiKeyStore + 'static>(store: &Arc<S>) -> ApiKeyService {
    ApiKeyService { keys: store.clone(), hasher: Arc::new(ApiKeyDigest), clock: clock(), entropy: entropy() }
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
        fingerprinter: keyring.clone(),
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

/// The identity provider that the configuration names, beside Muster's own tokens, whose issuer is `public_url`. Nothing
/// is asked of it before somebody signs in.
///
/// # Errors
/// When no client can be made.
pub(crate) fn oidc(config: &Config, public_url: Option<&str>) -> Result<Option<Arc<OidcTokens>>, OidcError> {
    let Some(settings) = &config.oidc else {
        return Ok(None);
    };
    let tokens = OidcTokens::new(settings.clone(), muster_outbound::client()?)?;
    Ok(Some(Arc::new(match public_url {
        Some(own) => tokens.beside_own(own.to_owned()),
        None => tokens,
    })))
}

/// Why tokens of an identity provider cannot be checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OidcError {
    /// Nobody could be trusted.
    #[error("cannot reach an identity provider")]
    Transport(#[from] muster_outbound::TransportError),
    /// The client could not be made.
    #[error("cannot set up the HTTP client")]
    Client(#[from] muster_outbound::ClientError),
}

/// What front ends are told.
pub(crate) fn front_end(config: &Config) -> FrontEnd {
    let push = config.messaging.push.as_ref().and_then(|push| push.web.as_ref());
    FrontEnd {
        issuer: config.oidc.as_ref().map(|oidc| oidc.issuer.as_str().to_owned()),
        client_id: config.client_id.clone(),
        channels: config.messaging.channels.iter().collect(),
        vapid_public_key: push.map(|web| web.key.application_server_key()),
    }
}

/// What the API is made of beside its store.
pub(crate) struct Parts<'a> {
    pub keyring: Arc<Keyring>,
    pub signer: AccessTokenSigner,
    /// The identity provider, when there is one.
    pub identities: Option<Arc<dyn IdentityTokens>>,
    /// Whether people whom it knows and the directory has not delivered are taken in when they sign in.
    pub takes_newcomers: bool,
    pub senders: &'a Senders,
    pub vitals: Arc<dyn Vitals>,
    pub messaging: &'a Messaging,
    pub front_end: FrontEnd,
    pub replay_grace: Duration,
    /// How many deactivations of one client of the directory's are let through.
    pub brake: BrakePolicy,
    /// The country of phone numbers without a country code.
    pub default_phone_region: Option<Region>,
    /// Where clients reach the server.
    pub public_url: String,
    /// Present in development mode only.
    pub outbox: Option<Arc<MemoryOutbox>>,
}

/// The API over a store.
pub(crate) fn api<S>(store: &Arc<S>, parts: Parts<'_>) -> Api
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
        + BreakGlassStore
        + ApiKeyStore
        + AuditReader
        + StoreHealth
        + 'static,
{
    let Parts {
        keyring,
        signer,
        identities,
        takes_newcomers,
        senders,
        vitals,
        messaging,
        front_end,
        replay_grace,
        brake,
        default_phone_region,
        public_url,
        outbox,
    } = parts;
    let jwks = signer.jwks().clone();
    let access_tokens: Arc<dyn AccessTokens> = Arc::new(signer);
    let channels = messaging.channels;
    let newcomers = takes_newcomers.then(|| directory(store, keyring.clone(), brake));
    Api {
        users: users(store),
        teams: TeamService { teams: store.clone(), clock: clock(), entropy: entropy() },
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
            hasher: keyring.clone(),
            access_tokens: access_tokens.clone(),
            clock: clock(),
            entropy: entropy(),
            replay_grace,
        },
        audit: store.clone(),
        scim: ScimService {
            directory: Arc::new(directory(store, keyring.clone(), brake)),
            default_region: default_phone_region,
            cursors: keyring.clone(),
            base: format!("{public_url}/scim/v2"),
        },
        break_glass: break_glass(store),
        access: AccessService {
            users: store.clone(),
            access_tokens,
            identities,
            people: store.clone(),
            keys: api_keys(store),
            newcomers,
            clock: clock(),
            entropy: entropy(),
        },
        jwks,
        channels,
        front_end,
        health: store.clone(),
        vitals,
        clock: clock(),
        development: outbox.map(|outbox| Development { outbox }),
    }
}
