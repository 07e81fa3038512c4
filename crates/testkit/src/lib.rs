//! What tests of and with `muster-domain` need, for its embedders and for Muster itself.
//!
//! - [`FixedClock`] and [`SeededEntropy`]: time that is set and randomness that repeats.
//! - [`Builders`]: valid domain values with sensible defaults.
//! - [`fakes`]: hashes, access tokens and message senders without any security or network.
//! - [`MemoryStore`]: every store port in memory.
//! - [`contract`]: the suite that any adapter of the store ports must pass. One line runs it, see [`contract_tests!`].

#![warn(missing_docs)]

mod builders;
mod clock;
pub mod contract;
mod entropy;
pub mod fakes;
mod memory;
mod stores;

pub use builders::{Builders, UserBuilder};
pub use clock::FixedClock;
pub use entropy::SeededEntropy;
pub use fakes::{
    Answer, FakeAccessTokens, FakeAuditSealer, FakeHasher, FakePasswordHasher, Recipient, RecordingSender, SentMessage,
};
pub use memory::{KeptChain, MemoryStore};
pub use stores::Stores;
