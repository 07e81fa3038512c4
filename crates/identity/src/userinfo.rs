//! Names of people whose tokens have none, from the provider's userinfo endpoint (OIDC Core 1.0, section 5.3).

use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use muster_domain::access::{Identity, IdentityError};
use muster_outbound::traced;
use quick_cache::sync::Cache;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use url::Url;

use crate::jws::object;
use crate::token::{Names, subject};

/// How long one answer may take, and how long a request waits for its turn to ask.
const DEADLINE: Duration = Duration::from_secs(5);
/// The largest answer that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// For how long what the provider said of a person counts, that it gives no name among it.
const KEPT_FOR: Duration = Duration::from_mins(1);
/// Of how many people.
const MAX_KEPT: usize = 10_000;
/// How many answers are waited for at once.
const AT_ONCE: usize = 8;
/// How many are asked for in a window, and how long that is.
const MOST: u32 = 200;
const WINDOW: Duration = Duration::from_secs(10);
/// For how long the provider is left alone after it failed.
const LEFT_ALONE_FOR: Duration = Duration::from_secs(5);

/// Asks a provider for people's names: once a minute a person at the most, 200 times in 10 seconds in all.
pub(crate) struct UserInfo {
    client: Client,
    /// By subject. `None` when the provider gives no name.
    kept: Cache<String, (Option<Identity>, Instant)>,
    places: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    window: Option<(Instant, u32)>,
    left_alone_until: Option<Instant>,
}

/// Why the provider gave no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum UserInfoError {
    #[error("userinfo could not be reached")]
    Unreachable,
    #[error("userinfo did not answer within {} s", DEADLINE.as_secs())]
    Slow,
    #[error("userinfo was answered with status {0}")]
    Status(u16),
    #[error("userinfo is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("userinfo is no application/json; signed userinfo (application/jwt) is not read")]
    NotJson,
    #[error("userinfo is not the JSON that it should be")]
    Malformed,
    #[error("userinfo is about another subject than the token")]
    OtherSubject,
    #[error("userinfo has neither a verified email nor a preferred_username")]
    NoName,
}

impl UserInfoError {
    /// Whether it says nothing of this person, so that it may be otherwise in a moment.
    fn is_outage(self) -> bool {
        matches!(self, Self::Unreachable | Self::Slow | Self::Status(429 | 500..))
    }
}

#[derive(Deserialize)]
struct Answer {
    sub: Value,
    #[serde(default)]
    email: Value,
    #[serde(default)]
    email_verified: Value,
    #[serde(default)]
    preferred_username: Value,
    #[serde(default)]
    name: Value,
}

impl UserInfo {
    pub(crate) fn new(client: Client) -> Self {
        let places = Semaphore::new(AT_ONCE);
        Self { client, kept: Cache::new(MAX_KEPT), places, state: Mutex::default() }
    }

    /// The person with names, from the endpoint at `url`. Requests for one person at once are one question.
    pub(crate) async fn complete(
        &self,
        url: &Url,
        token: &str,
        identity: &Identity,
    ) -> Result<Option<Identity>, IdentityError> {
        let subject = identity.subject.as_str();
        if self.kept.get(subject).is_some_and(|(_, until)| until <= Instant::now()) {
            self.kept.remove(subject);
        }
        let (completed, _) = self.kept.get_or_insert_async(subject, self.ask(url, token, identity)).await?;
        // What is kept may have been asked for with an earlier token of the person.
        Ok(completed.map(|named| Identity { issued_at: identity.issued_at, ..named }))
    }

    async fn ask(
        &self,
        url: &Url,
        token: &str,
        identity: &Identity,
    ) -> Result<(Option<Identity>, Instant), IdentityError> {
        let turn = timeout(DEADLINE, self.places.acquire()).await;
        let Ok(Ok(_place)) = turn else { return Err(not_yet(Duration::ZERO)) };
        self.admit(Instant::now())?;
        let fetched = timeout(DEADLINE, fetch(&self.client, url, token, identity)).await;
        let fetched = fetched.unwrap_or(Err(UserInfoError::Slow));
        let completed = match fetched {
            Ok(identity) => Some(identity),
            Err(error) => {
                tracing::warn!(%error, "the identity provider's userinfo gave no name");
                if error.is_outage() {
                    self.state().left_alone_until = Some(Instant::now() + LEFT_ALONE_FOR);
                    return Err(IdentityError::Unavailable(Box::new(error)));
                }
                None
            }
        };
        Ok((completed, Instant::now() + KEPT_FOR))
    }

    /// Counts one question, unless the provider is left alone or was asked too often.
    fn admit(&self, now: Instant) -> Result<(), IdentityError> {
        let mut state = self.state();
        if let Some(wait) = state.left_alone_until.map(|until| until.saturating_duration_since(now))
            && !wait.is_zero()
        {
            return Err(not_yet(wait));
        }
        let (began_at, asked) = state.window.filter(|(began_at, _)| now - *began_at < WINDOW).unwrap_or((now, 0));
        if asked >= MOST {
            return Err(not_yet((began_at + WINDOW).saturating_duration_since(now)));
        }
        state.window = Some((began_at, asked + 1));
        Ok(())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_yet(wait: Duration) -> IdentityError {
    let retry_after = wait.max(Duration::from_secs(1));
    IdentityError::NotYet { retry_after: retry_after.try_into().unwrap_or(time::Duration::SECOND) }
}

async fn fetch(client: &Client, url: &Url, token: &str, expected: &Identity) -> Result<Identity, UserInfoError> {
    let unreachable = |error: reqwest::Error| {
        tracing::debug!(cause = error.source().map(ToString::to_string), "userinfo cannot be reached");
        UserInfoError::Unreachable
    };
    let request = client.get(url.clone()).bearer_auth(token).header(ACCEPT, "application/json");
    let mut response = traced(request).send().await.map_err(unreachable)?;
    if response.status() != StatusCode::OK {
        return Err(UserInfoError::Status(response.status().as_u16()));
    }
    if !is_json(response.headers()) {
        return Err(UserInfoError::NotJson);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(UserInfoError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    let answer = object::<Answer>(&body).ok_or(UserInfoError::Malformed)?;
    // Section 5.3.2: what is about another subject must not be used.
    if subject(&answer.sub) != Some(expected.subject.as_str()) {
        return Err(UserInfoError::OtherSubject);
    }
    let Answer { email, email_verified, preferred_username, name, .. } = answer;
    let names = Names { email, email_verified, preferred_username, name };
    let Identity { issuer, subject, issued_at, .. } = expected.clone();
    let identity = names.into_identity(issuer, subject, issued_at);
    if identity.logins.is_empty() { Err(UserInfoError::NoName) } else { Ok(identity) }
}

/// Whether the media type is `application/json`, with parameters or without (section 5.3.2).
fn is_json(headers: &HeaderMap) -> bool {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    said.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
