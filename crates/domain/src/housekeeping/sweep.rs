use std::collections::VecDeque;
use std::time::Duration as Elapsed;

use time::Duration;

use super::{Bookmark, HousekeepingService, Purged, Stale};
use crate::StoreError;
use crate::audit::{AuditChange, AuditEvent, Origin};

/// A sweep under way: the walks that are not over, the one whose turn it is first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    turns: VecDeque<Turn>,
}

/// Whose turn it is, and where its walk goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Rows(Stale, Option<Bookmark>),
    Devices,
}

/// What one batch removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// Of what, as in metrics: [`Stale::as_str`] or `devices`.
    pub what: &'static str,
    /// How many; 0 does not mean that there are no more.
    pub removed: u64,
}

/// How many a whole sweep removed of what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Rows that were kept for a while, by their kind.
    pub stale: Vec<(Stale, u64)>,
    /// Devices that were not seen for long.
    pub devices: u64,
}

impl HousekeepingService {
    /// How many rows are removed in one transaction at the most.
    pub const BATCH: u16 = 500;
    /// How many devices are looked up at once. Each is removed with a record of its own.
    pub const DEVICES: u16 = 50;
    /// The shortest rest between two batches.
    pub const SHORTEST_REST: Elapsed = Elapsed::from_millis(5);
    /// The longest rest between two batches.
    pub const LONGEST_REST: Elapsed = Elapsed::from_secs(1);
    /// After how long a device that was never proven, or whose proof is gone, is removed when no app registers it again.
    pub const UNPROVEN_DEVICES: Duration = Duration::days(90);
    /// The same for one that is proven. Apps register their device at each start: a person who did not start theirs for a
    /// year is not woken by it, and should not count as ready.
    pub const PROVEN_DEVICES: Duration = Duration::days(365);

    /// How long to rest after a batch that took so long: five times as long, so that one server's housekeeping keeps
    /// the store busy for a sixth of the time at the most, and for less of it the slower the store answers.
    #[must_use]
    pub fn rest_after(took: Elapsed) -> Elapsed {
        took.saturating_mul(5).clamp(Self::SHORTEST_REST, Self::LONGEST_REST)
    }

    /// Begins a sweep over everything that there is.
    #[must_use]
    pub fn begin(&self) -> Sweep {
        let rows = Stale::ALL.into_iter().map(|what| Turn::Rows(what, None));
        Sweep { turns: rows.chain([Turn::Devices]).collect() }
    }

    /// Removes the next batch of a sweep, each kind in turn, so that a large backlog of one kind holds up no other.
    /// `None`: the sweep is over, and nothing is left but what others worked on. Any number of servers may sweep
    /// at once.
    ///
    /// # Errors
    /// When the store fails; what was removed by then stays removed, and the same sweep can go on.
    pub async fn next_batch(&self, sweep: &mut Sweep, origin: &Origin) -> Result<Option<Batch>, StoreError> {
        let Some(turn) = sweep.turns.front().copied() else { return Ok(None) };
        let (batch, next) = match turn {
            Turn::Rows(what, from) => {
                let before = self.clock.now() - what.kept_for();
                let Purged { removed, next } = self.store.purge(what, before, from, Self::BATCH).await?;
                let next = next.map(|next| Turn::Rows(what, Some(next)));
                (Batch { what: what.as_str(), removed }, next)
            }
            Turn::Devices => {
                let (removed, more) = self.expire_devices(origin).await?;
                (Batch { what: "devices", removed }, more.then_some(Turn::Devices))
            }
        };
        sweep.turns.pop_front();
        sweep.turns.extend(next);
        Ok(Some(batch))
    }

    /// A whole sweep without rests: for a small store, or one that answers no requests meanwhile.
    ///
    /// # Errors
    /// When the store fails; what was removed by then stays removed.
    pub async fn sweep(&self, origin: &Origin) -> Result<Swept, StoreError> {
        let mut swept = Swept { stale: Stale::ALL.map(|what| (what, 0)).to_vec(), devices: 0 };
        let mut sweep = self.begin();
        while let Some(batch) = self.next_batch(&mut sweep, origin).await? {
            match swept.stale.iter_mut().find(|(what, _)| what.as_str() == batch.what) {
                Some((_, removed)) => *removed += batch.removed,
                None => swept.devices += batch.removed,
            }
        }
        Ok(swept)
    }

    /// How many rows of each kind have served their time and are not removed yet.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn backlog(&self) -> Result<Vec<(Stale, u64)>, StoreError> {
        let mut backlog = Vec::with_capacity(Stale::ALL.len());
        for what in Stale::ALL {
            backlog.push((what, self.store.backlog(what, self.clock.now() - what.kept_for()).await?));
        }
        Ok(backlog)
    }

    /// One batch: how many devices went, and whether there may be more.
    async fn expire_devices(&self, origin: &Origin) -> Result<(u64, bool), StoreError> {
        let now = self.clock.now();
        let (unproven, proven) = (now - Self::UNPROVEN_DEVICES, now - Self::PROVEN_DEVICES);
        let old = self.store.old_devices(unproven, proven, now, Self::DEVICES).await?;
        let is_full = old.len() == usize::from(Self::DEVICES);
        let mut expired = 0;
        for device in old {
            let change = AuditChange::DeviceExpired { device_id: device.id, platform: device.platform };
            let event = AuditEvent::new(now, &*self.entropy, origin, Some(device.user_id), &change);
            expired += u64::from(self.store.expire_device(&device, now, &event).await?);
        }
        // A batch of which none could be removed would be found again.
        Ok((expired, is_full && expired > 0))
    }
}
