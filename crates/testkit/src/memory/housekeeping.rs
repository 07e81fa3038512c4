use std::collections::BTreeSet;
use std::hash::Hash;

use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::device::DeviceLoss;
use muster_domain::housekeeping::{Bookmark, Housekeeping, OldDevice, Purged, Stale};
use muster_domain::session::Session;
use muster_domain::verification::Challenge;
use muster_domain::{DeviceId, SessionId, StoreError};
use time::OffsetDateTime;

use crate::MemoryStore;
use crate::memory::State;
use crate::memory::sessions::is_live;

#[async_trait]
impl Housekeeping for MemoryStore {
    /// What was removed is gone, so each batch begins at the first row again.
    async fn purge(
        &self,
        what: Stale,
        before: OffsetDateTime,
        _: Option<Bookmark>,
        limit: u16,
    ) -> Result<Purged, StoreError> {
        let removed = self.open()?.purge(what, before, limit.into());
        Ok(Purged { removed: removed as u64, next: (removed == usize::from(limit)).then_some(Bookmark(0)) })
    }

    async fn backlog(&self, what: Stale, before: OffsetDateTime) -> Result<u64, StoreError> {
        // Of a copy, in which nothing limits the removal.
        let mut copy = self.open()?.clone();
        Ok(copy.purge(what, before, usize::MAX) as u64)
    }

    async fn old_devices(
        &self,
        unproven: OffsetDateTime,
        proven: OffsetDateTime,
        now: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<OldDevice>, StoreError> {
        let state = self.open()?;
        let live = state.sessions.values().filter(|session| is_live(session, now));
        let live: BTreeSet<SessionId> = live.map(|session| session.id).collect();
        let named = live.iter().filter_map(|id| state.sessions.get(id)?.device_id);
        let registered = state.registrations.iter().filter(|(_, session)| live.contains(session)).map(|(id, _)| *id);
        let in_use: BTreeSet<DeviceId> = named.chain(registered).collect();
        let mut old: Vec<OldDevice> = state
            .devices
            .values()
            .filter(|device| device.last_seen_at < if device.verified_at.is_some() { proven } else { unproven })
            .filter(|device| !in_use.contains(&device.id))
            .map(|device| OldDevice {
                user_id: device.user_id,
                id: device.id,
                platform: device.platform,
                last_seen_at: device.last_seen_at,
            })
            .collect();
        old.sort_by_key(|device| (device.last_seen_at, device.id));
        old.truncate(limit.into());
        Ok(old)
    }

    async fn expire_device(
        &self,
        device: &OldDevice,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let kept = state.devices.get(&device.id).filter(|kept| kept.user_id == device.user_id);
        if kept.is_none_or(|kept| kept.last_seen_at > device.last_seen_at) {
            return Ok(false);
        }
        state.drop_device(device.user_id, device.id, at, DeviceLoss::Expired);
        state.trail.push(event.clone());
        Ok(true)
    }
}

impl State {
    fn purge(&mut self, what: Stale, before: OffsetDateTime, limit: usize) -> usize {
        match what {
            Stale::Challenges => {
                let over = |challenge: &Challenge| challenge.expires_at.max(challenge.resend_after) < before;
                let stale = first(self.challenges.iter().filter(|(_, challenge)| over(challenge)), limit);
                for key in &stale {
                    if let Some(challenge) = self.challenges.remove(key) {
                        self.deliveries.remove(&challenge.id);
                    }
                }
                stale.len()
            }
            Stale::Sessions => {
                let stale: Vec<SessionId> =
                    first(self.sessions.iter().filter(|(_, session)| end(session) < before), limit);
                for id in &stale {
                    self.sessions.remove(id);
                    self.tokens.retain(|_, (of, _)| of != id);
                }
                stale.len()
            }
            Stale::RefreshTokens => {
                let over = |at: Option<OffsetDateTime>| at.is_some_and(|at| at < before);
                let stale = first(self.tokens.iter().filter(|(_, (_, token))| over(token.superseded_at)), limit);
                stale.iter().filter(|hash| self.tokens.remove(hash).is_some()).count()
            }
            Stale::SendCounts => {
                let stale = first(self.counts.iter().filter(|(_, count)| count.began_at < before), limit);
                stale.iter().filter(|key| self.counts.remove(key).is_some()).count()
            }
            Stale::SendRefusals => {
                let stale = first(self.refusals.iter().filter(|(_, at)| **at < before), limit);
                stale.iter().filter(|key| self.refusals.remove(key).is_some()).count()
            }
            Stale::SignInAttempts => {
                let stale = first(self.attempts.iter().filter(|(_, count)| count.began_at < before), limit);
                stale.iter().filter(|scope| self.attempts.remove(scope).is_some()).count()
            }
            Stale::Deactivations => self.forget_deactivations(before, limit),
        }
    }
}

/// The keys of the first `limit` of them.
fn first<'a, K: Clone + Eq + Hash + 'a, V: 'a>(rows: impl Iterator<Item = (&'a K, &'a V)>, limit: usize) -> Vec<K> {
    rows.take(limit).map(|(key, _)| key.clone()).collect()
}

/// When a session ended or ends: by its time or before it.
fn end(session: &Session) -> OffsetDateTime {
    session.revocation.map_or(session.expires_at, |revocation| session.expires_at.min(revocation.at))
}
