use muster_domain::verification::{OpenOutcome, Quota, Refused};
use time::OffsetDateTime;

use crate::memory::State;

/// How many codes one window of a quota has seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    pub(super) began_at: OffsetDateTime,
    used: u32,
}

impl Count {
    fn runs(&self, quota: &Quota, at: OffsetDateTime) -> bool {
        at < self.began_at + quota.window.length()
    }
}

impl State {
    /// The first quota under which nothing more is opened at `at`.
    pub(super) fn over_quota(&self, quotas: &[Quota], at: OffsetDateTime) -> Option<OpenOutcome> {
        quotas.iter().find_map(|quota| {
            let count = self.running_count(quota, at);
            let full = count.used >= quota.max;
            full.then(|| OpenOutcome::OverQuota { scope: quota.scope, until: count.began_at + quota.window.length() })
        })
    }

    pub(super) fn count(&mut self, quotas: &[Quota], at: OffsetDateTime) {
        for quota in quotas {
            let count = self.running_count(quota, at);
            self.counts.insert((quota.scope, quota.window), Count { used: count.used + 1, ..count });
        }
    }

    /// Whether the last record of such a refusal is from `cutoff` or before; if so, the next is at the refusal's time.
    pub(super) fn note_refusal(&mut self, refused: &Refused, cutoff: OffsetDateTime) -> bool {
        let key = (refused.user_id, refused.method, refused.reason);
        if self.refusals.get(&key).is_some_and(|last| *last > cutoff) {
            return false;
        }
        self.refusals.insert(key, refused.at);
        true
    }

    /// The count of a quota's window at `at`, which begins then unless one is running.
    fn running_count(&self, quota: &Quota, at: OffsetDateTime) -> Count {
        let running = self.counts.get(&(quota.scope, quota.window)).filter(|count| count.runs(quota, at));
        running.copied().unwrap_or(Count { began_at: at, used: 0 })
    }
}
