//! The pure core of Muster: who is on the roster, which of their contacts are proven, and how their phones stay signed in.
//!
//! Nothing here does I/O, reads a clock, draws randomness or knows an environment: all of that comes in through ports
//! ([`Clock`], [`Entropy`], and one `port` module for each concept). Times are UTC with microsecond precision, ids are
//! UUIDv7. Each concept has its own folder with its types, its rules, its ports and its use cases, one use case a file.
//!
//! Ports are object-safe, `Send + Sync`, and held as `Arc<dyn Port>`. With the feature `mock` each has a mockall mock
//! beside it (`MockVerificationStore`, …). `muster-testkit` has fakes in memory and the contract suites that any
//! adapter of these ports must pass.

#![warn(missing_docs)]

pub mod access;
pub mod api_key;
pub mod audit;
pub mod break_glass;
mod clock;
pub mod device;
pub mod directory;
mod entropy;
mod error;
pub mod housekeeping;
mod id;
mod key_id;
pub mod key_rotation;
pub mod notice;
pub mod page;
pub mod preferences;
mod secret_token;
pub mod session;
pub mod team;
mod text;
pub mod user;
pub mod verification;

pub use clock::{Clock, to_micros};
pub use entropy::Entropy;
pub use error::{FieldError, StoreError, StoreHealth, with_causes};
pub use id::{ApiKeyId, AuditId, ChallengeId, DeviceId, InvalidId, NoticeId, SessionId, TeamId, UserId};
pub use key_id::{KeyId, KeyIds, KeyStanding};
pub use text::{InvalidText, Text};

#[cfg(feature = "mock")]
pub use {clock::MockClock, entropy::MockEntropy, error::MockStoreHealth};
