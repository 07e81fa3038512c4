//! Text messages by Twilio: the [`SmsSender`](muster_domain::verification::SmsSender) port over its Messages resource.
//!
//! The crate twilio-async builds the authenticated request and Muster's own transport carries it; see
//! `docs/adr/0009-twilio-async-builds-muster-carries.md`.

#![warn(missing_docs)]

mod check;
mod error_code;
mod reply;
mod sender;
mod settings;
mod text;

pub use sender::{SetupError, TwilioSender};
pub use settings::{AccountSid, OriginHost, SenderId, SettingError, TwilioSettings};
