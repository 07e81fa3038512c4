//! People.

mod change_role;
mod get_user;
mod list_users;
mod me;

use actix_web::http::Method;
use actix_web::web;
use utoipa::OpenApi;

use super::{Endpoint, endpoint};

#[derive(OpenApi)]
#[openapi(paths(me::me, list_users::list_users, get_user::get_user, change_role::change_role))]
pub(super) struct Documented;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint("/api/users/me", [(Method::GET, web::to(me::me))]),
        endpoint("/api/users", [(Method::GET, web::to(list_users::list_users))]),
        endpoint("/api/users/{id}", [(Method::GET, web::to(get_user::get_user))]),
        endpoint("/api/users/{id}/role", [(Method::PATCH, web::to(change_role::change_role))]),
    ]
}
