use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use muster_domain::Entropy;
use muster_domain::device::{Platform, PushToken};
use muster_domain::notice::NoticeContent;
use muster_domain::user::{E164, EmailAddress};
use muster_domain::verification::{EmailSender, Message, NotifyError, PushSender, Receipt, SmsSender};
use muster_http::{Outbox, OutboxMessage};
use muster_notify::contact;
use time::OffsetDateTime;

/// Keeps the last messages in memory instead of sending them. Codes can be read from it: it has no place in
/// production.
pub(crate) struct MemoryOutbox {
    messages: Mutex<VecDeque<OutboxMessage>>,
    entropy: Arc<dyn Entropy>,
}

impl MemoryOutbox {
    /// How many messages it keeps; the oldest go first.
    pub(crate) const CAPACITY: usize = 1000;

    /// An empty outbox that draws its ids from `entropy`.
    #[must_use]
    pub(crate) fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { messages: Mutex::default(), entropy }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<OutboxMessage>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn capture(&self, channel: &str, to: &str, subject: Option<&str>, body: String, at: OffsetDateTime) -> Receipt {
        let mut random = [0; 10];
        self.entropy.fill(&mut random);
        let millis = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string();
        let mut messages = self.lock();
        if messages.len() == Self::CAPACITY {
            messages.pop_back();
        }
        messages.push_front(OutboxMessage {
            id: id.clone(),
            channel: channel.to_owned(),
            to: to.to_owned(),
            subject: subject.map(str::to_owned),
            body,
            at,
        });
        Receipt { provider_message_id: Some(id), captured: true }
    }
}

/// What a message says, wherever it goes.
fn sentence(message: &Message) -> String {
    match message {
        Message::Code(message) => {
            let minutes = message.valid_for.whole_minutes();
            format!("{} is your Muster code. It works for {minutes} minutes.", message.code.expose())
        }
        Message::Notice(message) => match &message.content {
            NoticeContent::ContactChanged { method, destination } => {
                let now = destination.as_ref().map_or("none", |masked| masked.as_str());
                format!("Your {} in Muster was changed: it is {now} now.", contact(*method))
            }
            NoticeContent::BreakGlassUsed { account, ip, .. } => {
                let from = ip.map(|ip| format!(" from {ip}")).unwrap_or_default();
                format!("The break-glass account {account} was used{from}.")
            }
            NoticeContent::BreakGlassFlooded { account, .. } => {
                let whose = account.as_deref().unwrap_or("no account");
                format!("Somebody tries break-glass passwords of {whose}.")
            }
        },
    }
}

fn at(message: &Message) -> OffsetDateTime {
    match message {
        Message::Code(message) => message.at,
        Message::Notice(message) => message.at,
    }
}

#[async_trait]
impl EmailSender for MemoryOutbox {
    async fn send_email(&self, to: &EmailAddress, message: &Message) -> Result<Receipt, NotifyError> {
        let (name, subject, rest) = match message {
            Message::Code(message) => (
                &message.display_name,
                "Your Muster verification code",
                "Entering it proves that e-mail about incidents reaches you. If you did not ask for a code, you can ignore \
                 this message.",
            ),
            Message::Notice(message) => (
                &message.display_name,
                match message.content {
                    NoticeContent::ContactChanged { .. } => "A contact of yours was changed",
                    NoticeContent::BreakGlassUsed { .. } => "A break-glass account was used",
                    NoticeContent::BreakGlassFlooded { .. } => "Somebody tries break-glass passwords",
                },
                "If that is wrong, tell an administrator.",
            ),
        };
        let body = format!("Hello {name},\n\n{}\n\n{rest}\n", sentence(message));
        Ok(self.capture("email", to.as_str(), Some(subject), body, at(message)))
    }
}

#[async_trait]
impl SmsSender for MemoryOutbox {
    async fn send_sms(&self, to: &E164, message: &Message) -> Result<Receipt, NotifyError> {
        Ok(self.capture("sms", to.as_str(), None, sentence(message), at(message)))
    }
}

#[async_trait]
impl PushSender for MemoryOutbox {
    async fn send_push(&self, _: Platform, to: &PushToken, message: &Message) -> Result<Receipt, NotifyError> {
        Ok(self.capture("push", to.expose(), None, sentence(message), at(message)))
    }
}

impl Outbox for MemoryOutbox {
    fn messages(&self) -> Vec<OutboxMessage> {
        self.lock().iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use muster_crypto::SystemEntropy;
    use muster_domain::notice::NoticeMessage;
    use muster_domain::user::Phone;
    use muster_domain::verification::{Code, CodeMessage, Masked, Method};
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    fn outbox() -> MemoryOutbox {
        MemoryOutbox::new(Arc::new(SystemEntropy))
    }

    fn message(code: &str) -> Message {
        Message::Code(CodeMessage {
            code: Code::parse(code).unwrap(),
            display_name: "Ada Lovelace".to_owned(),
            locale: None,
            valid_for: Duration::minutes(15),
            at: datetime!(2026-11-22 12:00 UTC),
            requested_from: None,
        })
    }

    fn notice(content: NoticeContent) -> Message {
        let (display_name, at) = ("Ada Lovelace".to_owned(), datetime!(2026-11-22 12:00 UTC));
        Message::Notice(NoticeMessage { content, display_name, locale: None, at })
    }

    #[tokio::test]
    async fn every_channel_is_captured_whole_and_newest_first() {
        let outbox = outbox();
        let phone = Phone::parse("+15005550006", None);
        let email = EmailAddress::parse("ada@example.com").unwrap();
        let token = PushToken::from_stored("a-push-token".to_owned());
        let receipts = [
            outbox.send_email(&email, &message("000001")).await.unwrap(),
            outbox.send_sms(phone.deliverable().unwrap(), &message("000002")).await.unwrap(),
            outbox.send_push(Platform::Ios, &token, &message("000003")).await.unwrap(),
        ];
        assert!(receipts.iter().all(|receipt| receipt.captured));

        let [push, sms, email] = outbox.messages().try_into().unwrap();
        assert_eq!((push.channel.as_str(), push.to.as_str()), ("push", "a-push-token"));
        assert_eq!(push.body, "000003 is your Muster code. It works for 15 minutes.");
        assert_eq!((sms.channel.as_str(), sms.to.as_str()), ("sms", "+15005550006"));
        assert_eq!(sms.body, "000002 is your Muster code. It works for 15 minutes.");
        assert_eq!((email.channel.as_str(), email.to.as_str()), ("email", "ada@example.com"));
        assert_eq!(email.subject.as_deref(), Some("Your Muster verification code"));
        assert!(email.body.starts_with("Hello Ada Lovelace,\n\n000001 is your Muster code."), "{}", email.body);
        assert_eq!(Some(email.id), receipts[0].provider_message_id);
    }

    #[tokio::test]
    async fn notices_are_captured_like_codes() {
        let outbox = outbox();
        let email = EmailAddress::parse("ada@example.com").unwrap();
        let token = PushToken::from_stored("a-push-token".to_owned());
        let used = NoticeContent::BreakGlassUsed {
            account: "night-shift".to_owned(),
            ip: "203.0.113.7".parse().ok(),
            at: datetime!(2026-11-22 12:00 UTC),
        };
        let destination = Some(Masked::phone("+15005550006"));
        let changed = NoticeContent::ContactChanged { method: Method::Sms, destination };
        let receipt = outbox.send_email(&email, &notice(used)).await.unwrap();
        outbox.send_push(Platform::Ios, &token, &notice(changed)).await.unwrap();

        let [push, email] = outbox.messages().try_into().unwrap();
        assert!(receipt.captured);
        assert_eq!(email.subject.as_deref(), Some("A break-glass account was used"));
        let told = "Hello Ada Lovelace,\n\nThe break-glass account night-shift was used from 203.0.113.7.\n\n";
        assert!(email.body.starts_with(told), "{}", email.body);
        assert_eq!(email.at, datetime!(2026-11-22 12:00 UTC));
        assert_eq!(push.body, "Your phone number in Muster was changed: it is ***0006 now.");
    }

    #[tokio::test]
    async fn oldest_message_goes_when_the_outbox_is_full() {
        let outbox = outbox();
        let email = EmailAddress::parse("ada@example.com").unwrap();
        for number in 0..=MemoryOutbox::CAPACITY {
            outbox.send_email(&email, &message(&format!("{number:06}"))).await.unwrap();
        }
        let messages = outbox.messages();
        assert_eq!(messages.len(), MemoryOutbox::CAPACITY);
        assert!(messages.first().unwrap().body.contains("001000"));
        assert!(messages.last().unwrap().body.contains("000001"));
    }
}
