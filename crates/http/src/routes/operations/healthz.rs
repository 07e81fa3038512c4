use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// A process that answers.
#[derive(Serialize, ToSchema)]
#[schema(as = Alive)]
struct AliveView {
    #[schema(pattern = "^alive$", examples("alive"))]
    status: &'static str,
}

/// `GET /healthz`: the process is alive and answers. Says nothing of what it depends on.
#[utoipa::path(
    get, path = "/healthz", tag = "operations", operation_id = "getHealth",
    summary = "Whether the process is alive",
    description = "Says nothing of what the server depends on.",
    responses((status = 200, description = "It is", body = AliveView))
)]
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(AliveView { status: "alive" })
}
