use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};
use url::{Host, Url};
use zeroize::ZeroizeOnDrop;

use crate::device::Platform;

/// The address that a push service gave an app. Whoever has it can send there, so it is redacted in `Debug`, wiped when
/// dropped and never given back to a client.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct PushToken(String);

/// Why a string is not a push token of its platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPushToken {
    /// Empty, too long, or with characters that no such token has.
    #[error("must be the push service's token: 1 to 4096 visible ASCII characters")]
    Token,
    /// Not the JSON of a browser's `PushSubscription`.
    #[error(
        "must be a PushSubscription's JSON: an https endpoint at a public host and the keys p256dh (65 bytes, a point of P-256) and \
         auth (16 bytes)"
    )]
    Subscription,
}

#[derive(Deserialize, Serialize)]
struct Subscription {
    endpoint: String,
    keys: SubscriptionKeys,
}

#[derive(Deserialize, Serialize)]
struct SubscriptionKeys {
    p256dh: String,
    auth: String,
}

/// Browsers write base64url without padding; libraries in between add it.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl PushToken {
    /// The longest token, in bytes.
    pub const MAX_BYTES: usize = 4_096;

    /// Takes a token if it has its platform's form. A web subscription is kept in one canonical form, so that the same
    /// subscription written differently is the same token.
    ///
    /// # Errors
    /// When it has not.
    pub fn parse(platform: Platform, raw: &str) -> Result<Self, InvalidPushToken> {
        let raw = raw.trim();
        match platform {
            Platform::Ios | Platform::Android => {
                let fits = (1..=Self::MAX_BYTES).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_graphic());
                // Apple's are hexadecimal, in which case makes no difference; Google's are not.
                let token = if platform == Platform::Ios { raw.to_ascii_lowercase() } else { raw.to_owned() };
                if fits { Ok(Self(token)) } else { Err(InvalidPushToken::Token) }
            }
            Platform::Web => canonical_subscription(raw).map(Self).ok_or(InvalidPushToken::Subscription),
        }
    }

    /// Reads back what a store kept.
    #[must_use]
    pub fn from_stored(token: String) -> Self {
        Self(token)
    }

    /// The token, for the push service and the store.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

fn canonical_subscription(raw: &str) -> Option<String> {
    if raw.len() > PushToken::MAX_BYTES {
        return None;
    }
    let mut subscription: Subscription = serde_json::from_str(raw).ok()?;
    let mut endpoint = Url::parse(&subscription.endpoint).ok()?;
    // Never sent, so it makes no other address.
    endpoint.set_fragment(None);
    if !is_push_service(&endpoint) {
        return None;
    }
    let p256dh = BASE64URL.decode(&subscription.keys.p256dh).ok().filter(|key| is_public_key(key))?;
    let auth = BASE64URL.decode(&subscription.keys.auth).ok().filter(|secret| secret.len() == 16)?;
    subscription.endpoint = endpoint.into();
    subscription.keys = SubscriptionKeys { p256dh: BASE64URL.encode(p256dh), auth: BASE64URL.encode(auth) };
    serde_json::to_string(&subscription).ok()
}

/// Whether these are an uncompressed point of the curve P-256 (RFC 8291, section 2.1). To any other no message can be
/// encrypted.
fn is_public_key(bytes: &[u8]) -> bool {
    bytes.len() == 65 && bytes[0] == 4 && p256::PublicKey::from_sec1_bytes(bytes).is_ok()
}

/// Whether messages may be sent there: to a public host by name on the usual port, never to an address or a name of an
/// internal network, which a subscription could else make the server call.
fn is_push_service(endpoint: &Url) -> bool {
    let bare = endpoint.username().is_empty() && endpoint.password().is_none() && endpoint.port().is_none();
    let public = matches!(endpoint.host(), Some(Host::Domain(name)) if {
        let internal = [".local", ".localhost", ".internal", ".home.arpa"];
        name.contains('.') && !internal.iter().any(|suffix| name.trim_end_matches('.').ends_with(suffix))
    });
    endpoint.scheme() == "https" && bare && public
}

impl fmt::Debug for PushToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushToken(redacted)")
    }
}
