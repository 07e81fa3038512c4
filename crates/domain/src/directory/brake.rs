use time::{Duration, OffsetDateTime};

use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::directory::DirectoryService;
use crate::{StoreError, UserId};

/// How many people one client of the directory may deactivate within an hour, before somebody must look: a directory
/// that was emptied by mistake, or by an attacker, must not silence everybody's pager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrakePolicy {
    /// Per cent of those who were active, 1 to 100; with 100 there is no brake.
    pub percent: u8,
    /// So many are let through whatever the share, so that a leaver of a small company is never delayed.
    pub free: u32,
}

impl Default for BrakePolicy {
    fn default() -> Self {
        Self { percent: 10, free: 10 }
    }
}

/// What a deactivation is held to, and what is recorded when it is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Brake {
    /// Whose deactivations are counted.
    pub client: String,
    /// How many.
    pub policy: BrakePolicy,
    /// Since when they are counted; who came later does not add to the share.
    pub since: OffsetDateTime,
    /// The record that the brake engaged, written when it does.
    pub engaged: AuditEvent,
    /// The record that this person's deactivation was refused, written once for each person until the brake is released.
    pub refused: AuditEvent,
}

impl Brake {
    /// The time over which deactivations are counted.
    pub const WINDOW: Duration = Duration::HOUR;
    /// When a refused client may try again. Nothing but an admin's release changes the answer, so it is a guess.
    pub const RETRY_AFTER: Duration = Duration::minutes(5);

    /// How many of `active` people (before the first of those counted, newcomers left out) may be deactivated.
    #[must_use]
    pub fn allowed(policy: BrakePolicy, active: u64) -> u64 {
        let share = active.saturating_mul(policy.percent.into()) / 100;
        share.max(policy.free.into())
    }
}

/// A brake that holds until it is released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngagedBrake {
    /// Whose deactivations it refuses.
    pub client: String,
    /// Since when.
    pub since: OffsetDateTime,
    /// How many people's deactivations it refused so far.
    pub refused: u64,
}

impl DirectoryService {
    /// The brakes that hold now, by client.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn engaged_brakes(&self) -> Result<Vec<EngagedBrake>, StoreError> {
        self.directory.engaged_brakes().await
    }

    /// Lets a client's deactivations through again, and begins their count anew. `false` when no brake holds them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release_brake(&self, client: &str, origin: &Origin) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let change = AuditChange::BrakeReleased { client: client.to_owned() };
        let event = AuditEvent::new(now, &*self.entropy, origin, None, &change);
        self.directory.release_brake(client, now, &event).await
    }

    /// What a deactivation by `client` is held to; nothing when the brake is off.
    pub(super) fn brake(&self, client: &str, subject: UserId, now: OffsetDateTime, origin: &Origin) -> Option<Brake> {
        (self.brake.percent < 100).then(|| {
            let event = |subject, change| AuditEvent::new(now, &*self.entropy, origin, subject, &change);
            Brake {
                client: client.to_owned(),
                policy: self.brake,
                since: now - Brake::WINDOW,
                engaged: event(None, AuditChange::BrakeEngaged { client: client.to_owned() }),
                refused: event(Some(subject), AuditChange::DeactivationRefused { client: client.to_owned() }),
            }
        })
    }
}
