use actix_web::{HttpResponse, web};
use muster_domain::StoreError;
use serde::Serialize;
use time::Duration;
use utoipa::ToSchema;

use crate::api::{Api, ProviderView};
use crate::problem::{Kind, Problem};

/// A server that can work.
#[derive(Serialize, ToSchema)]
#[schema(as = Ready)]
struct ReadyView {
    #[schema(pattern = "^ready$", examples("ready"))]
    status: &'static str,
    /// Every provider that messages go through.
    providers: Vec<ProviderView>,
}

/// `GET /readyz`: the store answers, can be written, and has the schema that this build understands; 503 when not. A provider that
/// is down is told and makes nothing unready: everything but its messages works.
#[utoipa::path(
    get, path = "/readyz", tag = "operations", operation_id = "getReadiness",
    summary = "Whether the server can work",
    description = "The store answers, can be written, and has the schema that this build understands. A provider that is \
        down is told and makes nothing unready.",
    responses((status = 200, description = "It can", body = ReadyView)),
    extensions(("x-problems" = json!(["unavailable"])))
)]
pub(super) async fn readyz(api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    api.health.check().await.map_err(|error| not_ready(&error))?;
    Ok(HttpResponse::Ok().json(ReadyView { status: "ready", providers: api.vitals.providers() }))
}

fn not_ready(error: &StoreError) -> Problem {
    let detail = match error {
        StoreError::Inconsistent { .. } => "the store's schema is not the one that this build understands",
        StoreError::Unavailable(_) | StoreError::Backend(_) => "the store does not answer, or cannot be written",
    };
    Problem::failure(Kind::Unavailable, detail, error).retry_after(Duration::seconds(5))
}
