use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_domain::user::EmailAddress;
use url::Url;
use zeroize::Zeroizing;

use crate::base_url::BaseUrl;
use crate::key::{Es256Key, InvalidKey};

/// How Web Push is reached.
#[derive(Debug, Clone)]
pub struct WebPushSettings {
    /// The key that browsers subscribe with.
    pub key: VapidKey,
    /// Whom a push service may ask when something is wrong.
    pub subject: VapidSubject,
    /// What replaces the scheme and the host of every subscription's endpoint, when all goes through a gateway. Then the
    /// gateway decides what may be reached.
    pub base_url: Option<BaseUrl>,
}

/// The key that a push service knows this server by (RFC 8292). Redacted in `Debug`.
#[derive(Clone)]
pub struct VapidKey(pub(super) Arc<Es256Key>);

/// Why a text is no [`VapidKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVapidKey {
    /// Neither of the two forms.
    #[error(
        "must be the private key that `web-push generate-vapid-keys` prints (43 characters of base64url), or a PKCS#8 PEM"
    )]
    Form,
    /// The public key in the private one's place.
    #[error("is the public key: the private one is needed here")]
    Public,
    /// A key that cannot be used.
    #[error("{0}")]
    Key(InvalidKey),
}

impl VapidKey {
    /// Takes the private scalar as base64url, or a PKCS#8 PEM.
    ///
    /// # Errors
    /// When it is neither, or not of the curve P-256.
    pub fn parse(text: &str) -> Result<Self, InvalidVapidKey> {
        let text = text.trim();
        let key = if text.starts_with("-----") {
            Es256Key::from_pem(text)
        } else {
            let raw = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| InvalidVapidKey::Form)?;
            let raw = Zeroizing::new(raw);
            match raw.len() {
                32 => Es256Key::from_scalar(&raw),
                65 => return Err(InvalidVapidKey::Public),
                _ => return Err(InvalidVapidKey::Form),
            }
        };
        key.map(Arc::new).map(Self).map_err(InvalidVapidKey::Key)
    }

    /// Its public half as browsers take it for `applicationServerKey`: an uncompressed point in base64url.
    #[must_use]
    pub fn application_server_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.public())
    }
}

impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VapidKey(redacted)")
    }
}

/// The operator's contact: `mailto:` or `https:` (RFC 8292, section 2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VapidSubject(String);

/// Why a text is no [`VapidSubject`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a contact of yours, like mailto:ops@example.com or https://example.com/contact")]
pub struct InvalidVapidSubject;

impl VapidSubject {
    /// Takes a contact.
    ///
    /// # Errors
    /// When it is neither `mailto:` with an e-mail address nor an `https:` address.
    pub fn parse(text: &str) -> Result<Self, InvalidVapidSubject> {
        let text = text.trim();
        let good = match text.strip_prefix("mailto:") {
            Some(address) => EmailAddress::parse(address).is_ok(),
            None => Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.has_host()),
        };
        if good { Ok(Self(text.to_owned())) } else { Err(InvalidVapidSubject) }
    }

    /// The contact.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
