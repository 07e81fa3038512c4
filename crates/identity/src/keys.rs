//! The provider's keys, kept: fetched when they are first needed, again when they are old or lack one.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use muster_domain::access::{IdentityError, TokenRefusal};
use quick_cache::sync::Cache;
use reqwest::Client;
use ring::digest::{Context, SHA256};
use tokio::sync::watch;
use tokio::time::Instant;
use url::Url;

use crate::document::{DocumentError, Fetched, fetch_keys};
use crate::jwk::KeySet;
use crate::jws::Jws;
use crate::settings::Issuer;

/// The least time between the beginnings of two fetches for a key that is not here, whatever key ids tokens name, and
/// for how long a key id that a fetch did not find is refused without another. With the 5 s that a fetch may take, a new
/// key is usable within 10 s.
const APART: Duration = Duration::from_secs(5);
/// The least time between two fetches that only renew.
const RENEWED_APART: Duration = Duration::from_mins(1);
/// How many such key ids are kept.
const MAX_ABSENT: usize = 1_000;
/// How many requests wait at once for a fetch. A flood while the provider is slow must not take every place that the
/// server has (`MUSTER_MAX_REQUESTS`, 512).
const MAX_WAITING: usize = 256;
/// How long keys serve while new ones cannot be had.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// A provider's keys.
pub(crate) struct Keys(Arc<Shared>);

struct Shared {
    issuer: Issuer,
    client: Client,
    state: Mutex<State>,
    /// Key ids, hashed, that a fetch did not find, and since when.
    absent: Cache<[u8; 32], Instant>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// When the last fetch began.
    began_at: Option<Instant>,
    /// Why the last fetch failed, if it did, and when.
    failure: Option<(Arc<DocumentError>, Instant)>,
    /// Ends with the fetch that runs; nothing is ever sent.
    running: Option<watch::Receiver<()>>,
    /// How many wait for it.
    waiting: usize,
}

struct Held {
    keys: Arc<KeySet>,
    userinfo: Option<Url>,
    since: Instant,
    fresh_for: Duration,
}

/// What to do for a token.
enum Next {
    /// The keys, or why there are none.
    Answer(Result<Arc<KeySet>, IdentityError>),
    /// To look again when the fetch has ended.
    Wait(watch::Receiver<()>, Waiting),
}

/// One of those that wait for a fetch, until it is dropped.
struct Waiting(Arc<Shared>);

#[derive(Debug, thiserror::Error)]
#[error("the fetch was interrupted")]
struct Interrupted;

impl Keys {
    pub(crate) fn new(issuer: Issuer, client: Client) -> Self {
        let absent = Cache::new(MAX_ABSENT);
        Self(Arc::new(Shared { issuer, client, state: Mutex::default(), absent }))
    }

    pub(crate) fn issuer(&self) -> &Issuer {
        &self.0.issuer
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    /// The keys that are here now, if any are.
    pub(crate) fn held(&self) -> Option<Arc<KeySet>> {
        self.0.state().held.as_ref().map(|held| held.keys.clone())
    }

    /// Where the provider tells of people, if its discovery document says so. It was fetched with the keys.
    pub(crate) fn userinfo(&self) -> Option<Url> {
        self.0.state().held.as_ref().and_then(|held| held.userinfo.clone())
    }

    /// The keys to check a token with, among which is one for it. Waits for a fetch where only that can tell, and not for
    /// one that only renews.
    pub(crate) async fn for_token(&self, jws: &Jws<'_>) -> Result<Arc<KeySet>, IdentityError> {
        let asked_at = Instant::now();
        match self.0.next(jws, asked_at) {
            Next::Answer(answer) => answer,
            Next::Wait(mut running, waiting) => {
                // Ends with an error, for the sender is gone then.
                let _ = running.changed().await;
                drop(waiting);
                self.0.answer(&self.0.state(), jws, asked_at)
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.waiting = state.waiting.saturating_sub(1);
    }
}

impl Shared {
    fn next(self: &Arc<Self>, jws: &Jws<'_>, now: Instant) -> Next {
        let mut state = self.state();
        if state.held.as_ref().is_some_and(|held| now - held.since >= KEPT_FOR) {
            state.held = None;
        }
        let age = state.held.as_ref().filter(|held| held.keys.has_key_for(jws)).map(|held| now - held.since);
        let fresh_for = state.held.as_ref().map_or(Duration::ZERO, |held| held.fresh_for);
        if age.is_some_and(|age| age < fresh_for) || age.is_none() && self.is_absent(jws, now) {
            return Next::Answer(self.answer(&state, jws, now));
        }
        let apart = if age.is_some() { RENEWED_APART } else { APART };
        if !state.is_running() && state.wait(apart, now).is_zero() {
            let (ended, running) = watch::channel(());
            state.began_at = Some(now);
            state.running = Some(running);
            // Not the request's own work: it goes on when the client hangs up.
            tokio::spawn(self.clone().fetch(ended));
        }
        // Old keys serve while they are renewed. Not so after a long silence, in which a key may have been withdrawn,
        // unless the provider is known to be down.
        let serves = age.is_some_and(|age| age < 2 * fresh_for || state.failure.is_some());
        match state.running.clone().filter(|_| !serves && state.is_running()) {
            Some(running) if state.waiting < MAX_WAITING => {
                state.waiting += 1;
                drop(state);
                Next::Wait(running, Waiting(self.clone()))
            }
            Some(_) => Next::Answer(Err(not_yet(Duration::ZERO))),
            None => Next::Answer(self.answer(&state, jws, now)),
        }
    }

    async fn fetch(self: Arc<Self>, ended: watch::Sender<()>) {
        let fetched = fetch_keys(&self.client, &self.issuer).await;
        let mut state = self.state();
        match fetched {
            Ok(Fetched { keys, userinfo, fresh_for }) => {
                state.held = Some(Held { keys: Arc::new(keys), userinfo, since: Instant::now(), fresh_for });
                state.failure = None;
            }
            Err(error) => {
                let keys_serve = state.held.is_some();
                let cause = error.source().map(ToString::to_string);
                tracing::warn!(%error, cause, keys_serve, "the identity provider's keys cannot be fetched");
                state.failure = Some((Arc::new(error), Instant::now()));
            }
        }
        drop(state);
        drop(ended);
    }

    /// What the keys that are here say to a token that came at `asked_at`. A key id that is not among them is unknown
    /// only if they were fetched after that; else it may be new, and the next fetch tells.
    fn answer(&self, state: &State, jws: &Jws<'_>, asked_at: Instant) -> Result<Arc<KeySet>, IdentityError> {
        match (&state.held, &state.failure) {
            (Some(held), _) if held.keys.has_key_for(jws) => Ok(held.keys.clone()),
            (_, Some((failure, _))) => Err(IdentityError::Unavailable(Box::new(failure.clone()))),
            (None, None) => Err(IdentityError::Unavailable(Box::new(Interrupted))),
            (Some(_), None) => {
                let now = Instant::now();
                if state.began_at.is_some_and(|began_at| began_at >= asked_at) && !state.is_running() {
                    self.absent.insert(key_of(jws), now);
                } else if !self.is_absent(jws, now) {
                    return Err(not_yet(state.wait(APART, now)));
                }
                Err(IdentityError::Refused(TokenRefusal::UnknownKey))
            }
        }
    }

    /// Whether a fetch of late did not find a token's key.
    fn is_absent(&self, jws: &Jws<'_>, now: Instant) -> bool {
        self.absent.get(&key_of(jws)).is_some_and(|since| now.saturating_duration_since(since) < APART)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A fetch that ended in whichever way has dropped the sender.
    fn is_running(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.has_changed().is_ok())
    }

    /// How long until the next fetch may begin. After a failure as long again as between two, so that requests do not
    /// wait one after the other for a provider that hangs.
    fn wait(&self, apart: Duration, now: Instant) -> Duration {
        let after_failure = self.failure.as_ref().map(|(_, at)| *at + APART);
        let next = self.began_at.map(|at| at + apart).max(after_failure);
        next.map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }
}

/// The client tries again when the next fetch may begin.
fn not_yet(wait: Duration) -> IdentityError {
    let retry_after = wait.max(Duration::from_secs(1));
    IdentityError::NotYet { retry_after: retry_after.try_into().unwrap_or(time::Duration::SECOND) }
}

/// Which key a token asks for: its id and algorithm, hashed, because an id may be long.
fn key_of(jws: &Jws<'_>) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(jws.algorithm_name().as_bytes());
    // An id that is left out is another than an empty one. No algorithm that is taken has a colon or an equals sign.
    context.update(if jws.key_id().is_some() { b":" } else { b"=" });
    context.update(jws.key_id().unwrap_or_default().as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
