//! Stand-ins for what does the real work in a server: quick, repeatable, and without any security.

mod access_tokens;
mod hasher;
mod passwords;
mod sealer;
mod sender;

pub use access_tokens::FakeAccessTokens;
pub use hasher::FakeHasher;
pub use passwords::FakePasswordHasher;
pub use sealer::FakeAuditSealer;
pub use sender::{Answer, Recipient, RecordingSender, SentMessage};
