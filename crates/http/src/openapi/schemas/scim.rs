use serde::Serialize;
use utoipa::ToSchema;

use super::{Id, Text35, Text64, Text200, Text255, Text400, Time};

/// An error of SCIM (RFC 7644, section 3.12).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScimError {
    #[schema(min_items = 1, max_items = 1)]
    schemas: Vec<ScimErrorUri>,
    /// The HTTP status, as text.
    #[schema(pattern = "^[45][0-9]{2}$", examples("404"))]
    status: String,
    /// The kind of a refusal, where the RFC names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = ScimType, required = false)]
    scim_type: Option<ScimType>,
    /// What is wrong, without anybody's data.
    #[schema(examples("there is no such resource"))]
    detail: String,
}

/// What an error says that it is.
#[derive(Serialize, ToSchema)]
enum ScimErrorUri {
    #[schema(rename = "urn:ietf:params:scim:api:messages:2.0:Error")]
    Error,
}

/// What a person says that they are.
#[derive(Serialize, ToSchema)]
enum ScimUserUri {
    #[schema(rename = "urn:ietf:params:scim:schemas:core:2.0:User")]
    User,
}

/// What a team says that it is.
#[derive(Serialize, ToSchema)]
enum ScimGroupUri {
    #[schema(rename = "urn:ietf:params:scim:schemas:core:2.0:Group")]
    Group,
}

/// What kind of refusal it is (RFC 7644, table 9, and RFC 9865, table 3).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum ScimType {
    InvalidSyntax,
    InvalidValue,
    InvalidFilter,
    InvalidPath,
    InvalidCursor,
    ExpiredCursor,
    InvalidCount,
    NoTarget,
    Mutability,
    Uniqueness,
}

/// What is known about a resource as such (RFC 7643, section 3.1).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScimMeta {
    #[schema(required = false, examples("User"))]
    resource_type: String,
    #[schema(required = false)]
    created: Time,
    #[schema(required = false)]
    last_modified: Time,
    /// Where it is.
    #[schema(
        required = false,
        format = "uri",
        examples("https://muster.example/scim/v2/Users/01a20320-a200-7e23-a324-5aa232a9e247")
    )]
    location: String,
    /// As in `ETag`.
    #[schema(required = false, examples("W/\"3\""))]
    version: String,
}

/// A person (RFC 7643, section 4.1), with everything that is kept and nothing else. `attributes` and `excludedAttributes`
/// take away all but `id` and `schemas`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScimUser {
    #[schema(min_items = 1, max_items = 1)]
    schemas: Vec<ScimUserUri>,
    id: Id,
    /// The directory's own id of the person.
    #[schema(required = false, min_length = 1, max_length = 255, examples("00u1"))]
    external_id: String,
    /// The name a person signs in with, unique without regard to case.
    #[schema(required = false, min_length = 1, max_length = 255, examples("ada@example.com"))]
    user_name: String,
    #[schema(required = false)]
    name: ScimName,
    /// The name that is shown.
    #[schema(required = false, examples("Ada Lovelace"))]
    display_name: String,
    /// The one address that is kept.
    #[schema(required = false, min_items = 1, max_items = 1)]
    emails: Vec<ScimContact>,
    /// The one number that is kept.
    #[schema(required = false, min_items = 1, max_items = 1)]
    phone_numbers: Vec<ScimContact>,
    /// A time zone, as IANA names it.
    #[schema(required = false, examples("Europe/London"))]
    timezone: String,
    /// A language and region, as BCP 47 writes them.
    #[schema(required = false, examples("en-GB"))]
    locale: String,
    /// Whether the person may sign in and be called.
    #[schema(required = false)]
    active: bool,
    #[schema(required = false)]
    meta: ScimMeta,
}

/// What a person is called.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScimName {
    #[schema(required = false, examples("Ada"))]
    given_name: String,
    #[schema(required = false, examples("Lovelace"))]
    family_name: String,
}

/// An e-mail address or a phone number.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScimContact {
    #[schema(required = false, examples("ada@example.com"))]
    value: String,
    /// `work` for the address, `mobile` for the number.
    #[serde(rename = "type")]
    #[schema(required = false, examples("work"))]
    kind: String,
    #[schema(required = false)]
    primary: bool,
}

/// A person as a client delivers them. Names of attributes do not depend on case, null counts as left out, and attributes
/// that Muster does not keep are passed over.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScimNewUser {
    #[schema(required = false, max_items = 10, examples(json!(["urn:ietf:params:scim:schemas:core:2.0:User"])))]
    schemas: Vec<String>,
    /// The directory's own id of the person.
    external_id: Option<Text255>,
    /// The name a person signs in with, unique without regard to case.
    user_name: Text255,
    name: Option<ScimNewName>,
    /// The name that is shown; when it is left out, one is made of the other names.
    display_name: Option<Text400>,
    /// One address is kept: the primary one, else the first for work.
    #[schema(max_items = 100)]
    emails: Option<Vec<ScimNewContact>>,
    /// One number is kept: the mobile one, else the primary one.
    #[schema(max_items = 100)]
    phone_numbers: Option<Vec<ScimNewContact>>,
    /// A time zone, as IANA names it.
    timezone: Option<Text64>,
    /// A language and region, as BCP 47 writes them.
    locale: Option<Text35>,
    /// Whether the person may sign in and be called; a new one may when nothing is said. `false` deactivates, which also
    /// ends every session. Also taken as a string.
    active: Option<bool>,
}

/// What a person is called.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScimNewName {
    given_name: Option<Text200>,
    family_name: Option<Text200>,
    /// Stands in for `displayName`.
    formatted: Option<Text400>,
}

/// An e-mail address or a phone number.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScimNewContact {
    #[schema(examples("ada@example.com"))]
    value: Option<String>,
    #[serde(rename = "type")]
    #[schema(examples("work"))]
    kind: Option<String>,
    primary: Option<bool>,
}

/// A team (RFC 7643, section 4.2).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScimGroup {
    #[schema(min_items = 1, max_items = 1)]
    schemas: Vec<ScimGroupUri>,
    id: Id,
    /// The directory's own id of the team.
    #[schema(required = false, min_length = 1, max_length = 255, examples("00g1"))]
    external_id: String,
    /// The team's name, unique without regard to case.
    #[schema(required = false, min_length = 1, max_length = 200, examples("Platform"))]
    display_name: String,
    /// Who is in the team; absent for nobody.
    #[schema(required = false, min_items = 1)]
    members: Vec<ScimMember>,
    #[schema(required = false)]
    meta: ScimMeta,
}

/// A member of a team.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScimMember {
    /// The id of a User.
    #[schema(required = false)]
    value: Id,
    /// Where that User is.
    #[serde(rename = "$ref")]
    #[schema(
        required = false,
        format = "uri",
        examples("https://muster.example/scim/v2/Users/01a20320-a200-7e23-a324-5aa232a9e247")
    )]
    reference: String,
    /// Always `User`.
    #[serde(rename = "type")]
    #[schema(required = false, examples("User"))]
    kind: String,
}

/// A team as a client delivers it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScimNewGroup {
    #[schema(required = false, max_items = 10, examples(json!(["urn:ietf:params:scim:schemas:core:2.0:Group"])))]
    schemas: Vec<String>,
    /// The directory's own id of the team.
    external_id: Option<Text255>,
    /// The team's name, unique without regard to case.
    display_name: Text200,
    members: Option<Vec<ScimNewMember>>,
}

/// A member of a team: people only, no other groups.
#[derive(Serialize, ToSchema)]
struct ScimNewMember {
    /// The id of a User.
    value: Id,
}

/// A change to parts of a resource (RFC 7644, section 3.5.2): all of the operations or none.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScimPatch {
    #[schema(required = false, max_items = 10, examples(json!(["urn:ietf:params:scim:api:messages:2.0:PatchOp"])))]
    schemas: Vec<String>,
    #[serde(rename = "Operations")]
    #[schema(min_items = 1, max_items = 1000)]
    operations: Vec<ScimOperation>,
}

/// One change.
#[derive(Serialize, ToSchema)]
struct ScimOperation {
    /// Without regard to case.
    op: ScimOp,
    /// Which attribute; left out when `value` is an object of attributes.
    #[schema(examples("emails[type eq \"work\"].value"))]
    path: Option<String>,
    /// What it becomes; not for `remove`.
    #[schema(value_type = Value, required = false, examples("ada@example.com"))]
    value: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ScimOp {
    Add,
    Replace,
    Remove,
}

/// A query in a body (RFC 7644, section 3.4.3), which no log of addresses shows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScimSearch {
    #[schema(required = false, max_items = 10, examples(json!(["urn:ietf:params:scim:api:messages:2.0:SearchRequest"])))]
    schemas: Vec<String>,
    /// Which resources (RFC 7644, section 3.4.2.2).
    #[schema(examples("userName eq \"ada@example.com\""))]
    filter: Option<String>,
    /// By which attribute they come; not for resources of several kinds.
    #[schema(examples("userName"))]
    sort_by: Option<String>,
    sort_order: Option<ScimOrder>,
    /// The first resource that is shown, from 1.
    #[schema(examples(1))]
    start_index: Option<i32>,
    /// A `nextCursor` or `previousCursor` of the same query (RFC 9865), empty for the first page. Not beside `startIndex`.
    cursor: Option<String>,
    /// How many at the most; more than 200 is 200.
    #[schema(examples(100))]
    count: Option<i32>,
    /// Which attributes are shown.
    #[schema(max_items = 100, examples(json!(["userName"])))]
    attributes: Option<Vec<String>>,
    /// Which attributes are not shown.
    #[schema(max_items = 100, examples(json!(["members"])))]
    excluded_attributes: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ScimOrder {
    Ascending,
    Descending,
}
