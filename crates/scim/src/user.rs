use muster_domain::user::{EmailAddress, Phone, User};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::object::Object;
use crate::{schema, version};

/// The type of the one e-mail address that is kept.
pub(crate) const EMAIL_TYPE: &str = "work";
/// The type of the one phone number that is kept.
pub(crate) const PHONE_TYPE: &str = "mobile";

/// The most addresses, or numbers, that one person may be sent with.
pub(crate) const MAX_ENTRIES: usize = 100;

/// A person as a SCIM User, with everything that is kept and nothing else.
pub(crate) fn user_to_json(user: &User, base: &str) -> Object {
    let mut resource = Object::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            resource.insert(name.to_owned(), value);
        }
    };
    let text = |text: &Option<String>| text.clone().map(Value::String);
    let mut name = Object::new();
    for (part, value) in [("givenName", &user.given_name), ("familyName", &user.family_name)] {
        name.extend(text(value).map(|value| (part.to_owned(), value)));
    }
    put("schemas", Some(json!([schema::USER])));
    put("id", Some(user.id.to_string().into()));
    put("externalId", text(&user.external_id));
    put("userName", Some(user.user_name.clone().into()));
    put("name", (!name.is_empty()).then_some(Value::Object(name)));
    put("displayName", Some(user.display_name.clone().into()));
    // A directory reads back what it sent.
    let email = user.given.email.as_deref().or(user.email.as_ref().map(EmailAddress::as_str));
    let phone = user.given.phone.as_deref().or(user.phone.as_ref().map(Phone::as_str));
    put("emails", email.map(|value| only(value, EMAIL_TYPE)));
    put("phoneNumbers", phone.map(|value| only(value, PHONE_TYPE)));
    put("timezone", text(&user.time_zone));
    put("locale", text(&user.locale));
    put("active", Some(user.active.into()));
    let location = format!("{base}/Users/{}", user.id);
    put("meta", Some(meta("User", user.created_at, user.updated_at, &location, user.version)));
    resource
}

/// What is known about a resource as such (RFC 7643, section 3.1).
pub(crate) fn meta(
    resource_type: &str,
    created: OffsetDateTime,
    last_modified: OffsetDateTime,
    location: &str,
    version: i64,
) -> Value {
    json!({
        "resourceType": resource_type,
        "created": created.format(&Rfc3339).unwrap_or_default(),
        "lastModified": last_modified.format(&Rfc3339).unwrap_or_default(),
        "location": location,
        "version": version::etag(version),
    })
}

fn only(value: &str, kind: &str) -> Value {
    json!([{"value": value, "type": kind, "primary": true}])
}
