use actix_web::web;

use crate::api::{Api, OutboxMessage};

/// `GET /dev/outbox`: the messages that were captured instead of sent, newest first.
#[utoipa::path(
    get, path = "/dev/outbox", tag = "development", operation_id = "listOutbox",
    summary = "The messages that were captured instead of sent, newest first",
    description = "Through a name of this machine alone: any other `Host` gets 404.",
    responses((status = 200, description = "The messages", body = Vec<OutboxMessage>)),
    extensions(("x-problems" = json!(["not-found"])))
)]
pub(super) async fn outbox(api: web::Data<Api>) -> web::Json<Vec<OutboxMessage>> {
    web::Json(api.development.as_ref().map(|development| development.outbox.messages()).unwrap_or_default())
}
