use std::sync::{Mutex, PoisonError};

use reqwest::header::HeaderValue;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::settings::{ApnsKey, AppleId};
use crate::key::SigningFailed;

/// How long one token is sent. APNs takes none that is older than 60 minutes, and no new one within 20.
const REUSED_FOR: Duration = Duration::minutes(40);

/// Tells APNs who is sending.
pub(super) struct ProviderTokens {
    key: ApnsKey,
    key_id: AppleId,
    team_id: AppleId,
    latest: Mutex<Option<(HeaderValue, OffsetDateTime)>>,
}

impl ProviderTokens {
    pub(super) fn new(key: ApnsKey, key_id: AppleId, team_id: AppleId) -> Self {
        Self { key, key_id, team_id, latest: Mutex::default() }
    }

    /// The `authorization` header.
    pub(super) fn authorization(&self, now: OffsetDateTime) -> Result<HeaderValue, SigningFailed> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((header, made_at)) = &*latest
            && (*made_at..*made_at + REUSED_FOR).contains(&now)
        {
            return Ok(header.clone());
        }
        let header = json!({ "alg": "ES256", "kid": self.key_id.as_str() });
        let claims = json!({ "iss": self.team_id.as_str(), "iat": now.unix_timestamp() });
        let token = self.key.0.token(&header, &claims)?;
        let mut header = HeaderValue::try_from(format!("bearer {token}")).map_err(|_| SigningFailed)?;
        header.set_sensitive(true);
        *latest = Some((header.clone(), now));
        Ok(header)
    }
}
