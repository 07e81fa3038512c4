use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use muster_domain::access::{Identity, IdentityError, IdentityTokens, TokenRefusal};
use quick_cache::sync::Cache;
use reqwest::{ClientBuilder, redirect};
use ring::digest;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::jws::Jws;
use crate::keys::Keys;
use crate::rules::Rules;
use crate::settings::{OidcSettings, TokenAudience};
use crate::token::Claims;
use crate::userinfo::UserInfo;

/// How long a token that was verified is believed unseen.
const VERIFIED_FOR: Duration = Duration::from_mins(1);
/// How many such tokens are kept.
const MAX_VERIFIED: usize = 10_000;

/// Checks the tokens of one OIDC provider.
///
/// The provider is asked for its keys when the first token comes, not before. They are fresh for 10 minutes, or for as
/// long as their `Cache-Control` says within 1 minute and 1 hour, and are renewed while they serve. A key id that is not
/// among them makes them be fetched again, at most each 5 seconds. While that fails they serve for 24 hours.
pub struct OidcTokens {
    pub(crate) audience: TokenAudience,
    pub(crate) keys: Keys,
    own_issuer: Option<String>,
    /// `None` when the provider is not asked.
    userinfo: Option<UserInfo>,
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
        let userinfo = settings.asks_userinfo.then(|| UserInfo::new(client.clone()));
        let keys = Keys::new(settings.issuer, client);
        let verified = Cache::new(MAX_VERIFIED);
        Ok(Self { audience: settings.audience, keys, own_issuer: None, userinfo, verified })
    }

    /// With the issuer of Muster's own access tokens: one of those that is not good any more is refused as
    /// [`TokenRefusal::OwnToken`], which is no fault of the provider's.
    #[must_use]
    pub fn beside_own(self, issuer: String) -> Self {
        Self { own_issuer: Some(issuer), ..self }
    }

    pub(crate) fn rules(&self) -> Rules<'_> {
        let own_issuer = self.own_issuer.as_deref();
        Rules { issuer: self.keys.issuer(), audience: &self.audience, own_issuer }
    }

    pub(crate) fn asks_userinfo(&self) -> bool {
        self.userinfo.is_some()
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
        let refused = |reason| IdentityError::Refused(reason);
        let jws = Jws::parse(token).ok_or(refused(TokenRefusal::Malformed))?;
        let claims = Claims::parse(jws.payload()).ok_or(refused(TokenRefusal::Malformed))?;
        if let Some((reason, _)) = self.rules().check(&jws, &claims, now).into_iter().find(|(_, passed)| !passed) {
            return Err(refused(reason));
        }
        if !self.keys.for_token(&jws).await?.verify(&jws) {
            return Err(refused(TokenRefusal::Signature));
        }
        let expires_at = claims.expires_at();
        let identity = claims.into_identity().ok_or(refused(TokenRefusal::NoSubject))?;
        let believed_until = Instant::now() + VERIFIED_FOR;
        self.verified.insert(key, Arc::new(Verified { identity: identity.clone(), expires_at, believed_until }));
        Ok(identity)
    }

    async fn complete(&self, token: &str, identity: &Identity) -> Result<Option<Identity>, IdentityError> {
        // What the token says of its address is not taken back by a userinfo that leaves `email_verified` out.
        let claims = Jws::parse(token).and_then(|jws| Claims::parse(jws.payload()));
        if claims.is_none_or(|claims| claims.has_unverified_address()) {
            return Ok(None);
        }
        match (&self.userinfo, self.keys.userinfo()) {
            (Some(userinfo), Some(url)) => userinfo.complete(&url, token, identity).await,
            _ => Ok(None),
        }
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
