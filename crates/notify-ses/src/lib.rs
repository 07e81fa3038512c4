//! E-mail by Amazon SES: the [`EmailSender`](muster_domain::verification::EmailSender) port over the AWS SDK.
//!
//! One send is one attempt of the SDK within [`muster_notify::Gate`]: the SDK's own retries are off, and what came of an
//! attempt is told by whether SES may have taken the message. The message is a text and an HTML part without links,
//! images or anything else that is fetched, so there is nothing to track.

#![warn(missing_docs)]

mod check;
mod client;
mod letter;
mod mailbox;
mod outcome;
mod sender;
mod settings;

pub use sender::SesSender;
pub use settings::{InvalidSesSettings, SesSettings, StaticCredentials};
