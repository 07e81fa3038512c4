//! What only development mode has: an outbox instead of providers, demo people, and a word of welcome.

mod outbox;
mod seed;
mod welcome;

pub(crate) use outbox::MemoryOutbox;
pub(crate) use seed::{SeedError, seed};
pub(crate) use welcome::welcome;
