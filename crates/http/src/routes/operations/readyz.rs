use actix_web::{HttpResponse, web};
use muster_domain::StoreError;
use serde_json::json;
use time::Duration;

use crate::api::Api;
use crate::problem::{Kind, Problem};

/// `GET /readyz`: the store answers and its schema is the one that this build understands; 503 when not. A provider that
/// is down is told and makes nothing unready: everything but its messages works.
pub(super) async fn readyz(api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    api.health.check().await.map_err(|error| not_ready(&error))?;
    Ok(HttpResponse::Ok().json(json!({ "status": "ready", "providers": api.vitals.providers() })))
}

fn not_ready(error: &StoreError) -> Problem {
    let detail = match error {
        StoreError::Inconsistent { .. } => "the store's schema is not the one that this build understands",
        StoreError::Unavailable(_) | StoreError::Backend(_) => "the store does not answer",
    };
    Problem::failure(Kind::Unavailable, detail, error).retry_after(Duration::seconds(5))
}
