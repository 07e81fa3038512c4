use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use muster_domain::access::{AccessClaims, AccessToken, AccessTokens, Audience, InvalidAccessToken, SigningError};
use time::OffsetDateTime;

/// Access tokens that are numbered names for claims kept in memory. **No security**: anyone can count.
#[derive(Debug)]
pub struct FakeAccessTokens {
    taken: Vec<Audience>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    signed: HashMap<String, AccessClaims>,
    broken: bool,
}

impl FakeAccessTokens {
    /// A signer whose server takes tokens for these audiences.
    #[must_use]
    pub fn taking(audiences: &[Audience]) -> Self {
        Self { taken: audiences.to_vec(), state: Mutex::default() }
    }

    /// From now on every signature fails.
    pub fn break_key(&self) {
        self.state().broken = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for FakeAccessTokens {
    /// A server in development mode, which takes every audience.
    fn default() -> Self {
        Self::taking(&[Audience::Mobile, Audience::BreakGlass, Audience::Development])
    }
}

impl AccessTokens for FakeAccessTokens {
    fn sign(&self, claims: &AccessClaims) -> Result<AccessToken, SigningError> {
        let mut state = self.state();
        if state.broken {
            return Err(SigningError("the fake key is broken".into()));
        }
        let token = format!("fake-access-token-{}", state.signed.len());
        state.signed.insert(token.clone(), *claims);
        Ok(AccessToken::new(token))
    }

    fn verify(&self, token: &str, now: OffsetDateTime) -> Result<AccessClaims, InvalidAccessToken> {
        let claims = self.state().signed.get(token).copied().ok_or(InvalidAccessToken)?;
        let good = now < claims.expires_at && self.taken.contains(&claims.audience);
        if good { Ok(claims) } else { Err(InvalidAccessToken) }
    }
}
