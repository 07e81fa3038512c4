//! Proof of contact: a code goes to a destination, and whoever can say it is reached there.

mod census;
mod challenge;
mod channel_set;
mod code;
mod fingerprint;
mod masking;
mod message;
mod method;
mod port;
mod send_code;
mod send_limits;
mod status;
mod verify_code;

pub use census::{Census, ReadinessReader};
pub use challenge::{Challenge, ChallengeState, Closure, Delivery, Proof};
pub use channel_set::ChannelSet;
pub use code::{Code, CodeBinding, CodeHash, CodeHasher, InvalidCode};
pub use fingerprint::{Fingerprint, Fingerprinter};
pub use masking::Masked;
pub use message::{CodeMessage, EmailSender, Message, NotifyError, PushSender, Receipt, SmsSender};
pub use method::Method;
pub use port::{OpenOutcome, Refused, VerificationStore};
pub use send_code::{SendCodeError, SentCode};
pub use send_limits::{Allowance, Quota, QuotaScope, QuotaWindow, RefusalReason, SendLimits, SmsPrefixes};
pub use status::{ChannelStatus, Pending, VerificationStatus};
pub use verify_code::{Verified, VerifyCodeError};

#[cfg(feature = "mock")]
pub use {
    census::MockReadinessReader,
    code::MockCodeHasher,
    fingerprint::MockFingerprinter,
    message::{MockEmailSender, MockPushSender, MockSmsSender},
    port::MockVerificationStore,
};

use std::sync::Arc;

use crate::device::DeviceStore;
use crate::user::ProfileReader;
use crate::{Clock, Entropy};

/// Sending codes and checking them.
pub struct VerificationService {
    /// Who is to be reached, and where.
    pub profiles: Arc<dyn ProfileReader>,
    /// Challenges and proofs.
    pub store: Arc<dyn VerificationStore>,
    /// Where a device goes whose push service says that it is gone.
    pub devices: Arc<dyn DeviceStore>,
    /// Recognizes a destination whose fingerprint was made with another key.
    pub fingerprinter: Arc<dyn Fingerprinter>,
    /// The codes' keyed hash.
    pub hasher: Arc<dyn CodeHasher>,
    /// Carries e-mail.
    pub email: Arc<dyn EmailSender>,
    /// Carries text messages.
    pub sms: Arc<dyn SmsSender>,
    /// Carries push messages.
    pub push: Arc<dyn PushSender>,
    /// The channels that are on; a code for another is refused.
    pub channels: ChannelSet,
    /// How many codes may be sent.
    pub limits: SendLimits,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For codes and ids.
    pub entropy: Arc<dyn Entropy>,
}
