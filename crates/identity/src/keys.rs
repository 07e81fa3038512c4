//! The provider's keys, kept: fetched when they are first needed, again when they are old or lack one.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use muster_domain::access::IdentityError;
use reqwest::Client;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::document::{DocumentError, Fetched, fetch_keys};
use crate::jwk::KeySet;
use crate::jws::Jws;
use crate::settings::Issuer;

/// The least time between two fetches while there are keys, whatever key ids tokens name.
const APART: Duration = Duration::from_mins(1);
/// The same while there are none.
const APART_WITHOUT_KEYS: Duration = Duration::from_secs(5);
/// How long keys serve while new ones cannot be had.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// A provider's keys.
pub(crate) struct Keys(Arc<Shared>);

struct Shared {
    issuer: Issuer,
    client: Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// When the last fetch began, or ended.
    tried_at: Option<Instant>,
    /// Why the last fetch failed, if it did.
    failure: Option<Arc<DocumentError>>,
    /// Ends with the fetch that runs; nothing is ever sent.
    running: Option<watch::Receiver<()>>,
}

struct Held {
    keys: Arc<KeySet>,
    since: Instant,
    fresh_for: Duration,
}

/// What to do for a token.
enum Next {
    /// The keys, or why there are none.
    Answer(Result<Arc<KeySet>, IdentityError>),
    /// To look again when the fetch has ended.
    Wait(watch::Receiver<()>),
}

#[derive(Debug, thiserror::Error)]
#[error("the fetch was interrupted")]
struct Interrupted;

impl Keys {
    pub(crate) fn new(issuer: Issuer, client: Client) -> Self {
        Self(Arc::new(Shared { issuer, client, state: Mutex::default() }))
    }

    pub(crate) fn issuer(&self) -> &Issuer {
        &self.0.issuer
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    /// The keys to check a token with, among which may be none for it. Waits for a fetch where only that can tell, and
    /// not for one that only renews.
    pub(crate) async fn for_token(&self, jws: &Jws<'_>) -> Result<Arc<KeySet>, IdentityError> {
        match self.0.next(jws) {
            Next::Answer(answer) => answer,
            Next::Wait(mut running) => {
                // Ends with an error, for the sender is gone then.
                let _ = running.changed().await;
                self.0.state().answer(jws)
            }
        }
    }
}

impl Shared {
    fn next(self: &Arc<Self>, jws: &Jws<'_>) -> Next {
        let mut state = self.state();
        let now = Instant::now();
        if state.held.as_ref().is_some_and(|held| now - held.since >= KEPT_FOR) {
            state.held = None;
        }
        let age = state.held.as_ref().filter(|held| held.keys.has_key_for(jws)).map(|held| now - held.since);
        let fresh_for = state.held.as_ref().map_or(Duration::ZERO, |held| held.fresh_for);
        if age.is_some_and(|age| age < fresh_for) {
            return Next::Answer(state.answer(jws));
        }
        if !state.is_running() && state.may_fetch(now) {
            let (ended, running) = watch::channel(());
            state.tried_at = Some(now);
            state.running = Some(running);
            // Not the request's own work: it goes on when the client hangs up.
            tokio::spawn(self.clone().fetch(ended));
        }
        // Old keys serve while they are renewed. Not so after a long silence, in which a key may have been withdrawn,
        // unless the provider is known to be down.
        let serves = age.is_some_and(|age| age < 2 * fresh_for || state.failure.is_some());
        match state.running.clone().filter(|_| !serves && state.is_running()) {
            Some(running) => Next::Wait(running),
            None => Next::Answer(state.answer(jws)),
        }
    }

    async fn fetch(self: Arc<Self>, ended: watch::Sender<()>) {
        let fetched = fetch_keys(&self.client, &self.issuer).await;
        let mut state = self.state();
        let now = Instant::now();
        state.tried_at = Some(now);
        match fetched {
            Ok(Fetched { keys, fresh_for }) => {
                state.held = Some(Held { keys: Arc::new(keys), since: now, fresh_for });
                state.failure = None;
            }
            Err(error) => {
                let keys_serve = state.held.is_some();
                let cause = error.source().map(ToString::to_string);
                tracing::warn!(%error, cause, keys_serve, "the identity provider's keys cannot be fetched");
                state.failure = Some(Arc::new(error));
            }
        }
        drop(state);
        drop(ended);
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

    fn may_fetch(&self, now: Instant) -> bool {
        let apart = if self.held.is_some() { APART } else { APART_WITHOUT_KEYS };
        self.tried_at.is_none_or(|at| now - at >= apart)
    }

    /// What the keys say that are here. Whether a token's key is a new one, nobody can tell while they cannot be renewed.
    fn answer(&self, jws: &Jws<'_>) -> Result<Arc<KeySet>, IdentityError> {
        match (&self.held, &self.failure) {
            (Some(held), failure) if failure.is_none() || held.keys.has_key_for(jws) => Ok(held.keys.clone()),
            (_, Some(failure)) => Err(IdentityError::Unavailable(Box::new(failure.clone()))),
            (_, None) => Err(IdentityError::Unavailable(Box::new(Interrupted))),
        }
    }
}
