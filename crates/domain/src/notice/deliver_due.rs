use time::Duration;

use crate::StoreError;
use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::notice::{Due, Notice, NoticeMessage, NoticeService};
use crate::user::{Phone, ProfileFacts};
use crate::verification::{ChannelSet, Delivery, Message, Method, NotifyError, Receipt};

impl NoticeService {
    /// How many are taken on at once.
    const BATCH: u16 = 16;
    /// After how long another server takes over from one that is gone. Longer than any send takes.
    const LEASE: Duration = Duration::MINUTE;
    /// How often one is tried.
    const ATTEMPTS: u16 = 6;

    /// Sends what is due, and returns how many notices it took on: when there were any, more may be waiting. One that
    /// cannot go out now is tried again, up to six times over about an hour and a half; what came of it at last is on
    /// the audit trail. A provider that took a message and did not say so in time may deliver it twice.
    ///
    /// # Errors
    /// When the store fails; what was not finished is due again soon.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let claimed = self.notices.claim(Due { now, again_at: now + Self::LEASE, limit: Self::BATCH }).await?;
        for notice in &claimed {
            self.deliver(notice).await?;
        }
        Ok(claimed.len())
    }

    async fn deliver(&self, notice: &Notice) -> Result<(), StoreError> {
        let facts = self.profiles.profile(notice.user_id).await?;
        let Some(facts) = facts.filter(|facts| facts.user.active && is_reached(facts, notice)) else {
            return self.notices.finish(notice.id, &[]).await;
        };
        let message = Message::Notice(NoticeMessage {
            content: notice.content.clone(),
            display_name: facts.user.display_name.clone(),
            locale: facts.user.locale.clone(),
            at: notice.created_at,
        });
        let outcomes = self.send(notice, &facts, &message).await;
        let now = self.clock.now();
        let worth_another = outcomes.iter().all(|outcome| outcome.as_ref().is_err_and(is_passing));
        if worth_another && !outcomes.is_empty() && notice.attempts < Self::ATTEMPTS {
            return self.notices.postpone(notice.id, now + wait_after(notice.attempts)).await;
        }
        let origin = Origin::system("notices");
        let record = |outcome: &Result<Receipt, NotifyError>| {
            let change = AuditChange::NoticeSent {
                notice: notice.content.name(),
                channel: notice.channel,
                delivery: Delivery::from(outcome),
            };
            AuditEvent::new(now, &*self.entropy, &origin, Some(notice.user_id), &change)
        };
        let events: Vec<AuditEvent> = outcomes.iter().map(record).collect();
        self.notices.finish(notice.id, &events).await
    }

    /// Sends it everywhere that the channel goes: for push, to every device that is proven.
    async fn send(
        &self,
        notice: &Notice,
        facts: &ProfileFacts,
        message: &Message,
    ) -> Vec<Result<Receipt, NotifyError>> {
        let user = &facts.user;
        match notice.channel {
            Method::Email => match &user.email {
                Some(address) => vec![self.email.send_email(address, message).await],
                None => Vec::new(),
            },
            Method::Sms => match user.phone.as_ref().and_then(Phone::deliverable) {
                Some(number) => vec![self.sms.send_sms(number, message).await],
                None => Vec::new(),
            },
            Method::Push => {
                let mut outcomes = Vec::new();
                for device in facts.devices.iter().filter(|device| device.verified_at.is_some()) {
                    outcomes.push(self.push.send_push(device.platform, &device.token, message).await);
                }
                outcomes
            }
        }
    }
}

/// Whether the channel leads to the person: proven, where that is asked for.
fn is_reached(facts: &ProfileFacts, notice: &Notice) -> bool {
    let status = facts.verification(ChannelSet::ALL, notice.created_at);
    !notice.content.needs_proof() || status.channel(notice.channel).verified_at.is_some()
}

/// Whether the next attempt may fare better.
fn is_passing(error: &NotifyError) -> bool {
    match error {
        NotifyError::Throttled { .. } | NotifyError::Unavailable(_) | NotifyError::TimedOut => true,
        NotifyError::Rejected(_) | NotifyError::Gone(_) => false,
    }
}

/// One minute, then three times as long each time.
fn wait_after(attempts: u16) -> Duration {
    Duration::minutes(3_i64.saturating_pow(u32::from(attempts.saturating_sub(1)).min(3)))
}
