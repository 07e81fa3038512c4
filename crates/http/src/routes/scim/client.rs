//! Who speaks SCIM, what they ask, and what they get.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use muster_domain::access::{Action, Denied, Principal};
use muster_domain::with_causes;
use muster_scim::{Answer, Caller, Query, ScimError};

use crate::authentication;
use crate::edge::Complete;
use crate::input::Body;
use crate::problem::Problem;

/// A client of the directory's, and its request's head.
pub(super) struct Client {
    name: String,
    origin: muster_domain::audit::Origin,
    request: HttpRequest,
}

impl FromRequest for Client {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = authentication::Caller::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let caller = caller.await?;
            caller.may(Action::DeliverDirectory)?;
            match caller.principal {
                Principal::Service { name, .. } => Ok(Self { name, origin: caller.origin, request }),
                Principal::User { .. } | Principal::BreakGlass { .. } => Err(Denied.into()),
            }
        })
    }
}

/// A client of the directory's, and the body that it sent. It may be large, so it is read only once the client is known.
pub(super) struct Sent {
    pub(super) client: Client,
    pub(super) body: Body,
}

impl FromRequest for Sent {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let client = Client::from_request(&request, &mut payload).await?;
            let Ok(body) = Body::from_request(&request, &mut payload).await;
            Ok(Self { client, body })
        })
    }
}

impl Client {
    pub(super) fn caller(&self) -> Caller<'_> {
        Caller { client: &self.name, origin: &self.origin }
    }

    pub(super) fn query(&self) -> Result<Query, ScimError> {
        Query::parse(self.request.query_string())
    }

    pub(super) fn id(&self) -> &str {
        self.request.match_info().query("id")
    }

    pub(super) fn if_match(&self) -> Option<&str> {
        self.header(&header::IF_MATCH)
    }

    pub(super) fn if_none_match(&self) -> Option<&str> {
        self.header(&header::IF_NONE_MATCH)
    }

    pub(super) fn user_agent(&self) -> Option<&str> {
        self.header(&header::USER_AGENT)
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.request.headers().get(name).and_then(|value| value.to_str().ok())
    }
}

/// The answer in HTTP. What failed here is in the log, once, and not in the answer.
pub(super) fn respond(answered: Result<Answer, ScimError>) -> HttpResponse {
    let (status, retry_after, answer) = match answered {
        Ok(answer) => (answer.status, None, answer),
        Err(error) => {
            if error.status == 429 {
                metrics::counter!("muster_directory_deactivations_refused_total").increment(1);
            }
            if error.source.is_some() {
                tracing::error!(cause = with_causes(&error), "SCIM request failed");
            }
            let body = Some(error.to_json());
            (error.status, error.retry_after_seconds, Answer { status: error.status, body, etag: None, location: None })
        }
    };
    let mut response = HttpResponse::new(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    response.extensions_mut().insert(Complete);
    let headers = response.headers_mut();
    for (name, value) in [(header::ETAG, answer.etag), (header::LOCATION, answer.location)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    match answer.body {
        None => response,
        Some(body) => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
            response.set_body(actix_web::body::BoxBody::new(body.to_string()))
        }
    }
}
