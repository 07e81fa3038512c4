use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use muster_domain::Entropy;
use muster_domain::device::{Platform, PushToken};
use muster_domain::user::{E164, EmailAddress};
use muster_domain::verification::{CodeMessage, EmailSender, NotifyError, PushSender, Receipt, SmsSender};
use muster_http::{Outbox, OutboxMessage};

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

    fn capture(&self, channel: &str, to: &str, subject: Option<&str>, body: String, message: &CodeMessage) -> Receipt {
        let mut random = [0; 10];
        self.entropy.fill(&mut random);
        let millis = u64::try_from(message.at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
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
            at: message.at,
        });
        Receipt { provider_message_id: Some(id), captured: true }
    }
}

fn sentence(message: &CodeMessage) -> String {
    let minutes = message.valid_for.whole_minutes();
    format!("{} is your Muster code. It works for {minutes} minutes.", message.code.expose())
}

#[async_trait]
impl EmailSender for MemoryOutbox {
    async fn send_email(&self, to: &EmailAddress, message: &CodeMessage) -> Result<Receipt, NotifyError> {
        let body = format!(
            "Hello {},\n\n{}\n\nEntering it proves that e-mail about incidents reaches you. If you did not ask for a \
             code, you can ignore this message.\n",
            message.display_name,
            sentence(message),
        );
        Ok(self.capture("email", to.as_str(), Some("Your Muster verification code"), body, message))
    }
}

#[async_trait]
impl SmsSender for MemoryOutbox {
    async fn send_sms(&self, to: &E164, message: &CodeMessage) -> Result<Receipt, NotifyError> {
        Ok(self.capture("sms", to.as_str(), None, sentence(message), message))
    }
}

#[async_trait]
impl PushSender for MemoryOutbox {
    async fn send_push(&self, _: Platform, to: &PushToken, message: &CodeMessage) -> Result<Receipt, NotifyError> {
        Ok(self.capture("push", to.expose(), None, sentence(message), message))
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
    use muster_domain::user::Phone;
    use muster_domain::verification::Code;
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    fn outbox() -> MemoryOutbox {
        MemoryOutbox::new(Arc::new(SystemEntropy))
    }

    fn message(code: &str) -> CodeMessage {
        CodeMessage {
            code: Code::parse(code).unwrap(),
            display_name: "Ada Lovelace".to_owned(),
            locale: None,
            valid_for: Duration::minutes(15),
            at: datetime!(2026-11-22 12:00 UTC),
            requested_from: None,
        }
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
