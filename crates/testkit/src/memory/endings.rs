//! How sessions and devices end together.

use muster_domain::audit::RevokeReason;
use muster_domain::device::{DeviceLoss, PushLoss};
use muster_domain::session::{Ending, Revocation, Session};
use muster_domain::{DeviceId, SessionId, UserId};
use time::OffsetDateTime;

use crate::memory::State;
use crate::memory::sessions::is_live;

impl State {
    /// A person's live sessions, those first that were used longest ago.
    pub(super) fn live_sessions(&self, user_id: UserId, at: OffsetDateTime) -> Vec<Session> {
        let live = self.sessions.values().filter(|session| session.user_id == user_id && is_live(session, at));
        let mut live: Vec<Session> = live.cloned().collect();
        live.sort_by_key(|session| (session.last_used_at, session.id));
        live
    }

    /// The person's live sessions that are on a device.
    pub(super) fn sessions_on(&self, user_id: UserId, device: DeviceId, at: OffsetDateTime) -> Vec<SessionId> {
        let registered_it = |id| self.registrations.get(&device) == Some(&id);
        let live = self.live_sessions(user_id, at).into_iter();
        let mut on = live
            .filter(|session| session.device_id == Some(device) || registered_it(session.id))
            .map(|session| session.id)
            .collect::<Vec<_>>();
        on.sort();
        on
    }

    /// Ends live sessions of one person and removes the devices that no other live session is on. Writes the records
    /// when there is a pattern for them.
    pub(super) fn end_sessions(
        &mut self,
        user_id: UserId,
        ids: &[SessionId],
        (reason, at): (RevokeReason, OffsetDateTime),
        records: Option<&Ending>,
    ) {
        let devices: Vec<DeviceId> = self.devices_of(user_id).iter().map(|device| device.id).collect();
        let lost: Vec<DeviceId> = devices
            .into_iter()
            .filter(|device| {
                let on = self.sessions_on(user_id, *device, at);
                !on.is_empty() && on.iter().all(|id| ids.contains(id))
            })
            .collect();
        let mut number = 0;
        for id in ids {
            if let Some(session) = self.sessions.get_mut(id).filter(|session| is_live(session, at)) {
                session.revocation = Some(Revocation { at, reason });
                self.trail.extend(records.map(|ending| ending.session.copy_for(number, "sessionId", id.to_string())));
                number += 1;
            }
        }
        for (number, device) in (0..).zip(lost) {
            self.drop_device(user_id, device, at, DeviceLoss::SessionEnded(reason));
            self.trail.extend(records.map(|ending| ending.device.copy_for(number, "deviceId", device.to_string())));
        }
    }

    pub(super) fn end_by(&mut self, user_id: UserId, ids: &[SessionId], ending: &Ending) {
        self.end_sessions(user_id, ids, (ending.reason, ending.at), Some(ending));
    }

    /// Ends all live sessions of somebody who is deactivated. The record of that stands for theirs.
    pub(super) fn end_all_sessions(&mut self, user_id: UserId, at: OffsetDateTime) {
        let all: Vec<SessionId> = self.live_sessions(user_id, at).iter().map(|session| session.id).collect();
        self.end_sessions(user_id, &all, (RevokeReason::Deactivated, at), None);
    }

    pub(super) fn drop_device(&mut self, owner: UserId, id: DeviceId, at: OffsetDateTime, reason: DeviceLoss) {
        if self.devices.remove(&id).is_some_and(|device| device.verified_at.is_some()) {
            self.push_losses.insert(owner, PushLoss { reason, at });
        }
        self.registrations.remove(&id);
        self.cancel_challenge_of_device(owner, id, at);
        for session in self.sessions.values_mut().filter(|session| session.device_id == Some(id)) {
            session.device_id = None;
        }
    }
}
