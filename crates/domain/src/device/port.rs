use async_trait::async_trait;
use time::OffsetDateTime;

use crate::audit::AuditEvent;
use crate::device::{Device, DeviceLoss};
use crate::session::Ending;
use crate::{DeviceId, SessionId, StoreError, UserId};

/// The records of a registration, of which the store writes those that fit what happened.
#[derive(Debug, Clone, PartialEq)]
pub struct RegistrationEvents {
    /// Written when the device is new to its person.
    pub registered: AuditEvent,
    /// Written when the person had it already; its details name the proposed id, the store puts the kept one there.
    pub updated: AuditEvent,
    /// Written when another person had the token; the store puts that person in as its subject.
    pub released: AuditEvent,
    /// How that person's sessions on the device end; the store puts that person in as the records' subject.
    pub ending: Ending,
}

/// A device that a person loses.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceRemoval {
    /// Whose.
    pub user_id: UserId,
    /// Which.
    pub id: DeviceId,
    /// Why.
    pub reason: DeviceLoss,
    /// When.
    pub at: OffsetDateTime,
    /// How the sessions on it end; `None` when they go on without a device.
    pub ending: Option<Ending>,
    /// A session that goes on all the same.
    pub spared: Option<SessionId>,
    /// The device stays when it was registered after this.
    pub unless_seen_after: Option<OffsetDateTime>,
}

/// What came of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegisterOutcome {
    /// The device as it is stored now; new to its person.
    Created(Device),
    /// The device as it is stored now; the person had it already.
    Updated(Device),
    /// Nothing is written: the person has as many devices as they may.
    LimitReached,
    /// Nothing is written: the session of the presented credential is not a live one of the person's.
    SessionEnded,
}

/// Keeps devices.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait DeviceStore: Send + Sync {
    /// Registers a device of an existing person, with the records that fit, all or nothing.
    ///
    /// - `session`, the one that the presented credential belongs to, is not a live one of the person's as of the given
    ///   `last_seen_at`: [`RegisterOutcome::SessionEnded`]. The same write decides that, so that no device comes in
    ///   behind the end of its session. When it is live, it is on the device from now on, and no session is there that
    ///   registered it before.
    /// - The person has a device with that platform and token, whatever key its fingerprint was made with: its
    ///   fingerprint, name, app version and `last_seen_at` become the given ones; its id, proof and `created_at` stay. [`RegisterOutcome::Updated`], and `updated` is
    ///   written.
    /// - Another person has it: their device goes with its proof, the challenge that was sent to it is cancelled as of
    ///   the given `last_seen_at`, and their live sessions on it end by `ending`, as [`DeviceStore::remove`] ends them;
    ///   the given one is stored. [`RegisterOutcome::Created`], and `released` and `registered` are written.
    /// - Nobody has it: the given one is stored. [`RegisterOutcome::Created`], and `registered` is written.
    ///
    /// A person who has `max` devices gets no new one. However many run at once, one person at most has a token, and no
    /// person more than `max`. A cancelled challenge is kept without its device, so that the wait for the next holds.
    async fn register(
        &self,
        device: &Device,
        max: u32,
        session: Option<SessionId>,
        events: &RegistrationEvents,
    ) -> Result<RegisterOutcome, StoreError>;

    /// A person's devices, oldest first (by `created_at`, then id).
    async fn list(&self, user_id: UserId) -> Result<Vec<Device>, StoreError>;

    /// Removes a device of that person with its proof, cancels the challenge that was sent to it as of `at` (which is
    /// kept without its device, so that the wait for the next holds), and writes `event`: all or nothing. `false`, and
    /// nothing written, when the person has no such device, or it was registered after
    /// [`DeviceRemoval::unless_seen_after`].
    ///
    /// With an `ending` the live sessions on the device end too, but for the one that is spared, and with them the
    /// other devices that no other live session is on, as in [`crate::session::SessionStore::revoke`]. A proof that
    /// goes is noted as the person's [`crate::device::PushLoss`].
    async fn remove(&self, removal: &DeviceRemoval, event: &AuditEvent) -> Result<bool, StoreError>;
}
