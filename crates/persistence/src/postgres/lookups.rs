//! Lookups, which are one statement each, share a connection of their runtime's and are sent over it one behind the other,
//! without waiting for each other's answers (pipelining). So the server process at its other end finds the next one
//! already there, and is not woken for each. All else has a connection to itself (adr/0024).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use deadpool::managed::{Object, TimeoutType};
use diesel_async::pooled_connection::deadpool::{Pool, PoolError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::pools::Pooled;
use crate::db::PgConn;
use crate::error::{DbError, ErrorClass};

/// How many lookups of a runtime are under way at once. Each waits for those before it, so there are enough to keep a
/// server process busy, and few enough that not all wait behind one.
pub(crate) const SHARED_BY: usize = 32;
/// A connection that has not answered for so long is joined by nobody: it waits for a lock or for the disk, and others need
/// not wait with it.
const SILENCE: Duration = Duration::from_millis(10);

/// The lookups of one runtime.
pub(super) struct Lookups {
    /// One for each that may be under way. Whoever has one or waits for one has a share in this.
    places: Arc<Semaphore>,
    /// One of them at a time waits for the pool, on behalf of all.
    turn: Semaphore,
    /// What they share, as long as any of them uses it; then it goes back to the pool.
    joint: Mutex<Weak<Joint>>,
}

/// A connection that lookups share.
struct Joint {
    /// There until it is dropped.
    connection: Option<Pooled>,
    /// Whether it is closed then, and not used again: a lookup waited in vain for what it still works on, or it broke.
    is_abandoned: AtomicBool,
    /// When it answered last, or was opened.
    heard: Mutex<Instant>,
}

impl Joint {
    fn heard(&self) -> MutexGuard<'_, Instant> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Joint {
    fn drop(&mut self) {
        if self.is_abandoned.load(Ordering::Relaxed) {
            self.connection.take().map(Object::take);
        }
    }
}

impl Default for Lookups {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(SHARED_BY)), turn: Semaphore::new(1), joint: Mutex::default() }
    }
}

impl Lookups {
    /// A connection of the pool for one more, when there is a place on it.
    ///
    /// # Errors
    /// When there is none for as long as one waits for a connection.
    pub(super) async fn join(
        self: &Arc<Self>,
        pool: &Pool<PgConn>,
        limit: Option<Duration>,
    ) -> Result<Shared, DbError> {
        let shared = |joint, place| Shared { joint, lookups: self.clone(), limit, _place: place };
        if let Ok(place) = self.places.clone().try_acquire_owned()
            && let Some(joint) = self.in_use(pool)
        {
            return Ok(shared(joint, place));
        }
        let waiting = async {
            let place = self.places.clone().acquire_owned().await.map_err(|_| PoolError::Closed)?;
            let _turn = self.turn.acquire().await.map_err(|_| PoolError::Closed)?;
            let joint = match self.in_use(pool) {
                Some(joint) => joint,
                None => self.share(pool.get().await?),
            };
            Ok(shared(joint, place))
        };
        let wait = pool.timeouts().wait.unwrap_or(Duration::MAX);
        timeout(wait, waiting).await.unwrap_or(Err(PoolError::Timeout(TimeoutType::Wait).into()))
    }

    /// How many wait for a place.
    pub(super) fn waiting(&self) -> usize {
        Arc::strong_count(&self.places).saturating_sub(1 + SHARED_BY)
    }

    /// Nobody joins the connection that is in use.
    pub(super) fn forget(&self) {
        *self.joint() = Weak::new();
    }

    fn joint(&self) -> MutexGuard<'_, Weak<Joint>> {
        self.joint.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection of other lookups, unless it is silent. Where it is the only one and somebody waits to have it alone, it is not joined, or
    /// it would never be free.
    fn in_use(&self, pool: &Pool<PgConn>) -> Option<Arc<Joint>> {
        let joint = self.joint().upgrade()?;
        let pool = pool.status();
        if pool.max_size > 1 && joint.heard().elapsed() > SILENCE {
            return None;
        }
        (pool.max_size > 1 || pool.waiting == 0).then_some(joint)
    }

    fn share(&self, connection: Pooled) -> Arc<Joint> {
        let joint = Joint {
            connection: Some(connection),
            is_abandoned: AtomicBool::new(false),
            heard: Mutex::new(Instant::now()),
        };
        let joint = Arc::new(joint);
        *self.joint() = Arc::downgrade(&joint);
        joint
    }
}

/// A place on a connection that others use at the same time.
pub(crate) struct Shared {
    joint: Arc<Joint>,
    lookups: Arc<Lookups>,
    limit: Option<Duration>,
    _place: OwnedSemaphorePermit,
}

impl Shared {
    pub(crate) fn connection(&self) -> Result<&PgConn, DbError> {
        let connection = self.joint.connection.as_deref();
        connection.ok_or(DbError::Pool(PoolError::Closed))
    }

    /// What a lookup over this connection comes to. PostgreSQL's own limit begins when it begins with a statement, and those
    /// before it may each wait for a lock as long as that.
    ///
    /// # Errors
    /// The lookup's, and that it took too long. Nobody joins the connection any more then.
    pub(crate) async fn within_limit<T>(&self, lookup: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
        if let Ok(found) = timeout(self.limit.unwrap_or(Duration::MAX), lookup).await {
            *self.joint.heard() = Instant::now();
            if let Err(error) = &found
                && matches!(error.class(), ErrorClass::ConnectionLost | ErrorClass::StatementGone)
            {
                self.abandon();
            }
            return found;
        }
        self.abandon();
        Err(DbError::Pool(PoolError::Timeout(TimeoutType::Wait)))
    }

    /// No other lookup joins the connection, and it is closed when the last one has left it.
    fn abandon(&self) {
        self.joint.is_abandoned.store(true, Ordering::Relaxed);
        let mut joint = self.lookups.joint();
        if joint.as_ptr() == Arc::as_ptr(&self.joint) {
            *joint = Weak::new();
        }
    }
}
