use actix_web::HttpResponse;
use serde_json::json;

/// `GET /healthz`: the process is alive and answers. Says nothing of what it depends on.
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}
