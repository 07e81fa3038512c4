//! What the server tells those who run it about its requests: spans for logs and traces, and metrics.

mod counts;
mod requests;

pub(crate) use counts::{
    challenge_answered, challenge_sent, session_issued, session_refreshed, signed_in_by_break_glass, token_deferred,
    token_refused,
};
pub use requests::Observe;

use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{Error, HttpMessage};
use muster_domain::UserId;
use muster_domain::access::Principal;
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, global};
use tracing::Span;
use tracing::field::{Empty, display};
use tracing_actix_web::RootSpanBuilder;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::edge::request_id;

/// What a request is called that no route takes.
const UNMATCHED: &str = "unmatched";

/// A request in logs and traces: its id, method, route template, whose it is and, when it has one, its trace. No path,
/// query, header, body or client's address, since those hold contacts, credentials and personal data.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let route: Option<Rc<str>> = request.match_pattern().map(Rc::from);
        let method = method(request);
        let span = tracing::info_span!(
            "request",
            request_id = request_id(request.request()),
            method,
            route = route.as_deref().unwrap_or(UNMATCHED),
            principal = Empty,
            trace_id = Empty,
            otel.name = Empty,
            otel.kind = Empty,
        );
        trace(&span, request.headers(), method, route.as_deref());
        request.extensions_mut().insert(Template(route));
        span
    }

    /// [`Observe`] has told of it.
    fn on_request_end<B: MessageBody>(_: Span, _: &Result<ServiceResponse<B>, Error>) {}
}

/// The route template of a request, kept because making it out takes time.
#[derive(Clone)]
struct Template(Option<Rc<str>>);

/// The route template of a request; none when no route takes it.
pub(crate) fn template(request: &ServiceRequest) -> Option<Rc<str>> {
    let kept = request.extensions().get::<Template>().cloned();
    kept.map_or_else(|| request.match_pattern().map(Rc::from), |Template(route)| route)
}

/// The method, out of a fixed set: clients can make up others.
fn method(request: &ServiceRequest) -> &'static str {
    match request.method().as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Continues the caller's trace (W3C Trace Context) or begins one. Where traces go nowhere, the log has the caller's trace
/// id all the same.
fn trace(span: &Span, headers: &HeaderMap, method: &str, route: Option<&str>) {
    let caller = headers.contains_key("traceparent").then(|| {
        global::get_text_map_propagator(|propagator| {
            propagator.extract_with_context(&Context::new(), &Headers(headers))
        })
    });
    let mut context = caller.unwrap_or_default();
    if span.set_parent(context.clone()).is_ok() {
        // Named first: what is asked for its context has begun.
        match route {
            Some(route) => span.record("otel.name", display(format_args!("{method} {route}"))),
            None => span.record("otel.name", method),
        };
        span.record("otel.kind", "server");
        span.set_attribute("http.request.method", method.to_owned());
        if let Some(route) = route {
            span.set_attribute("http.route", route.to_owned());
        }
        context = span.context();
    }
    let trace_id = context.span().span_context().trace_id();
    if context.span().span_context().is_valid() {
        span.record("trace_id", display(trace_id));
    }
}

/// A request's headers, as propagators read them.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// Says whose the request is that is worked on: a person by their id, another service by its key's name.
pub(crate) fn principal(principal: &Principal) {
    match principal {
        Principal::User { id, .. } | Principal::BreakGlass { id } => person(*id),
        Principal::Service { name, .. } => {
            Span::current().record("principal", display(format_args!("key:{name}")));
        }
    }
}

/// Says which person's the request is that is worked on.
pub(crate) fn person(id: UserId) {
    Span::current().record("principal", display(format_args!("user:{id}")));
}
