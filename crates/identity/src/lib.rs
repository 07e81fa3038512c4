//! Who is calling: bearer tokens of an OIDC provider, whichever it is.
//!
//! [`OidcTokens`] is the domain's port [`IdentityTokens`](muster_domain::access::IdentityTokens). It finds the
//! provider's keys by discovery, keeps them while the provider is down, and takes tokens signed by RSA (RS256),
//! P-256 (ES256) or Ed25519. Nothing here logs a token or what one says.

#![warn(missing_docs)]

mod check;
mod document;
mod jwk;
mod jws;
mod keys;
mod settings;
mod token;
mod tokens;

pub use settings::{Issuer, OidcSettingError, OidcSettings, TokenAudience};
pub use tokens::OidcTokens;
