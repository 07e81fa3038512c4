use actix_web::web;
use muster_domain::access::Action;

use super::KeyView;
use crate::api::Api;
use crate::authentication::Caller;
use crate::problem::Problem;
use crate::views::ListView;

/// `GET /api/keys`: every key, whether it works or not, newest first.
#[utoipa::path(
    get, path = "/api/keys", tag = "keys", operation_id = "listKeys",
    summary = "Every key, whether it works or not, newest first",
    description = "For an admin.",
    responses((status = 200, description = "All of them", body = ListView<KeyView>)),
    security(("person" = []))
)]
pub(super) async fn list_keys(api: web::Data<Api>, caller: Caller) -> Result<web::Json<ListView<KeyView>>, Problem> {
    caller.may(Action::ManageKeys)?;
    let keys = api.access.keys.list().await?;
    Ok(web::Json(ListView { items: keys.into_iter().map(KeyView::from).collect() }))
}
