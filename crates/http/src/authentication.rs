//! Who is calling.

use std::future::{Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{FromRequest, HttpRequest, web};
use muster_domain::access::{Action, Denied, Holder, Principal, authorize};
use muster_domain::audit::{Actor, Origin};
use muster_domain::user::{ProfileFacts, Source};
use muster_domain::{SessionId, UserId};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::api::Api;
use crate::origin::origin;
use crate::problem::Problem;
use crate::telemetry;

/// A credential, before anything is looked up: for handlers that read the whole profile, which for our own tokens is then
/// their one read of the store.
pub(crate) struct Bearer {
    credential: Zeroizing<String>,
    origin: Origin,
}

impl Bearer {
    /// The caller's profile, which also says whether they are active.
    pub(crate) async fn profile(&self, api: &Api) -> Result<ProfileFacts, Problem> {
        let user_id = match api.access.identify(&self.credential, &self.origin).await? {
            Holder::TokenOf { user_id, .. } => user_id,
            Holder::Person(account) => account.id,
            Holder::Service(service) => {
                telemetry::principal(&service);
                return Err(Denied.into());
            }
        };
        let facts = api.users.profile(user_id).await?.filter(|facts| facts.user.active).ok_or_else(refused)?;
        telemetry::person(user_id);
        Ok(facts)
    }
}

impl Bearer {
    /// The same of somebody who has contacts of their own, which break-glass admins have not.
    pub(crate) async fn person(&self, api: &Api) -> Result<ProfileFacts, Problem> {
        let facts = self.profile(api).await?;
        if facts.user.source == Source::Local { Err(Denied.into()) } else { Ok(facts) }
    }
}

impl FromRequest for Bearer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(bearer(request))
    }
}

fn bearer(request: &HttpRequest) -> Result<Bearer, Problem> {
    let missing = || Problem::unauthenticated("send a credential as Authorization: Bearer …");
    let header = request.headers().get(header::AUTHORIZATION).ok_or_else(missing)?;
    let (scheme, credential) = header.to_str().ok().and_then(|v| v.split_once(' ')).ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    let credential = Zeroizing::new(credential.trim().to_owned());
    Ok(Bearer { credential, origin: origin(request, Actor::Anonymous) })
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
            let Bearer { credential, origin } = bearer(&request)?;
            let (principal, session_id) = api(&request)?.access.authenticate(&credential, &origin).await?;
            telemetry::principal(&principal);
            let origin = Origin { actor: principal.actor(), ..origin };
            Ok(Self { principal, session_id, origin })
        })
    }
}

impl Caller {
    /// Holds the caller to the access table.
    pub(crate) fn may(&self, action: Action) -> Result<(), Problem> {
        Ok(authorize(&self.principal, action)?)
    }

    /// Holds the caller to the access table for what `action` does with the person of that id. To a caller who may not do
    /// it with just any person, a malformed id is forbidden like that of a stranger.
    pub(crate) async fn may_about(
        &self,
        api: &Api,
        id: Result<UserId, Problem>,
        action: fn(UserId) -> Action,
    ) -> Result<UserId, Problem> {
        match id {
            Ok(id) => Ok(api.teams.authorize(&self.principal, action(id)).await.map(|()| id)?),
            Err(malformed) => self.may(action(UserId(Uuid::nil()))).and(Err(malformed)),
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
                Principal::BreakGlass { .. } | Principal::Service { .. } => Err(Denied.into()),
            }
        })
    }
}
