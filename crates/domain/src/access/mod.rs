//! Who is calling, and who may do what to whom.

mod access_token;
mod authenticate;
mod identity;
mod policy;
mod principal;
mod refusal;

pub use access_token::{AccessClaims, AccessToken, AccessTokens, Audience, InvalidAccessToken, SigningError};
pub use authenticate::{AccessService, AuthenticateError, Holder};
pub use identity::{Identity, IdentityError, IdentityTokens};
pub use policy::{Action, Denied, authorize};
pub use principal::{Principal, Scope};
pub use refusal::TokenRefusal;

#[cfg(feature = "mock")]
pub use {access_token::MockAccessTokens, identity::MockIdentityTokens};
