//! Access tokens for a service account (RFC 7523): one is fetched and serves until shortly before it expires.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration as StdDuration;

use muster_notify::transport::exchange;
use muster_notify::{AttemptError, Cause, Refusal};
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use tokio::sync::watch;

use super::settings::ServiceAccount;
use crate::code::known_form;

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// How long the request for a token is valid; Google refuses more.
const ASSERTION_LIFETIME: Duration = Duration::hours(1);
/// How long before its end a token is no longer used, or half its life if that is shorter.
const MARGIN: Duration = Duration::minutes(5);
/// The longest life that is believed.
const LONGEST: u32 = 24 * 60 * 60;

/// What FCM takes a message with.
pub(super) struct AccessToken {
    text: SecretString,
    fresh_until: OffsetDateTime,
}

impl AccessToken {
    pub(super) fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

/// There is no access token; no message was handed over for the want of it.
#[derive(Clone)]
pub(super) struct NoAccessToken {
    cause: Arc<dyn Error + Send + Sync>,
    failure: Failure,
}

#[derive(Clone, Copy)]
enum Failure {
    /// Another try has a chance.
    Passing {
        retry_after: Option<StdDuration>,
    },
    Throttled {
        retry_after: Option<StdDuration>,
    },
    /// An operator has to mend something.
    Lasting,
}

impl From<AttemptError> for NoAccessToken {
    fn from(error: AttemptError) -> Self {
        let (cause, failure): (Cause, _) = match error {
            AttemptError::Throttled { retry_after } => ("it is throttling".into(), Failure::Throttled { retry_after }),
            AttemptError::NotAccepted { cause, retry_after } => (cause, Failure::Passing { retry_after }),
            AttemptError::Rejected(cause) | AttemptError::Gone { cause, .. } | AttemptError::Failed(cause) => {
                (cause, Failure::Lasting)
            }
        };
        Self { cause: cause.into(), failure }
    }
}

impl From<NoAccessToken> for AttemptError {
    fn from(error: NoAccessToken) -> Self {
        match error.failure {
            Failure::Passing { retry_after } => Self::NotAccepted { cause: Box::new(error), retry_after },
            Failure::Throttled { retry_after } => Self::Throttled { retry_after },
            Failure::Lasting => Self::Failed(Box::new(error)),
        }
    }
}

impl fmt::Debug for NoAccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NoAccessToken").field(&self.cause).finish()
    }
}

impl fmt::Display for NoAccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no access token could be fetched")
    }
}

impl Error for NoAccessToken {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.cause)
    }
}

type Outcome = Result<Arc<AccessToken>, NoAccessToken>;
/// The latest fetch: nothing while it is under way.
type Fetch = watch::Receiver<Option<Outcome>>;

/// The one access token of a service account.
pub(super) struct AccessTokens {
    source: Arc<Source>,
    latest: Mutex<Option<Fetch>>,
}

impl AccessTokens {
    pub(super) fn new(account: ServiceAccount, url: String, client: Client, timeout: StdDuration) -> Self {
        Self { source: Arc::new(Source { account, url, client, timeout }), latest: Mutex::default() }
    }

    /// The token, fetched unless there is a fresh one. Whoever asks while it is being fetched waits for that one fetch,
    /// which is a task of its own: it ends within its time-out even when all who wait are gone, and no lock is held for it.
    pub(super) async fn get(&self, now: OffsetDateTime) -> Outcome {
        let mut fetch = self.fetch(now);
        let outcome = fetch.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        outcome.unwrap_or_else(|| Err(AttemptError::not_accepted("the fetch was given up").into()))
    }

    /// Lets the next one who asks fetch another, unless that has happened already.
    pub(super) fn forget(&self, token: &Arc<AccessToken>) {
        let mut latest = self.latest();
        let is_latest = latest
            .as_ref()
            .is_some_and(|fetch| matches!(&*fetch.borrow(), Some(Ok(latest)) if Arc::ptr_eq(latest, token)));
        if is_latest {
            *latest = None;
        }
    }

    fn fetch(&self, now: OffsetDateTime) -> Fetch {
        let mut latest = self.latest();
        if let Some(fetch) = latest.as_ref().filter(|fetch| is_usable(fetch, now)) {
            return fetch.clone();
        }
        let (done, fetch) = watch::channel(None);
        let source = self.source.clone();
        tokio::spawn(async move {
            // Nobody may be waiting any more; the token is kept all the same.
            done.send_replace(Some(source.fetch(now).await));
        });
        *latest = Some(fetch.clone());
        fetch
    }

    fn latest(&self) -> MutexGuard<'_, Option<Fetch>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a fetch is under way or has brought a token that is fresh.
fn is_usable(fetch: &Fetch, now: OffsetDateTime) -> bool {
    match &*fetch.borrow() {
        None => fetch.has_changed().is_ok(),
        Some(Ok(token)) => now < token.fresh_until,
        Some(Err(_)) => false,
    }
}

struct Source {
    account: ServiceAccount,
    url: String,
    client: Client,
    timeout: StdDuration,
}

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    expires_in: u32,
}

/// RFC 6749, section 5.2.
#[derive(Deserialize)]
struct Refused {
    error: String,
}

impl Source {
    async fn fetch(&self, now: OffsetDateTime) -> Outcome {
        match tokio::time::timeout(self.timeout, self.ask(now)).await {
            Ok(outcome) => outcome.map_err(NoAccessToken::from),
            Err(elapsed) => Err(AttemptError::not_accepted(elapsed).into()),
        }
    }

    async fn ask(&self, now: OffsetDateTime) -> Result<Arc<AccessToken>, AttemptError> {
        let account = &self.account.0;
        let mut header = json!({ "typ": "JWT", "alg": "RS256" });
        if let Some(id) = &account.key_id {
            header["kid"] = json!(id);
        }
        let claims = json!({
            "iss": account.client_email,
            "scope": SCOPE,
            "aud": account.token_uri.as_str(),
            "iat": now.unix_timestamp(),
            "exp": (now + ASSERTION_LIFETIME).unix_timestamp(),
        });
        let assertion = account.key.token(&header, &claims).map_err(|error| AttemptError::Failed(error.into()))?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", GRANT)
            .append_pair("assertion", &assertion)
            .finish();
        let request = self.client.post(&self.url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        // However the asking ends, no message was handed over: what broke on the way may be tried again.
        let answer = exchange(request).await.map_err(|error| match error {
            AttemptError::Failed(cause) => AttemptError::NotAccepted { cause, retry_after: None },
            other => other,
        })?;
        if !answer.is_success() {
            let refused = answer.body.as_deref().and_then(|body| serde_json::from_slice::<Refused>(body).ok());
            return Err(match answer.refusal(refused.and_then(|refused| known_form(&refused.error))) {
                AttemptError::Failed(cause) if answer.status >= 500 => {
                    AttemptError::NotAccepted { cause, retry_after: answer.retry_after() }
                }
                other => other,
            });
        }
        let granted = answer.body.and_then(|body| serde_json::from_slice::<Granted>(&body).ok());
        let refusal = Refusal { status: answer.status, code: None };
        let granted = granted.ok_or_else(|| AttemptError::not_accepted(refusal))?;
        let life = Duration::seconds(granted.expires_in.min(LONGEST).into());
        Ok(Arc::new(AccessToken { text: granted.access_token, fresh_until: now + life - MARGIN.min(life / 2) }))
    }
}
