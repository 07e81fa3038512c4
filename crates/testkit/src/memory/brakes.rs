use std::collections::{BTreeMap, BTreeSet};

use muster_domain::UserId;
use muster_domain::audit::AuditEvent;
use muster_domain::directory::{Brake, EngagedBrake};
use muster_domain::user::User;
use time::OffsetDateTime;

use crate::memory::State;

/// What one client of the directory did since its brake was last released.
#[derive(Debug, Clone, Default)]
pub(super) struct ClientBrake {
    engaged_at: Option<OffsetDateTime>,
    /// Whom it deactivated or removed, and when it last did.
    stopped: BTreeMap<UserId, OffsetDateTime>,
    /// Whose deactivation was refused.
    refused: BTreeSet<UserId>,
}

impl State {
    /// Whether a deactivation of somebody active gets past the brake, which counts it or records that it does not.
    pub(super) fn passes_brake(&mut self, id: UserId, brake: &Brake, at: OffsetDateTime) -> bool {
        let was_there = |user: &&User| user.created_at <= brake.since;
        let known: BTreeSet<UserId> = self.users.values().filter(was_there).map(|user| user.id).collect();
        let active: BTreeSet<UserId> = self.delivered().filter(|user| user.active).map(|user| user.id).collect();
        let kept = self.brakes.entry(brake.client.clone()).or_default();
        if kept.engaged_at.is_none() {
            let recent = kept.stopped.iter().filter(|(_, at)| **at > brake.since).map(|(id, _)| *id);
            let counted: BTreeSet<UserId> = recent.chain([id]).collect();
            let before = active.union(&counted).filter(|id| known.contains(id)).count() as u64;
            if counted.len() as u64 <= Brake::allowed(brake.policy, before) {
                kept.stopped.insert(id, at);
                return true;
            }
            kept.engaged_at = Some(at);
            self.trail.push(brake.engaged.clone());
        }
        if kept.refused.insert(id) {
            self.trail.push(brake.refused.clone());
        }
        false
    }

    pub(super) fn engaged_brakes(&self) -> Vec<EngagedBrake> {
        let engaged = |(client, kept): (&String, &ClientBrake)| {
            let refused = kept.refused.len() as u64;
            Some(EngagedBrake { client: client.clone(), since: kept.engaged_at?, refused })
        };
        self.brakes.iter().filter_map(engaged).collect()
    }

    /// Forgets up to `limit` deactivations of before that time that were counted, and returns how many.
    pub(super) fn forget_deactivations(&mut self, before: OffsetDateTime, limit: usize) -> usize {
        let mut left = limit;
        for kept in self.brakes.values_mut() {
            kept.stopped.retain(|_, at| {
                let goes = *at < before && left > 0;
                left -= usize::from(goes);
                !goes
            });
        }
        limit - left
    }

    pub(super) fn release_brake(&mut self, client: &str, event: &AuditEvent) -> bool {
        let Some(kept) = self.brakes.get_mut(client).filter(|kept| kept.engaged_at.is_some()) else {
            return false;
        };
        *kept = ClientBrake::default();
        self.trail.push(event.clone());
        true
    }
}
