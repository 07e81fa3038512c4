//! Stand-ins for what does the real work in a server: quick, repeatable, and without any security.

mod access_tokens;
mod hasher;
mod passwords;
mod sender;

pub use access_tokens::FakeAccessTokens;
pub use hasher::FakeHasher;
pub use passwords::FakePasswordHasher;
pub use sender::{Answer, Recipient, RecordingSender, SentMessage};
