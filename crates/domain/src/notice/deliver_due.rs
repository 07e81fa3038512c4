use futures_util::future::join_all;
use time::{Duration, OffsetDateTime};

use crate::StoreError;
use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::device::{self, Device};
use crate::notice::{Due, Notice, NoticeMessage, NoticeService};
use crate::user::{Phone, ProfileFacts};
use crate::verification::{ChannelSet, Delivery, Message, Method, NotifyError, Receipt};

/// What came of sending a notice to one destination.
struct Attempt<'a> {
    outcome: Result<Receipt, NotifyError>,
    /// The device, for push.
    device: Option<&'a Device>,
}

impl NoticeService {
    /// How many are taken on, and sent at once. Fewer than a provider is handed at once, so that codes find a way past.
    const BATCH: u16 = 8;
    /// After how long another server takes over from one that is gone. Much longer than any send takes, and all of a
    /// batch are under way at once.
    const LEASE: Duration = Duration::MINUTE;
    /// How often one is tried.
    const ATTEMPTS: u16 = 6;

    /// Sends what is due, and returns how many notices it took on: when there were any, more may be waiting. One that
    /// cannot go out now is tried again, up to six times over a little more than an hour; what came of it at last is on
    /// the audit trail. One that reached any of a person's devices is done. A device whose push service says that it is
    /// gone is removed with its proof. A message that was taken may be delivered twice, when the provider did not say so
    /// in time or the store failed to note it.
    ///
    /// # Errors
    /// When the store fails for any of them, after all were tried; what was not finished is due again soon.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let claimed = self.notices.claim(Due { now, again_at: now + Self::LEASE, limit: Self::BATCH }).await?;
        // At once, so that a slow provider holds up its own alone, and each to its end, whatever becomes of another.
        let ends = join_all(claimed.iter().map(|notice| self.deliver(notice))).await;
        ends.into_iter().collect::<Result<(), StoreError>>()?;
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
        let attempts = self.send(notice, &facts, &message).await;
        let now = self.clock.now();
        if is_worth_another(&attempts) && notice.attempts < Self::ATTEMPTS {
            self.notices.postpone(notice.id, now + wait_after(notice.attempts)).await?;
        } else {
            let record = |attempt: &Attempt<'_>| {
                let change = AuditChange::NoticeSent {
                    notice: notice.content.name(),
                    channel: notice.channel,
                    delivery: Delivery::from(&attempt.outcome),
                };
                AuditEvent::new(now, &*self.entropy, &origin(), Some(notice.user_id), &change)
            };
            let events: Vec<AuditEvent> = attempts.iter().map(record).collect();
            self.notices.finish(notice.id, &events).await?;
        }
        for attempt in attempts {
            if let (Err(NotifyError::Gone { since, .. }), Some(device)) = (attempt.outcome, attempt.device) {
                device::forget(&*self.devices, device, since, now, &*self.entropy, &origin()).await?;
            }
        }
        Ok(())
    }

    /// Sends it everywhere that the channel goes: for push, to every device that is proven.
    async fn send<'a>(&self, notice: &Notice, facts: &'a ProfileFacts, message: &Message) -> Vec<Attempt<'a>> {
        let user = &facts.user;
        let attempt = |outcome| vec![Attempt { outcome, device: None }];
        match notice.channel {
            Method::Email => match &user.email {
                Some(address) => attempt(self.email.send_email(address, message).await),
                None => Vec::new(),
            },
            Method::Sms => match user.phone.as_ref().and_then(Phone::deliverable) {
                Some(number) => attempt(self.sms.send_sms(number, message).await),
                None => Vec::new(),
            },
            Method::Push => {
                let before = |at: OffsetDateTime| at <= notice.created_at;
                let proven = facts.devices.iter().filter(|device| device.verified_at.is_some_and(before));
                let sends = proven.map(|device| async move {
                    let outcome = self.push.send_push(device.platform, &device.token, message).await;
                    Attempt { outcome, device: Some(device) }
                });
                join_all(sends).await
            }
        }
    }
}

fn origin() -> Origin {
    Origin::system("notices")
}

/// Whether the channel leads to the person: proven, where that is asked for, and since before what the notice tells of.
/// Whoever proved it later may be the one to be warned of.
fn is_reached(facts: &ProfileFacts, notice: &Notice) -> bool {
    let status = facts.verification(ChannelSet::ALL, notice.created_at);
    let proven_at = status.channel(notice.channel).verified_at;
    !notice.content.needs_proof() || proven_at.is_some_and(|at| at <= notice.created_at)
}

/// Whether it reached nobody and the next attempt may fare better.
fn is_worth_another(attempts: &[Attempt<'_>]) -> bool {
    attempts.iter().all(|attempt| attempt.outcome.is_err())
        && attempts.iter().any(|attempt| attempt.outcome.as_ref().is_err_and(is_passing))
}

fn is_passing(error: &NotifyError) -> bool {
    match error {
        NotifyError::Throttled { .. } | NotifyError::Unavailable(_) | NotifyError::TimedOut => true,
        NotifyError::Rejected(_) | NotifyError::Gone { .. } => false,
    }
}

/// One minute, then three times as long each time, up to 27 minutes.
fn wait_after(attempts: u16) -> Duration {
    Duration::minutes(3_i64.saturating_pow(u32::from(attempts.saturating_sub(1)).min(3)))
}
