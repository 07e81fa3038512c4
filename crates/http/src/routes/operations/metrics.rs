use actix_web::{HttpResponse, web};

use crate::api::Api;

/// `GET /metrics`: all metrics in Prometheus' text format. No label holds anything of a person.
pub(super) async fn metrics(api: web::Data<Api>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(api.vitals.metrics())
}
