use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use muster_domain::device::{Platform, PushToken};
use muster_domain::notice::NoticeMessage;
use muster_domain::user::{E164, EmailAddress};
use muster_domain::verification::{
    Code, CodeMessage, EmailSender, Message, NotifyError, PushSender, Receipt, SmsSender,
};
use time::{Duration, OffsetDateTime};

/// What a [`RecordingSender`] answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Answer {
    /// The message is on its way; the provider's own id of it is `fake-` and its number, from 1.
    #[default]
    Accept,
    /// The message was kept, as the development outbox does.
    Capture,
    /// [`NotifyError::Rejected`].
    Reject,
    /// [`NotifyError::Gone`], without a time.
    Gone,
    /// [`NotifyError::Gone`] since then.
    GoneSince(OffsetDateTime),
    /// [`NotifyError::Throttled`], for a minute.
    Throttle,
    /// [`NotifyError::Unavailable`].
    Unavailable,
    /// [`NotifyError::TimedOut`].
    TimeOut,
}

/// To whom a message was addressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// By e-mail.
    Email(EmailAddress),
    /// By text message.
    Sms(E164),
    /// By push.
    Push(Platform, PushToken),
}

/// A message that was handed over.
#[derive(Debug, Clone)]
pub struct SentMessage {
    /// To whom.
    pub to: Recipient,
    /// What.
    pub message: Message,
}

impl SentMessage {
    /// What went with a code, if it was one.
    #[must_use]
    pub fn code(&self) -> Option<&CodeMessage> {
        match &self.message {
            Message::Code(code) => Some(code),
            Message::Notice(_) => None,
        }
    }

    /// What was told unasked, if it was that.
    #[must_use]
    pub fn notice(&self) -> Option<&NoticeMessage> {
        match &self.message {
            Message::Notice(notice) => Some(notice),
            Message::Code(_) => None,
        }
    }
}

/// Carries every kind of message nowhere and remembers each, also those that it was told to refuse.
#[derive(Debug, Default)]
pub struct RecordingSender {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    answer: Answer,
    sent: Vec<SentMessage>,
}

impl RecordingSender {
    /// A sender that answers with `answer`.
    #[must_use]
    pub fn answering(answer: Answer) -> Self {
        let sender = Self::default();
        sender.answer_with(answer);
        sender
    }

    /// Answers with `answer` from now on.
    pub fn answer_with(&self, answer: Answer) {
        self.state().answer = answer;
    }

    /// Every message that was handed over, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<SentMessage> {
        self.state().sent.clone()
    }

    /// Every code that was handed over, in order, with its message.
    #[must_use]
    pub fn codes(&self) -> Vec<CodeMessage> {
        self.state().sent.iter().filter_map(SentMessage::code).cloned().collect()
    }

    /// Every notice that was handed over, in order, with its recipient.
    #[must_use]
    pub fn notices(&self) -> Vec<(Recipient, NoticeMessage)> {
        let state = self.state();
        state.sent.iter().filter_map(|sent| Some((sent.to.clone(), sent.notice()?.clone()))).collect()
    }

    /// The latest code.
    #[must_use]
    pub fn last_code(&self) -> Option<Code> {
        self.state().sent.iter().rev().find_map(SentMessage::code).map(|message| message.code.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, to: Recipient, message: &Message) -> Result<Receipt, NotifyError> {
        let mut state = self.state();
        state.sent.push(SentMessage { to, message: message.clone() });
        match state.answer {
            Answer::Accept => {
                let id = format!("fake-{}", state.sent.len());
                Ok(Receipt { provider_message_id: Some(id), captured: false })
            }
            Answer::Capture => Ok(Receipt { provider_message_id: None, captured: true }),
            Answer::Reject => Err(NotifyError::Rejected("told to reject".into())),
            Answer::Gone => Err(NotifyError::Gone { since: None, cause: "told to be gone".into() }),
            Answer::GoneSince(since) => Err(NotifyError::Gone { since: Some(since), cause: "told to be gone".into() }),
            Answer::Throttle => Err(NotifyError::Throttled { retry_after: Some(Duration::MINUTE) }),
            Answer::Unavailable => Err(NotifyError::Unavailable("told to be unavailable".into())),
            Answer::TimeOut => Err(NotifyError::TimedOut),
        }
    }
}

#[async_trait]
impl EmailSender for RecordingSender {
    async fn send_email(&self, to: &EmailAddress, message: &Message) -> Result<Receipt, NotifyError> {
        self.record(Recipient::Email(to.clone()), message)
    }
}

#[async_trait]
impl SmsSender for RecordingSender {
    async fn send_sms(&self, to: &E164, message: &Message) -> Result<Receipt, NotifyError> {
        self.record(Recipient::Sms(to.clone()), message)
    }
}

#[async_trait]
impl PushSender for RecordingSender {
    async fn send_push(&self, platform: Platform, to: &PushToken, message: &Message) -> Result<Receipt, NotifyError> {
        self.record(Recipient::Push(platform, to.clone()), message)
    }
}
