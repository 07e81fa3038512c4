//! Who is calling.

use std::future::{Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{FromRequest, HttpRequest, web};
use muster_domain::access::{AccessClaims, Action, Principal, authorize};
use muster_domain::audit::Origin;
use muster_domain::user::ProfileFacts;
use muster_domain::{SessionId, UserId};

use crate::api::Api;
use crate::origin::origin;
use crate::problem::Problem;

/// A checked access token, before its account is looked up: for handlers that read the whole profile, which is then
/// their one read of the store.
pub(crate) struct Bearer(AccessClaims);

impl Bearer {
    /// The caller's profile, which also says whether they are active.
    pub(crate) async fn profile(&self, api: &Api) -> Result<ProfileFacts, Problem> {
        let facts = api.users.profile(self.0.user_id).await?;
        facts.filter(|facts| facts.user.active).ok_or_else(refused)
    }
}

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
    let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    Problem::unauthenticated("the credential is invalid or has expired, or its account is not active")
        .with_header(header::WWW_AUTHENTICATE, challenge)
}

fn api(request: &HttpRequest) -> Result<web::Data<Api>, Problem> {
    request.app_data::<web::Data<Api>>().cloned().ok_or_else(refused)
}

/// A caller whose credential was checked and whose account is active, with the role that the store has now.
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// The phone session that the credential belongs to.
    pub(crate) session_id: Option<SessionId>,
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
            Ok(Self { principal, session_id: claims.session_id, origin })
        })
    }
}

impl Caller {
    /// Holds the caller to the access table.
    pub(crate) fn may(&self, action: Action) -> Result<(), Problem> {
        Ok(authorize(&self.principal, action)?)
    }

    /// Holds the caller to the access table for reading the person of that id. To somebody who may read only themselves,
    /// a malformed id is forbidden like any other that is not theirs.
    pub(crate) fn may_read(&self, id: Result<UserId, Problem>) -> Result<UserId, Problem> {
        match id {
            Ok(id) => self.may(Action::ReadUser(id)).map(|()| id),
            Err(malformed) => self.may(Action::ListUsers).and(Err(malformed)),
        }
    }
}

/// A person who uses their own account.
pub(crate) struct Own {
    pub(crate) id: UserId,
    /// The phone session that the credential belongs to.
    pub(crate) session_id: Option<SessionId>,
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
                Principal::User { id, .. } => Ok(Self { id, session_id: caller.session_id, origin: caller.origin }),
                Principal::Service { .. } => Err(muster_domain::access::Denied.into()),
            }
        })
    }
}
