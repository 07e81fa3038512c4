//! Who is calling: bearer tokens of an OIDC provider, whichever it is.
//!
//! [`OidcTokens`] is the domain's port [`IdentityTokens`](muster_domain::access::IdentityTokens). It finds the
//! provider's keys by discovery, keeps them while the provider is down, and takes tokens signed by RSA (RS256 to RS512,
//! PS256 to PS512), P-256 (ES256), P-384 (ES384) or Ed25519. Nothing here logs a token or what one says.

#![warn(missing_docs)]

mod algorithm;
mod check;
mod document;
mod explain;
mod jwk;
mod jws;
mod keys;
mod rules;
mod settings;
mod token;
mod tokens;
mod userinfo;

pub use explain::ExplainedToken;
pub use settings::{Issuer, OidcSettingError, OidcSettings, TokenAudience};
pub use tokens::OidcTokens;
