//! People.

mod change_role;
mod get_user;
mod list_users;
mod me;

use actix_web::http::Method;
use actix_web::web;

use super::resource;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/api/users/me", [(Method::GET, web::to(me::me))]))
        .service(resource("/api/users", [(Method::GET, web::to(list_users::list_users))]))
        .service(resource("/api/users/{id}", [(Method::GET, web::to(get_user::get_user))]))
        .service(resource("/api/users/{id}/role", [(Method::PATCH, web::to(change_role::change_role))]));
}
