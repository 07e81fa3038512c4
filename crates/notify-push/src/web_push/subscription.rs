use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_domain::device::PushToken;
use serde::Deserialize;
use url::{Host, Url};

/// Where a browser is reached, and the keys that only it can decrypt with.
pub(super) struct Subscription {
    pub(super) endpoint: Url,
    pub(super) p256dh: Vec<u8>,
    pub(super) auth: Vec<u8>,
}

/// What is stored for a browser is no subscription that may be sent to.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the stored subscription is unusable")]
pub(super) struct UnusableSubscription;

#[derive(Deserialize)]
struct Stored {
    endpoint: String,
    keys: Keys,
}

#[derive(Deserialize)]
struct Keys {
    p256dh: String,
    auth: String,
}

impl Subscription {
    /// Reads what [`PushToken::parse`] took. That the endpoint is https and a name is asked again, because the check of
    /// what it resolves to depends on it: an address would not be resolved.
    pub(super) fn read(token: &PushToken) -> Result<Self, UnusableSubscription> {
        let stored: Stored = serde_json::from_str(token.expose()).map_err(|_| UnusableSubscription)?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| UnusableSubscription);
        let endpoint = Url::parse(&stored.endpoint).map_err(|_| UnusableSubscription)?;
        let by_name = matches!(endpoint.host(), Some(Host::Domain(_)));
        if endpoint.scheme() != "https" || !by_name || endpoint.port().is_some() {
            return Err(UnusableSubscription);
        }
        Ok(Self { endpoint, p256dh: decode(&stored.keys.p256dh)?, auth: decode(&stored.keys.auth)? })
    }
}
