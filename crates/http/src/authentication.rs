//! Who is calling.

use std::future::{Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use muster_domain::UserId;
use muster_domain::access::{AccessClaims, Action, Principal, authorize};
use muster_domain::audit::Origin;

use crate::api::Api;
use crate::origin::origin;
use crate::problem::Problem;

/// A checked access token, before its account is looked up. Only for a handler that itself reads the account and
/// refuses a deactivated one, as the profile does to stay at one round trip.
pub(crate) struct Bearer(pub(crate) AccessClaims);

impl FromRequest for Bearer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(bearer(request).map(Self))
    }
}

fn bearer(request: &HttpRequest) -> Result<AccessClaims, Problem> {
    let missing = "send a credential as Authorization: Bearer …";
    let api = api(request)?;
    let header = request.headers().get(header::AUTHORIZATION).ok_or_else(|| Problem::unauthenticated(missing))?;
    let (scheme, token) =
        header.to_str().ok().and_then(|v| v.split_once(' ')).ok_or_else(|| Problem::unauthenticated(missing))?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::unauthenticated(missing));
    }
    api.access_tokens.verify(token.trim(), api.clock.now()).map_err(|_| refused())
}

/// One answer for a token that is wrong in whatever way and for an account that is deactivated or gone.
pub(crate) fn refused() -> Problem {
    Problem::unauthenticated("the credential is invalid or has expired, or its account is not active")
}

fn api(request: &HttpRequest) -> Result<web::Data<Api>, Problem> {
    request.app_data::<web::Data<Api>>().cloned().ok_or_else(refused)
}

/// A caller whose credential was checked and whose account is active, with the role that the store has now.
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    pub(crate) origin: Origin,
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let claims = bearer(&request)?;
            let account = api(&request)?.users.users.account(claims.user_id).await?;
            let account = account.filter(|account| account.active).ok_or_else(refused)?;
            let principal = Principal::User { id: account.id, role: account.role };
            let origin = origin(&request, principal.actor());
            Ok(Self { principal, origin })
        })
    }
}

impl Caller {
    /// Holds the caller to the access table.
    pub(crate) fn may(&self, action: Action) -> Result<(), Problem> {
        Ok(authorize(&self.principal, action)?)
    }
}

/// A person who uses their own account.
pub(crate) struct Own {
    pub(crate) id: UserId,
    pub(crate) origin: Origin,
}

impl FromRequest for Own {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload);
        Box::pin(async move {
            let caller = caller.await?;
            caller.may(Action::UseOwnAccount)?;
            match caller.principal {
                Principal::User { id, .. } => Ok(Self { id, origin: caller.origin }),
                Principal::Service { .. } => Err(muster_domain::access::Denied.into()),
            }
        })
    }
}
