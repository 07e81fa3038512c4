//! Who is calling, and who may do what to whom.

mod access_token;
mod authenticate;
mod identity;
mod identity_store;
mod policy;
mod principal;
mod recognise;
mod refusal;
mod shown_record;

pub use access_token::{AccessClaims, AccessToken, AccessTokens, Audience, InvalidAccessToken, SigningError};
pub use authenticate::{AccessService, AuthenticateError, Holder};
pub use identity::{Identity, IdentityError, IdentityTokens};
pub use identity_store::{
    AdmitOutcome, BindOutcome, Binding, Candidate, Candidates, Grounds, IdentityKey, IdentityStore,
};
pub use policy::{Action, Decision, Denied, authorize, decide};
pub use principal::{Principal, Scope};
pub use refusal::TokenRefusal;

#[cfg(feature = "mock")]
pub use {access_token::MockAccessTokens, identity::MockIdentityTokens, identity_store::MockIdentityStore};
