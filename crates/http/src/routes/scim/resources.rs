//! People and groups, which are asked for, made, changed and removed in the same way.

use actix_web::{HttpResponse, web};

use super::client::{Client, Sent, respond};
use crate::api::Api;
use crate::openapi::schemas::{self, ScimList};
use crate::problem::Problem;

macro_rules! resource {
    (
        $(#[$doc:meta])* $area:ident, $id:literal, $plural:literal, $resource:ty, $new:ty, $gone:literal,
        [$path:literal, $search_path:literal, $one:literal], [$($patched:tt)+]:
        $list:ident, $search:ident, $get:ident, $create:ident, $replace:ident, $patch:ident, $delete:ident
    ) => {
        $(#[$doc])*
        pub(super) mod $area {
            use super::*;

            /// Those that match.
            #[utoipa::path(
                get, path = $path, tag = "scim", operation_id = concat!("list", $id, "s"),
                summary = concat!($plural, " that match"),
                description = "Nobody and nothing is no error. The order is that of ids when nothing is said.",
                params(schemas::ScimListQuery),
                responses(
                    (
                        status = 200, description = "A page of them",
                        body = ScimList<$resource>, content_type = "application/scim+json"
                    )
                ),
                security(("apiKey" = ["scim"])),
                extensions(("x-refusals" = json!([400])))
            )]
            pub(in super::super) async fn list(api: web::Data<Api>, client: Client) -> HttpResponse {
                respond(async { api.scim.$list(&client.query()?).await }.await)
            }

            /// Those that match a query in the body.
            #[utoipa::path(
                post, path = $search_path, tag = "scim", operation_id = concat!("search", $id, "s"),
                summary = concat!($plural, " that match a query in the body"),
                description = "Addresses reach logs, bodies do not.",
                request_body(content = schemas::ScimSearch, content_type = "application/scim+json"),
                responses(
                    (
                        status = 200, description = "A page of them",
                        body = ScimList<$resource>, content_type = "application/scim+json"
                    )
                ),
                security(("apiKey" = ["scim"])),
                extensions(("x-refusals" = json!([400])))
            )]
            pub(in super::super) async fn search(
                api: web::Data<Api>,
                Sent { body, .. }: Sent,
            ) -> Result<HttpResponse, Problem> {
                Ok(respond(api.scim.$search(&body.bytes()?).await))
            }

            /// One of them.
            #[utoipa::path(
                get, path = $one, tag = "scim", operation_id = concat!("get", $id),
                summary = concat!("One of the ", $plural),
                description = "304 when `If-None-Match` names the version that there is.",
                params(
                    ("id" = schemas::Id, Path, description = "Which"),
                    ("If-None-Match" = Option<String>, Header,
                        description = "The versions that the client has already, or `*`", example = "W/\"3\""),
                    schemas::ScimQuery
                ),
                responses(
                    (
                        status = 200, description = "The resource",
                        body = $resource, content_type = "application/scim+json",
                        headers(("ETag" = String, description = "The version of the resource"))
                    ),
                    (
                        status = 304, description = "The client has it already",
                        headers(("ETag" = String, description = "The version of the resource"))
                    )
                ),
                security(("apiKey" = ["scim"])),
                extensions(("x-refusals" = json!([400, 404])))
            )]
            pub(in super::super) async fn get(api: web::Data<Api>, client: Client) -> HttpResponse {
                respond(async { api.scim.$get(client.id(), &client.query()?, client.if_none_match()).await }.await)
            }

            /// A new one.
            #[utoipa::path(
                post, path = $path, tag = "scim", operation_id = concat!("create", $id),
                summary = concat!("Add to the ", $plural),
                description = "Names must be unique without regard to case.",
                params(schemas::ScimQuery),
                request_body(content = $new, content_type = "application/scim+json"),
                responses(
                    (
                        status = 201, description = "The resource",
                        body = $resource, content_type = "application/scim+json",
                        headers(
                            ("ETag" = String, description = "The version of the resource"),
                            ("Location" = String, description = "Where the resource is")
                        )
                    )
                ),
                security(("apiKey" = ["scim"])),
                extensions(("x-refusals" = json!([400, 409])))
            )]
            pub(in super::super) async fn create(
                api: web::Data<Api>,
                Sent { client, body }: Sent,
            ) -> Result<HttpResponse, Problem> {
                let body = body.bytes()?;
                Ok(respond(async { api.scim.$create(&body, &client.query()?, &client.caller()).await }.await))
            }

            /// One of them as a whole.
            #[utoipa::path(
                put, path = $one, tag = "scim", operation_id = concat!("replace", $id),
                summary = concat!("Replace one of the ", $plural),
                description = "What is left out is gone, but for `externalId` and `active`.",
                params(
                    ("id" = schemas::Id, Path, description = "Which"),
                    ("If-Match" = Option<String>, Header,
                        description = "The versions that may be changed, or `*`", example = "W/\"3\""),
                    schemas::ScimQuery
                ),
                request_body(content = $new, content_type = "application/scim+json"),
                responses(
                    (
                        status = 200, description = "The resource as it is now",
                        body = $resource, content_type = "application/scim+json",
                        headers(("ETag" = String, description = "The version of the resource"))
                    )
                ),
                security(("apiKey" = ["scim"])),
                extensions(("x-refusals" = json!([400, 404, 409, 412])))
            )]
            pub(in super::super) async fn replace(
                api: web::Data<Api>,
                Sent { client, body }: Sent,
            ) -> Result<HttpResponse, Problem> {
                let body = body.bytes()?;
                let answer = async {
                    let query = client.query()?;
                    api.scim.$replace(client.id(), &body, &query, client.if_match(), &client.caller()).await
                };
                Ok(respond(answer.await))
            }

            /// Parts of one of them.
            #[utoipa::path(
                patch, path = $one, tag = "scim", operation_id = concat!("patch", $id),
                summary = concat!("Change parts of one of the ", $plural),
                description = "All of the operations or none.",
                params(
                    ("id" = schemas::Id, Path, description = "Which"),
                    ("If-Match" = Option<String>, Header,
                        description = "The versions that may be changed, or `*`", example = "W/\"3\""),
                    schemas::ScimQuery
                ),
                request_body(content = schemas::ScimPatch, content_type = "application/scim+json"),
                responses($($patched)+),
                security(("apiKey" = ["scim"])),
                extensions(("x-refusals" = json!([400, 404, 409, 412])))
            )]
            pub(in super::super) async fn patch(
                api: web::Data<Api>,
                Sent { client, body }: Sent,
            ) -> Result<HttpResponse, Problem> {
                let body = body.bytes()?;
                let answer = async {
                    let query = client.query()?;
                    api.scim.$patch(client.id(), &body, &query, client.if_match(), &client.caller()).await
                };
                Ok(respond(answer.await))
            }

            /// One of them goes.
            #[utoipa::path(
                delete, path = $one, tag = "scim", operation_id = concat!("delete", $id),
                summary = concat!("Take away one of the ", $plural),
                description = $gone,
                params(
                    ("id" = schemas::Id, Path, description = "Which"),
                    ("If-Match" = Option<String>, Header,
                        description = "The versions that may be changed, or `*`", example = "W/\"3\"")
                ),
                responses((status = 204, description = "It is gone from the directory")),
                security(("apiKey" = ["scim"])),
                extensions(("x-refusals" = json!([404, 412])))
            )]
            pub(in super::super) async fn delete(api: web::Data<Api>, client: Client) -> HttpResponse {
                respond(api.scim.$delete(client.id(), client.if_match(), &client.caller()).await)
            }
        }
    };
}

resource!(
    /// `/scim/v2/Users`.
    users, "ScimUser", "people", schemas::ScimUser, schemas::ScimNewUser,
    "Deactivates the person, which ends their sessions, and hides them from SCIM. History stays.",
    ["/scim/v2/Users", "/scim/v2/Users/.search", "/scim/v2/Users/{id}"],
    [(
        status = 200, description = "The person as they are now",
        body = schemas::ScimUser, content_type = "application/scim+json",
        headers(("ETag" = String, description = "The version of the resource"))
    )]:
    list_users, search_users, get_user, create_user, replace_user, patch_user, delete_user
);
resource!(
    /// `/scim/v2/Groups`.
    groups, "ScimGroup", "teams", schemas::ScimGroup, schemas::ScimNewGroup,
    "Takes the team out of sight, and everybody out of it.",
    ["/scim/v2/Groups", "/scim/v2/Groups/.search", "/scim/v2/Groups/{id}"],
    [(
        status = 200, description = "The team as it is now, where `attributes` or `excludedAttributes` ask for it",
        body = schemas::ScimGroup, content_type = "application/scim+json",
        headers(("ETag" = String, description = "The version of the resource"))
    ), (
        status = 204, description = "Done",
        headers(("ETag" = String, description = "The version of the resource"))
    )]:
    list_groups, search_groups, get_group, create_group, replace_group, patch_group, delete_group
);

/// `POST /scim/v2/.search`: people and groups that match a query in the body.
#[utoipa::path(
    post, path = "/scim/v2/.search", tag = "scim", operation_id = "searchScim",
    summary = "People and teams that match a query in the body",
    description = "There is no order over both, so `sortBy` is refused.",
    request_body(content = schemas::ScimSearch, content_type = "application/scim+json"),
    responses(
        (
            status = 200, description = "A page of them, people first",
            body = ScimList<schemas::ScimResource>, content_type = "application/scim+json"
        )
    ),
    security(("apiKey" = ["scim"])),
    extensions(("x-refusals" = json!([400])))
)]
pub(super) async fn search(api: web::Data<Api>, Sent { body, .. }: Sent) -> Result<HttpResponse, Problem> {
    Ok(respond(api.scim.search(&body.bytes()?).await))
}
