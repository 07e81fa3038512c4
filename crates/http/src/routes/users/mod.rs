//! People.

mod change_role;
mod get_user;
mod list_users;
mod me;

use actix_web::http::Method;
use actix_web::web;

use super::{Endpoint, endpoint};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint("/api/users/me", [(Method::GET, web::to(me::me))]),
        endpoint("/api/users", [(Method::GET, web::to(list_users::list_users))]),
        endpoint("/api/users/{id}", [(Method::GET, web::to(get_user::get_user))]),
        endpoint("/api/users/{id}/role", [(Method::PATCH, web::to(change_role::change_role))]),
    ]
}
