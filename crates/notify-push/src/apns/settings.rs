use std::fmt;
use std::sync::Arc;

use crate::base_url::BaseUrl;
use crate::key::{Es256Key, InvalidKey};

/// How APNs is reached.
#[derive(Debug, Clone)]
pub struct ApnsSettings {
    /// The key that Apple gave for APNs.
    pub key: ApnsKey,
    /// The key's id.
    pub key_id: AppleId,
    /// The id of the team whose key it is.
    pub team_id: AppleId,
    /// The app.
    pub topic: ApnsTopic,
    /// Where APNs is reached instead of at its production address; `https://api.sandbox.push.apple.com` for builds that
    /// were not distributed.
    pub base_url: Option<BaseUrl>,
}

/// The key of an `AuthKey_….p8` file. Redacted in `Debug`.
#[derive(Clone)]
pub struct ApnsKey(pub(super) Arc<Es256Key>);

impl ApnsKey {
    /// Takes the file's text.
    ///
    /// # Errors
    /// When it is no PEM of an ES256 key.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        Es256Key::from_pem(text.trim()).map(Arc::new).map(Self)
    }
}

impl fmt::Debug for ApnsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApnsKey(redacted)")
    }
}

/// How Apple names a key or a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppleId(String);

/// Why a text is no [`AppleId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the 10 capital letters and digits that Apple's developer pages show, like ABC123DEFG")]
pub struct InvalidAppleId;

impl AppleId {
    /// Takes an id.
    ///
    /// # Errors
    /// When it is not 10 capital letters and digits.
    pub fn parse(text: &str) -> Result<Self, InvalidAppleId> {
        let text = text.trim();
        let good = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if good { Ok(Self(text.to_owned())) } else { Err(InvalidAppleId) }
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which app is sent to: its bundle id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApnsTopic(String);

/// Why a text is no [`ApnsTopic`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the app's bundle id, like com.example.oncall")]
pub struct InvalidApnsTopic;

impl ApnsTopic {
    /// Takes a bundle id.
    ///
    /// # Errors
    /// When it is empty, longer than 155 bytes, or has other characters than letters, digits, hyphens and dots.
    pub fn parse(text: &str) -> Result<Self, InvalidApnsTopic> {
        let text = text.trim();
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        if plain && (1..=155).contains(&text.len()) { Ok(Self(text.to_owned())) } else { Err(InvalidApnsTopic) }
    }

    /// The bundle id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
