use actix_web::web;

use crate::api::{Api, OutboxMessage};

/// `GET /dev/outbox`: the messages that were captured instead of sent, newest first.
pub(super) async fn outbox(api: web::Data<Api>) -> web::Json<Vec<OutboxMessage>> {
    web::Json(api.development.as_ref().map(|development| development.outbox.messages()).unwrap_or_default())
}
