use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use muster_domain::access::{AccessClaims, AccessToken, AccessTokens, Audience, InvalidAccessToken, SigningError};
use quick_cache::sync::Cache;
use ring::digest;
use ring::signature::Ed25519KeyPair;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{SigningKey, jwt_provider};

/// Signs and checks Muster's own access tokens: JWTs (RFC 7519) of the type `at+jwt` (RFC 9068), signed with
/// Ed25519 (RFC 8037) and nothing else.
pub struct AccessTokenSigner {
    signing: Arc<Ed25519KeyPair>,
    /// The header of each token that is made here, as it stands before the first dot.
    protected: String,
    /// What checks tokens, by the id of the key.
    verifying: Vec<(String, DecodingKey)>,
    validation: Validation,
    issuer: String,
    jwks: Value,
    genuine: Cache<[u8; 32], Genuine>,
}

/// What a token says that was found genuine: when it counts is asked each time.
#[derive(Clone, Copy)]
struct Genuine {
    claims: AccessClaims,
    begins_at: Option<OffsetDateTime>,
}

/// What the token says (RFC 9068, section 2.2). There are no OAuth clients here, so no `client_id`.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: muster_domain::UserId,
    aud: String,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<muster_domain::SessionId>,
}

impl AccessTokenSigner {
    /// The type that keeps an access token from being taken for another kind of JWT (RFC 9068, section 2.1).
    const TYPE: &str = "at+jwt";
    /// Longer than any token that is made here, however long the issuer's address (2048 bytes are an old browser's
    /// limit for one). Anything longer is refused unread.
    const MAX_TOKEN_BYTES: usize = 4096;
    /// Of how many tokens is remembered, by their SHA-256, that they are genuine: about 2 MB. A phone uses its token for
    /// 15 minutes, and to check the signature takes more of the processor than the rest of a request.
    const MAX_REMEMBERED: usize = 10_000;

    /// A signer whose tokens name `issuer`, the server's public address. With `accepts_development` it also takes the
    /// tokens of `POST /dev/login`.
    #[must_use]
    pub fn new(key: &SigningKey, issuer: String, accepts_development: bool) -> Self {
        Self::rotating(key, &[], issuer, accepts_development)
    }

    /// A signer that also takes tokens of `others` and publishes their public keys: during a rotation the key that will
    /// sign next, so that clients that check tokens know it in time, and those that signed before, until the tokens
    /// that they signed have expired.
    #[must_use]
    pub fn rotating(key: &SigningKey, others: &[&SigningKey], issuer: String, accepts_development: bool) -> Self {
        jwt_provider::install();
        let mut validation = Validation::new(Algorithm::EdDSA);
        // Expiry is checked against the time that the caller passes in, not against the library's own clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
        validation.set_issuer(&[&issuer]);
        let taken = AUDIENCES.iter().filter(|audience| accepts_development || **audience != Audience::Development);
        validation.set_audience(&taken.map(|audience| audience_name(*audience)).collect::<Vec<_>>());

        let kid = key.thumbprint();
        let keys = || std::iter::once(key).chain(others.iter().copied());
        let jwk = |key: &SigningKey| {
            json!({
                "kty": "OKP", "crv": "Ed25519", "x": key.x(), "kid": key.thumbprint(), "alg": "EdDSA", "use": "sig"
            })
        };
        let protected = format!(r#"{{"typ":"{}","alg":"EdDSA","kid":"{kid}"}}"#, Self::TYPE);
        Self {
            signing: key.pair(),
            protected: URL_SAFE_NO_PAD.encode(protected),
            verifying: keys().map(|key| (key.thumbprint(), DecodingKey::from_ed_der(key.public()))).collect(),
            validation,
            issuer,
            jwks: json!({ "keys": keys().map(jwk).collect::<Vec<_>>() }),
            genuine: Cache::new(Self::MAX_REMEMBERED),
        }
    }

    /// The public keys as a JWK set (RFC 7517), with which anybody can check a token. The one that signs comes first.
    #[must_use]
    pub fn jwks(&self) -> &Value {
        &self.jwks
    }
}

const AUDIENCES: [Audience; 3] = [Audience::Mobile, Audience::BreakGlass, Audience::Development];

fn audience_name(audience: Audience) -> &'static str {
    match audience {
        Audience::Mobile => "muster",
        Audience::BreakGlass => "muster-break-glass",
        Audience::Development => "muster-dev",
    }
}

impl AccessTokens for AccessTokenSigner {
    fn sign(&self, claims: &AccessClaims) -> Result<AccessToken, SigningError> {
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: claims.user_id,
            aud: audience_name(claims.audience).to_owned(),
            iat: claims.issued_at.unix_timestamp(),
            exp: claims.expires_at.unix_timestamp(),
            nbf: None,
            sid: claims.session_id,
        };
        // The compact serialization of a JWS (RFC 7515, section 7.1).
        let claims = serde_json::to_vec(&claims).map_err(|error| SigningError(Box::new(error)))?;
        let signed = format!("{}.{}", self.protected, URL_SAFE_NO_PAD.encode(claims));
        let signature = self.signing.sign(signed.as_bytes());
        Ok(AccessToken::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }

    fn verify(&self, token: &str, now: OffsetDateTime) -> Result<AccessClaims, InvalidAccessToken> {
        if token.len() > Self::MAX_TOKEN_BYTES {
            return Err(InvalidAccessToken);
        }
        let mut key = [0; 32];
        key.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        let Genuine { claims, begins_at } = self.genuine.get_or_insert_with(&key, || self.check(token))?;
        // On the second of its expiry a token is over (RFC 7519, section 4.1.4).
        if claims.expires_at <= now || begins_at.is_some_and(|at| now < at) {
            return Err(InvalidAccessToken);
        }
        Ok(claims)
    }
}

impl AccessTokenSigner {
    /// What a token says that this signer made, whenever it counts.
    fn check(&self, token: &str) -> Result<Genuine, InvalidAccessToken> {
        let Header { typ, kid, crit, .. } = jsonwebtoken::decode_header(token).map_err(|_| InvalidAccessToken)?;
        if typ.as_deref() != Some(Self::TYPE) || crit.is_some() {
            return Err(InvalidAccessToken);
        }
        let key = self.verifying.iter().find(|(id, _)| Some(id) == kid.as_ref()).ok_or(InvalidAccessToken)?;
        let decoded = jsonwebtoken::decode::<Claims>(token, &key.1, &self.validation);
        let claims = decoded.map_err(|_| InvalidAccessToken)?.claims;
        let audience = AUDIENCES.into_iter().find(|audience| audience_name(*audience) == claims.aud);
        let instant = |seconds| OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| InvalidAccessToken);
        Ok(Genuine {
            claims: AccessClaims {
                user_id: claims.sub,
                session_id: claims.sid,
                audience: audience.ok_or(InvalidAccessToken)?,
                issued_at: instant(claims.iat)?,
                expires_at: instant(claims.exp)?,
            },
            begins_at: claims.nbf.map(instant).transpose()?,
        })
    }
}

impl fmt::Debug for AccessTokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokenSigner").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
