//! What people are told without having asked: that a contact of theirs changed, that somebody broke the glass. A notice
//! is written with the change that it tells of and sent afterwards, so that a provider that is slow or gone delays
//! nothing and loses nothing.

mod deliver_due;
mod port;

pub use port::{Due, NoticeStore};

#[cfg(feature = "mock")]
pub use port::MockNoticeStore;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::device::DeviceStore;
use crate::user::ProfileReader;
use crate::verification::{EmailSender, Masked, Method, PushSender, SmsSender};
use crate::{Clock, Entropy, NoticeId, UserId};

/// Something that one person is to be told over one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which.
    pub id: NoticeId,
    /// Whom.
    pub user_id: UserId,
    /// How.
    pub channel: Method,
    /// What.
    pub content: NoticeContent,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// How often it was tried.
    pub attempts: u16,
}

/// What a notice tells. Serializes as what stores keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum NoticeContent {
    /// The directory has another destination for a channel now. Goes only over channels that are proven.
    ContactChanged {
        /// Which channel.
        method: Method,
        /// Where it goes now; `None` when nowhere.
        destination: Option<Masked>,
    },
    /// A break-glass account was used. Goes to admins, proven or not.
    BreakGlassUsed {
        /// Its name.
        account: String,
        /// From which address, when it is known.
        ip: Option<IpAddr>,
        /// When.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// Somebody tries passwords of a break-glass account, again and again. Goes to admins, proven or not.
    BreakGlassFlooded {
        /// Its name; `None` when the names that were tried are no account's.
        account: Option<String>,
        /// When it was noticed.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
}

impl NoticeContent {
    /// Its name in the audit trail.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ContactChanged { .. } => "contactChanged",
            Self::BreakGlassUsed { .. } => "breakGlassUsed",
            Self::BreakGlassFlooded { .. } => "breakGlassFlooded",
        }
    }

    /// Whether it goes only where somebody proved to be reached.
    #[must_use]
    pub fn needs_proof(&self) -> bool {
        match self {
            Self::ContactChanged { .. } => true,
            Self::BreakGlassUsed { .. } | Self::BreakGlassFlooded { .. } => false,
        }
    }
}

/// A notice on its way to its reader. The adapter writes the words.
#[derive(Clone, PartialEq, Eq)]
pub struct NoticeMessage {
    /// What it tells.
    pub content: NoticeContent,
    /// How to address the reader.
    pub display_name: String,
    /// The reader's language as a BCP 47 tag, when the directory knows it.
    pub locale: Option<String>,
    /// When what it tells of happened.
    pub at: OffsetDateTime,
}

impl fmt::Debug for NoticeMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoticeMessage").field("content", &self.content.name()).finish_non_exhaustive()
    }
}

/// Sending notices.
pub struct NoticeService {
    /// Where they wait.
    pub notices: Arc<dyn NoticeStore>,
    /// Whom they are for.
    pub profiles: Arc<dyn ProfileReader>,
    /// Where a device that turns out to be gone is removed.
    pub devices: Arc<dyn DeviceStore>,
    /// Carries e-mail.
    pub email: Arc<dyn EmailSender>,
    /// Carries text messages.
    pub sms: Arc<dyn SmsSender>,
    /// Carries push messages.
    pub push: Arc<dyn PushSender>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For the ids of audit records.
    pub entropy: Arc<dyn Entropy>,
}
