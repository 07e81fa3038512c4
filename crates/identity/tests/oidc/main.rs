//! Tokens of an OIDC provider, over real HTTP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod check;
mod issuer;
mod keys;
mod provider;
mod reasons;
mod signer;
mod tamper;
mod userinfo;
