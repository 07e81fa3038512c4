//! Tokens of OpenID Connect providers, over real HTTP.

mod check;
mod issuer;
mod keys;
mod provider;
mod signer;
mod tamper;
