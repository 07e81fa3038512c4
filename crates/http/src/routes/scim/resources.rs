//! People and groups, which are asked for, made, changed and removed in the same way.

use actix_web::{HttpResponse, web};

use super::client::{Client, respond};
use crate::api::Api;
use crate::input::Body;
use crate::problem::Problem;

macro_rules! resource {
    (
        $(#[$doc:meta])* $area:ident:
        $list:ident, $search:ident, $get:ident, $create:ident, $replace:ident, $patch:ident, $delete:ident
    ) => {
        $(#[$doc])*
        pub(super) mod $area {
            use super::*;

            /// Those that match.
            pub(in super::super) async fn list(api: web::Data<Api>, client: Client) -> HttpResponse {
                respond(match client.query() {
                    Ok(query) => api.scim.$list(&query).await,
                    Err(error) => Err(error),
                })
            }

            /// Those that match a query in the body.
            pub(in super::super) async fn search(
                api: web::Data<Api>,
                _: Client,
                body: Body,
            ) -> Result<HttpResponse, Problem> {
                Ok(respond(api.scim.$search(&body.bytes()?).await))
            }

            /// One of them.
            pub(in super::super) async fn get(api: web::Data<Api>, client: Client) -> HttpResponse {
                respond(match client.query() {
                    Ok(query) => api.scim.$get(client.id(), &query, client.if_none_match()).await,
                    Err(error) => Err(error),
                })
            }

            /// A new one.
            pub(in super::super) async fn create(
                api: web::Data<Api>,
                client: Client,
                body: Body,
            ) -> Result<HttpResponse, Problem> {
                let body = body.bytes()?;
                Ok(respond(match client.query() {
                    Ok(query) => api.scim.$create(&body, &query, &client.caller()).await,
                    Err(error) => Err(error),
                }))
            }

            /// One of them as a whole.
            pub(in super::super) async fn replace(
                api: web::Data<Api>,
                client: Client,
                body: Body,
            ) -> Result<HttpResponse, Problem> {
                let body = body.bytes()?;
                Ok(respond(match client.query() {
                    Ok(query) => {
                        api.scim.$replace(client.id(), &body, &query, client.if_match(), &client.caller()).await
                    }
                    Err(error) => Err(error),
                }))
            }

            /// Parts of one of them.
            pub(in super::super) async fn patch(
                api: web::Data<Api>,
                client: Client,
                body: Body,
            ) -> Result<HttpResponse, Problem> {
                let body = body.bytes()?;
                Ok(respond(match client.query() {
                    Ok(query) => {
                        api.scim.$patch(client.id(), &body, &query, client.if_match(), &client.caller()).await
                    }
                    Err(error) => Err(error),
                }))
            }

            /// One of them goes.
            pub(in super::super) async fn delete(api: web::Data<Api>, client: Client) -> HttpResponse {
                respond(api.scim.$delete(client.id(), client.if_match(), &client.caller()).await)
            }
        }
    };
}

resource!(
    /// `/scim/v2/Users`.
    users: list_users, search_users, get_user, create_user, replace_user, patch_user, delete_user
);
resource!(
    /// `/scim/v2/Groups`.
    groups: list_groups, search_groups, get_group, create_group, replace_group, patch_group, delete_group
);

/// `POST /scim/v2/.search`: people and groups that match a query in the body.
pub(super) async fn search(api: web::Data<Api>, _: Client, body: Body) -> Result<HttpResponse, Problem> {
    Ok(respond(api.scim.search(&body.bytes()?).await))
}
