use std::time::Duration;

use actix_web::rt::time::timeout;
use actix_web::{HttpResponse, web};

use crate::api::Api;

/// How long the store has to say which brakes hold.
const PATIENCE: Duration = Duration::from_secs(1);

/// `GET /metrics`: all metrics in Prometheus' text format. No label holds anything of a person.
#[utoipa::path(
    get, path = "/metrics", tag = "operations", operation_id = "getMetrics",
    summary = "All metrics in Prometheus' text format",
    description = "No label holds anything of a person.",
    responses((
        status = 200, description = "The metrics", body = String, content_type = "text/plain",
        example = json!("# TYPE muster_codes_refused_total counter\nmuster_codes_refused_total{method=\"sms\",reason=\"tooSoon\"} 1\n")
    ))
)]
pub(super) async fn metrics(api: web::Data<Api>) -> HttpResponse {
    // A store that is slow or gone must not keep anybody from the other metrics.
    let engaged = timeout(PATIENCE, api.scim.directory.engaged_brakes()).await;
    let brakes = engaged.ok().and_then(Result::ok).map(|brakes| brakes.len());
    let text = api.vitals.metrics(brakes).await;
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}
