use std::cell::RefCell;
use std::collections::HashMap;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::StatusCode;
use futures_util::future::LocalBoxFuture;
use metrics::{Counter, Histogram};
use opentelemetry::trace::Status;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{UNMATCHED, method, template};

/// The middleware that counts requests by method, route template and status, measures how long they took, and leaves one
/// line of each in the log. It stands around whatever may answer, and within the request's span.
#[derive(Debug, Clone, Copy, Default)]
pub struct Observe;

impl<S, B> Transform<S, ServiceRequest> for Observe
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = Observer<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, Self::InitError>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Observer { service, routes: Routes::default() }))
    }
}

/// One worker's [`Observe`].
#[derive(Debug)]
pub struct Observer<S> {
    service: S,
    routes: Routes,
}

impl<S, B> Service<ServiceRequest> for Observer<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let (route, span) = (Some(self.routes.of(&request)), Span::current());
        let under_way = UnderWay { route, span, began: Instant::now() };
        let answering = self.service.call(request);
        Box::pin(async move {
            let outcome = answering.await;
            under_way.answered(match &outcome {
                Ok(response) => response.status(),
                Err(error) => error.as_response_error().status_code(),
            });
            outcome
        })
    }
}

/// A request that is not answered yet. One whose client hangs up before is told of when it is dropped.
struct UnderWay {
    route: Option<Rc<Route>>,
    /// Its own, which is not entered when it is dropped.
    span: Span,
    began: Instant,
}

impl UnderWay {
    fn answered(mut self, status: StatusCode) {
        let Some(route) = self.route.take() else { return };
        let took = self.began.elapsed();
        route.count(Some(status), took);
        self.span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
        if status.is_server_error() {
            self.span.set_status(Status::error(""));
        }
        tracing::info!(parent: &self.span, status = status.as_u16(), duration_ms = millis(took), "answered");
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(route) = self.route.take() {
            let took = self.began.elapsed();
            route.count(None, took);
            tracing::info!(parent: &self.span, duration_ms = millis(took), "the client hung up");
        }
    }
}

fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}

/// What one worker has been asked for so far. Its counters are looked up once and kept, since each look-up makes labels.
/// There are only so many: routes and methods are those that exist.
#[derive(Debug, Default)]
struct Routes(RefCell<HashMap<String, Vec<Rc<Route>>>>);

impl Routes {
    fn of(&self, request: &ServiceRequest) -> Rc<Route> {
        let template = template(request);
        let template = template.as_deref().unwrap_or(UNMATCHED);
        let method = method(request);
        let mut known = self.0.borrow_mut();
        let found = known.get(template).and_then(|routes| routes.iter().find(|route| route.method == method));
        if let Some(route) = found {
            return route.clone();
        }
        let route = Rc::new(Route::new(method, template));
        known.entry(template.to_owned()).or_default().push(route.clone());
        route
    }
}

/// A route by one method.
#[derive(Debug)]
struct Route {
    method: &'static str,
    template: String,
    seconds: Histogram,
    by_status: RefCell<HashMap<Option<StatusCode>, Counter>>,
}

impl Route {
    fn new(method: &'static str, template: &str) -> Self {
        let template = template.to_owned();
        let seconds =
            metrics::histogram!("muster_http_request_seconds", "method" => method, "route" => template.clone());
        Self { method, template, seconds, by_status: RefCell::default() }
    }

    /// Counts one that was answered with `status`; with none when nobody waited for the answer.
    fn count(&self, status: Option<StatusCode>, took: Duration) {
        self.seconds.record(took.as_secs_f64());
        let mut by_status = self.by_status.borrow_mut();
        let counter = by_status.entry(status).or_insert_with(|| {
            let status = status.map_or_else(|| "none".to_owned(), |status| status.as_str().to_owned());
            let (method, route) = (self.method, self.template.clone());
            metrics::counter!(
                "muster_http_requests_total", "method" => method, "route" => route, "status" => status
            )
        });
        counter.increment(1);
    }
}
