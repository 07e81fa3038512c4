//! What the core schema of Users has (RFC 7643, section 4.1) and Muster does not keep.
//!
//! Clients that build themselves from `/Schemas` can hold only attributes that it lists. These are `readOnly`: a server
//! ignores them in a request (RFC 7644, sections 3.3 and 3.5.1), and a client that knows it need not send addresses or
//! hashes of passwords.

use serde_json::{Value, json};

use super::{Attribute, attribute, boolean, text};

const SIMPLE: [(&str, &str); 4] = [
    ("nickName", "A casual name"),
    ("title", "A title, such as Vice President"),
    ("userType", "How the person relates to the organization"),
    ("password", "A password; Muster has none of the directory's"),
];

const MANY: [(&str, &str, &[&str]); 7] = [
    ("ims", "Addresses for instant messages", &VALUE),
    ("photos", "Where pictures of the person are", &VALUE),
    ("addresses", "Postal addresses", &ADDRESS),
    ("groups", "Groups of the person, which are changed at the Group", &["value", "$ref", "display", "type"]),
    ("entitlements", "What the person is entitled to", &VALUE),
    ("roles", "Roles of the person", &VALUE),
    ("x509Certificates", "Certificates of the person", &VALUE),
];

const VALUE: [&str; 4] = ["value", "display", "type", "primary"];
const ADDRESS: [&str; 8] =
    ["formatted", "streetAddress", "locality", "region", "postalCode", "country", "type", "primary"];

/// The attributes as `/Schemas` lists them.
pub(super) fn attributes() -> Vec<Value> {
    let simple = SIMPLE.iter().map(|(name, what)| simple(name, what));
    let page = ignored(|told| reference("profileUrl", told, "external"), "Where a page about the person is");
    let many = MANY.iter().map(|(name, what, parts)| {
        let parts: Vec<Value> = parts.iter().map(|part| part_of(name, part)).collect();
        ignored(|told| attribute(name, "complex", told).with("multiValued", true).with("subAttributes", parts), what)
    });
    simple.chain([page]).chain(many).collect()
}

/// An attribute of one value, or a part of one that is kept otherwise.
pub(super) fn simple(name: &str, what: &str) -> Value {
    ignored(|told| text(name, told), what)
}

fn part_of(of: &str, part: &str) -> Value {
    let like = |told: &str| match (of, part) {
        (_, "primary") => boolean(part, told),
        (_, "$ref") => reference(part, told, "Group"),
        ("photos", "value") => reference(part, told, "external"),
        ("x509Certificates", "value") => attribute(part, "binary", told).with("caseExact", true),
        _ => text(part, told),
    };
    ignored(like, "A part of it")
}

fn reference(name: &str, description: &str, to: &str) -> Attribute {
    attribute(name, "reference", description).with("caseExact", true).with("referenceTypes", json!([to]))
}

fn ignored(like: impl FnOnce(&str) -> Attribute, what: &str) -> Value {
    like(&format!("{what}. Accepted and passed over: neither kept nor shown"))
        .with("mutability", "readOnly")
        .with("returned", "never")
        .done()
}
