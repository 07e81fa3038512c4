use std::error::Error;
use std::fmt;
use std::time::Duration;

use muster_domain::verification::NotifyError;
use time::OffsetDateTime;

/// What went wrong underneath, for the operator's log alone. Never holds a message or an address.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why one attempt to hand over a message failed. The line that matters is whether the provider may have taken it: what
/// it may have taken is never handed over a second time.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// It will not deliver this message, now or later.
    #[error("the provider rejected the message")]
    Rejected(#[source] Cause),
    /// The destination exists no more.
    #[error("the destination is gone")]
    Gone {
        /// Since when, where the provider says so.
        since: Option<OffsetDateTime>,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// It takes no more for now, and has not taken this.
    #[error("the provider is throttling")]
    Throttled {
        /// How long to leave it alone, when it said so.
        retry_after: Option<Duration>,
    },
    /// It could not be reached, or said that it cannot work for now: it has surely not taken this.
    #[error("the provider did not take the message")]
    NotAccepted {
        /// Why.
        #[source]
        cause: Cause,
        /// How long to leave it alone, when it said so.
        retry_after: Option<Duration>,
    },
    /// It failed and may have taken the message, or it will fail again until an operator mends something (credentials,
    /// an account's state).
    #[error("the provider failed")]
    Failed(#[source] Cause),
}

impl AttemptError {
    /// An [`AttemptError::Gone`] of a provider that does not say since when.
    pub fn gone(cause: impl Into<Cause>) -> Self {
        Self::Gone { since: None, cause: cause.into() }
    }

    /// An [`AttemptError::NotAccepted`] of a provider that did not say how long to wait.
    pub fn not_accepted(cause: impl Into<Cause>) -> Self {
        Self::NotAccepted { cause: cause.into(), retry_after: None }
    }

    /// Whether another attempt cannot deliver twice and has a chance.
    pub(crate) fn may_be_tried_again(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::NotAccepted { .. })
    }

    /// How long the provider asked to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after } | Self::NotAccepted { retry_after, .. } => *retry_after,
            Self::Rejected(_) | Self::Gone { .. } | Self::Failed(_) => None,
        }
    }

    /// Whether it tells that the provider itself does not work.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(self, Self::NotAccepted { .. } | Self::Failed(_))
    }
}

impl From<AttemptError> for NotifyError {
    fn from(error: AttemptError) -> Self {
        match error {
            AttemptError::Rejected(cause) => Self::Rejected(cause),
            AttemptError::Gone { since, cause } => Self::Gone { since, cause },
            AttemptError::Throttled { retry_after } => {
                Self::Throttled { retry_after: retry_after.and_then(|wait| wait.try_into().ok()) }
            }
            AttemptError::NotAccepted { cause, .. } | AttemptError::Failed(cause) => Self::Unavailable(cause),
        }
    }
}

/// What a provider answered instead of taking a message: its status and its own code for the reason. Never its text,
/// which may repeat the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The provider's own code, when it gave one, for example `21211` or `BadDeviceToken`.
    pub code: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it answered {}", self.status)?;
        match &self.code {
            Some(code) => write!(f, " ({code})"),
            None => Ok(()),
        }
    }
}

impl Error for Refusal {}
