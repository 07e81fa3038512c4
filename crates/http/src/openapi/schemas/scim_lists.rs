use serde::Serialize;
use utoipa::ToSchema;

use super::{ScimGroup, ScimUser};

/// A page of resources (RFC 7644, section 3.4.2), by index or by cursor (RFC 9865).
#[derive(Serialize, ToSchema)]
#[schema(as = ScimListOf)]
pub(crate) struct ScimList<T> {
    #[schema(min_items = 1, max_items = 1)]
    schemas: Vec<ScimListUri>,
    /// How many match, on whatever page. In pages by cursor, how many matched when the first was asked for.
    #[serde(rename = "totalResults")]
    #[schema(minimum = 0, examples(1))]
    total_results: u64,
    /// Not in pages by cursor.
    #[serde(rename = "startIndex")]
    #[schema(required = false, minimum = 1, examples(1))]
    start_index: u32,
    /// Of a page by cursor that is not the last: where the next one is.
    #[serde(rename = "nextCursor")]
    #[schema(required = false)]
    next_cursor: String,
    /// Of a page by cursor that is not the first: where the one before is. Not of resources of several kinds.
    #[serde(rename = "previousCursor")]
    #[schema(required = false)]
    previous_cursor: String,
    #[serde(rename = "itemsPerPage")]
    #[schema(minimum = 0, maximum = 200, examples(1))]
    items_per_page: u32,
    #[serde(rename = "Resources")]
    #[schema(max_items = 200)]
    resources: Vec<T>,
}

/// What a page says that it is.
#[derive(Serialize, ToSchema)]
enum ScimListUri {
    #[schema(rename = "urn:ietf:params:scim:api:messages:2.0:ListResponse")]
    List,
}

/// A person or a team.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ScimResource {
    User(ScimUser),
    Group(ScimGroup),
}

/// What of the protocol is spoken (RFC 7643, section 5).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScimServiceProviderConfig {
    schemas: Vec<String>,
    patch: ScimSupport,
    bulk: ScimSupport,
    filter: ScimSupport,
    change_password: ScimSupport,
    sort: ScimSupport,
    etag: ScimSupport,
    /// Not for clients that say `python-httpx`, of which some fail on it.
    #[schema(required = false)]
    pagination: ScimPagination,
    #[schema(value_type = Vec<Object>)]
    authentication_schemes: Vec<String>,
    #[schema(value_type = Object)]
    meta: String,
}

/// Whether a feature is there, and how far it goes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScimSupport {
    supported: bool,
    #[schema(required = false, examples(200))]
    max_results: u32,
    #[schema(required = false, examples(0))]
    max_operations: u32,
    #[schema(required = false, examples(0))]
    max_payload_size: u32,
}

/// How lists come in pages (RFC 9865, section 4).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScimPagination {
    cursor: bool,
    index: bool,
    /// What is done when a query says neither.
    #[schema(examples("index"))]
    default_pagination_method: String,
    #[schema(examples(100))]
    default_page_size: u32,
    #[schema(examples(200))]
    max_page_size: u32,
    /// For how many seconds a cursor is good.
    #[schema(examples(86_400))]
    cursor_timeout: u32,
}

/// A kind of resource (RFC 7643, section 6).
#[derive(Serialize, ToSchema)]
pub(crate) struct ScimResourceType {
    schemas: Vec<String>,
    #[schema(examples("User"))]
    id: String,
    #[schema(examples("User"))]
    name: String,
    #[schema(examples("/Users"))]
    endpoint: String,
    #[schema(examples("A person who can be called"))]
    description: String,
    #[schema(examples("urn:ietf:params:scim:schemas:core:2.0:User"))]
    schema: String,
    #[schema(value_type = Object)]
    meta: String,
}

/// The attributes of one kind of resource (RFC 7643, section 7).
#[derive(Serialize, ToSchema)]
pub(crate) struct ScimSchema {
    schemas: Vec<String>,
    #[schema(examples("urn:ietf:params:scim:schemas:core:2.0:User"))]
    id: String,
    #[schema(examples("User"))]
    name: String,
    #[schema(examples("A person who can be called"))]
    description: String,
    #[schema(value_type = Vec<Object>)]
    attributes: Vec<String>,
    #[schema(value_type = Object)]
    meta: String,
}
