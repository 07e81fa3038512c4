mod known;
mod passed_over;

pub(crate) use known::{ENTERPRISE, names_attribute};

use serde_json::{Value, json};

use crate::Query;
use crate::paging::CURSOR_TIMEOUT;

/// The schema of Users (RFC 7643, section 4.1).
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of Groups (RFC 7643, section 4.2).
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";

/// Some languages, for clients that show examples.
const LANGUAGES: [&str; 3] = ["de-DE", "en-GB", "en-US"];

/// What kind of resources there are (RFC 7643, section 6).
pub(crate) fn resource_types(base: &str) -> Vec<Value> {
    let resource_type = |name: &str, endpoint: &str, schema: &str, description: &str| {
        json!({
            "schemas": [RESOURCE_TYPE],
            "id": name,
            "name": name,
            "endpoint": endpoint,
            "description": description,
            "schema": schema,
            "meta": {"resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{name}")},
        })
    };
    vec![
        resource_type("User", "/Users", USER, "A person who can be called"),
        resource_type("Group", "/Groups", GROUP, "A team of people"),
    ]
}

/// Which attributes there are (RFC 7643, section 7): those that are kept and shown, those that are read in their place, and
/// the others of the core schema, which are passed over. The attributes that all resources have in common, `id`,
/// `externalId` and `meta`, belong to no schema.
pub(crate) fn schemas(base: &str) -> Vec<Value> {
    let schema = |id: &str, name: &str, description: &str, attributes: Vec<Value>| {
        json!({
            "schemas": [SCHEMA],
            "id": id,
            "name": name,
            "description": description,
            "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": format!("{base}/Schemas/{id}")},
        })
    };
    vec![
        schema(USER, "User", "A person who can be called", user_attributes()),
        schema(GROUP, "Group", "A team of people", group_attributes()),
    ]
}

/// What of the protocol is spoken (RFC 7643, section 5).
pub(crate) fn service_provider_config(base: &str) -> Value {
    json!({
        "schemas": [SERVICE_PROVIDER_CONFIG],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": true, "maxResults": Query::MAX_COUNT},
        "changePassword": {"supported": false},
        "sort": {"supported": true},
        "etag": {"supported": true},
        // RFC 9865, section 4.
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": Query::DEFAULT_COUNT,
            "maxPageSize": Query::MAX_COUNT,
            "cursorTimeout": CURSOR_TIMEOUT,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "An API key of Muster with the scope scim, as a bearer token in the Authorization header",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {"resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig")},
    })
}

fn user_attributes() -> Vec<Value> {
    // Clients need not send what is required and never missing: Muster has something to say in its place.
    let mut attributes = vec![
        text("userName", "The name a person signs in with, unique without regard to case")
            .with("required", true)
            .with("caseExact", false)
            .with("uniqueness", "server")
            .done(),
        complex(
            "name",
            false,
            "What a person is called",
            &[
                stand_in("formatted", "The whole name. It becomes displayName where that is left out").done(),
                text("givenName", "First name").done(),
                text("familyName", "Last name").done(),
                passed_over::simple("middleName", "Middle names"),
                passed_over::simple("honorificPrefix", "What stands before the name"),
                passed_over::simple("honorificSuffix", "What stands behind the name"),
            ],
        ),
        text("displayName", "The name that is shown; when it is left out, one is made of the other names")
            .with("required", true)
            .done(),
        complex(
            "emails",
            true,
            "Where e-mail goes. One address is kept: the primary one, else the first for work",
            &[text("value", "The address").with("caseExact", false).done(), kind("work"), primary(), display()],
        ),
        complex(
            "phoneNumbers",
            true,
            "Where text messages go. One number is kept: the mobile one, else the primary one",
            &[text("value", "The number, as it was sent").done(), kind("mobile"), primary(), display()],
        ),
        text("timezone", "A time zone, as IANA or Windows names it")
            .with("canonicalValues", json!(["America/Los_Angeles", "Asia/Tokyo", "Europe/London"]))
            .done(),
        text("locale", "A language and region, as BCP 47 writes them").with("canonicalValues", json!(LANGUAGES)).done(),
        stand_in("preferredLanguage", "Its first language becomes locale where that is left out")
            .with("canonicalValues", json!(LANGUAGES))
            .done(),
        boolean("active", "Whether a person may sign in and be called; a new one may when nothing is said")
            .with("required", true)
            .done(),
    ];
    attributes.extend(passed_over::attributes());
    attributes
}

fn group_attributes() -> Vec<Value> {
    let fixed = |attribute: Attribute| attribute.with("mutability", "immutable");
    vec![
        text("displayName", "The team's name, unique without regard to case")
            .with("required", true)
            .with("caseExact", false)
            .with("uniqueness", "server")
            .done(),
        complex(
            "members",
            true,
            "Who is in the team: people only, no other groups",
            &[
                fixed(text("value", "The id of a User")).done(),
                fixed(attribute("$ref", "reference", "Where that User is").with("caseExact", true))
                    .with("referenceTypes", json!(["User"]))
                    .done(),
                fixed(text("type", "What it is"))
                    .with("caseExact", false)
                    .with("canonicalValues", json!(["User"]))
                    .done(),
                display(),
            ],
        ),
    ]
}

/// What an attribute is (RFC 7643, section 7), with what holds of most.
struct Attribute(Value);

impl Attribute {
    fn with(mut self, characteristic: &str, value: impl Into<Value>) -> Self {
        self.0[characteristic] = value.into();
        self
    }

    fn done(self) -> Value {
        self.0
    }
}

fn attribute(name: &str, kind: &str, description: &str) -> Attribute {
    Attribute(json!({
        "name": name,
        "type": kind,
        "description": description,
        "multiValued": false,
        "required": false,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }))
}

fn text(name: &str, description: &str) -> Attribute {
    attribute(name, "string", description).with("caseExact", true)
}

fn boolean(name: &str, description: &str) -> Attribute {
    attribute(name, "boolean", description)
}

fn complex(name: &str, many: bool, description: &str, parts: &[Value]) -> Value {
    attribute(name, "complex", description).with("multiValued", many).with("subAttributes", parts).done()
}

/// One that stands in for another, and is not shown itself.
fn stand_in(name: &str, description: &str) -> Attribute {
    text(name, description).with("mutability", "writeOnly").with("returned", "never")
}

fn display() -> Value {
    passed_over::simple("display", "The value as people see it")
}

/// Of what kind the one value is that is kept.
fn kind(only: &str) -> Value {
    text("type", "Always the same, for one value is kept")
        .with("caseExact", false)
        .with("canonicalValues", json!([only]))
        .done()
}

fn primary() -> Value {
    boolean("primary", "Always true, for one value is kept").with("canonicalValues", json!(["true"])).done()
}
