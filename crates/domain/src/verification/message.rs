use std::error::Error;
use std::net::IpAddr;

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};

use crate::device::{Platform, PushToken};
use crate::notice::NoticeMessage;
use crate::user::{E164, EmailAddress};
use crate::verification::{Code, Delivery};

/// A code on its way to its owner. The adapter writes the words.
#[derive(Debug, Clone)]
pub struct CodeMessage {
    /// The code.
    pub code: Code,
    /// How to address the reader.
    pub display_name: String,
    /// The reader's language as a BCP 47 tag, when the directory knows it.
    pub locale: Option<String>,
    /// How long the code works.
    pub valid_for: Duration,
    /// When the message was made.
    pub at: OffsetDateTime,
    /// From which public address it was asked for, when that is known, so that the reader can tell whether it was them.
    pub requested_from: Option<IpAddr>,
}

/// What goes out to somebody.
#[derive(Debug, Clone)]
pub enum Message {
    /// A code that somebody asked for.
    Code(CodeMessage),
    /// Something that nobody asked for.
    Notice(NoticeMessage),
}

/// What a provider said to a message that it took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The provider's own id of the message.
    pub provider_message_id: Option<String>,
    /// True only for the development outbox, which keeps the message instead of sending it.
    pub captured: bool,
}

/// Why a message did not go out. Vendor types hide behind the boxed source; no variant holds a message or an address.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The provider will not deliver this message, now or later.
    #[error("the provider rejected the message")]
    Rejected(#[source] Box<dyn Error + Send + Sync>),
    /// The destination is known to exist no more: a push registration that its service has ended. Nothing sent there
    /// will ever arrive, so its device is removed, unless it was registered again since.
    #[error("the destination is gone")]
    Gone {
        /// Since when, where the service says so, as APNs does.
        since: Option<OffsetDateTime>,
        /// What the service answered.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The provider takes no more for now.
    #[error("the provider is throttling")]
    Throttled {
        /// How long to wait, when it said so.
        retry_after: Option<Duration>,
    },
    /// The provider could not be reached, or failed, or does not take this installation's credentials. The message may
    /// have been accepted all the same.
    #[error("the provider is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The provider did not answer in time. The message may have been accepted all the same.
    #[error("the provider timed out")]
    TimedOut,
}

impl From<&Result<Receipt, NotifyError>> for Delivery {
    fn from(result: &Result<Receipt, NotifyError>) -> Self {
        match result {
            Ok(Receipt { captured: true, .. }) => Self::Captured,
            Ok(Receipt { provider_message_id, .. }) => {
                Self::Accepted { provider_message_id: provider_message_id.clone() }
            }
            Err(NotifyError::Rejected(_)) => Self::Rejected,
            Err(NotifyError::Gone { .. }) => Self::Gone,
            Err(NotifyError::Throttled { .. }) => Self::Throttled,
            Err(NotifyError::Unavailable(_)) => Self::Unavailable,
            Err(NotifyError::TimedOut) => Self::TimedOut,
        }
    }
}

/// Carries e-mail.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait EmailSender: Send + Sync {
    /// Hands a message to the provider. `Ok` only when the provider took it.
    async fn send_email(&self, to: &EmailAddress, message: &Message) -> Result<Receipt, NotifyError>;
}

/// Carries text messages.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait SmsSender: Send + Sync {
    /// Hands a message to the provider. `Ok` only when the provider took it.
    async fn send_sms(&self, to: &E164, message: &Message) -> Result<Receipt, NotifyError>;
}

/// Carries push messages.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PushSender: Send + Sync {
    /// Hands a message to the platform's push service. `Ok` only when it took it.
    async fn send_push(&self, platform: Platform, to: &PushToken, message: &Message) -> Result<Receipt, NotifyError>;
}
