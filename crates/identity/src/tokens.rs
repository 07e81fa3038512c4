use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use muster_domain::access::{Identity, IdentityError, IdentityTokens};
use quick_cache::sync::Cache;
use reqwest::{ClientBuilder, redirect};
use ring::digest;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::jws::Jws;
use crate::keys::Keys;
use crate::settings::{OidcSettings, TokenAudience};
use crate::token::Claims;

/// How long a token that was verified is believed unseen.
const VERIFIED_FOR: Duration = Duration::from_mins(1);
/// How many such tokens are kept.
const MAX_VERIFIED: usize = 10_000;

/// Checks the tokens of one OIDC provider.
///
/// The provider is asked for its keys when the first token comes, not before. They are fresh for 10 minutes, or for as
/// long as their `Cache-Control` says within 1 minute and 1 hour, and are renewed while they serve. A key id that is not
/// among them makes them be fetched again, at most once a minute. While that fails they serve for 24 hours.
pub struct OidcTokens {
    audience: TokenAudience,
    pub(crate) keys: Keys,
    verified: Cache<[u8; 32], Arc<Verified>>,
}

/// What a token said when it was verified.
struct Verified {
    identity: Identity,
    expires_at: OffsetDateTime,
    believed_until: Instant,
}

impl OidcTokens {
    /// Tokens of one provider, which `client` calls. It follows no redirects, whatever it did before.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn new(settings: OidcSettings, client: ClientBuilder) -> Result<Self, reqwest::Error> {
        let client = client.redirect(redirect::Policy::none()).build()?;
        let keys = Keys::new(settings.issuer, client);
        Ok(Self { audience: settings.audience, keys, verified: Cache::new(MAX_VERIFIED) })
    }

    /// What was found when this token was last verified, as long as that counts.
    fn remembered(&self, key: &[u8; 32], now: OffsetDateTime) -> Option<Identity> {
        let verified = self.verified.get(key)?;
        if now < verified.expires_at && Instant::now() < verified.believed_until {
            return Some(verified.identity.clone());
        }
        self.verified.remove(key);
        None
    }
}

#[async_trait]
impl IdentityTokens for OidcTokens {
    async fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Identity, IdentityError> {
        let key = sha256(token);
        if let Some(identity) = self.remembered(&key, now) {
            return Ok(identity);
        }
        // What cannot be right for any key costs neither a fetch nor a signature.
        let jws = Jws::parse(token).ok_or(IdentityError::Invalid)?;
        let claims = Claims::parse(jws.payload()).ok_or(IdentityError::Invalid)?;
        let expires_at = claims.check(self.keys.issuer().as_str(), self.audience.as_str(), now);
        let expires_at = expires_at.ok_or(IdentityError::Invalid)?;
        if !self.keys.for_token(&jws).await?.verify(&jws) {
            return Err(IdentityError::Invalid);
        }
        let identity = claims.into_identity();
        let believed_until = Instant::now() + VERIFIED_FOR;
        self.verified.insert(key, Arc::new(Verified { identity: identity.clone(), expires_at, believed_until }));
        Ok(identity)
    }
}

/// The token itself is not kept.
fn sha256(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    hash
}

impl fmt::Debug for OidcTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcTokens").field("issuer", self.keys.issuer()).finish_non_exhaustive()
    }
}
