//! Which attributes a path may name.

use std::sync::LazyLock;

use scim_v2::filter::{AttrPath, PatchPath};
use serde_json::Value;

use super::{USER, group_attributes, user_attributes};

/// The extension of Users for companies (RFC 7643, section 4.3), of which nothing is kept.
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What that extension has, in lower case.
const OF_ENTERPRISE: [&str; 10] = [
    "employeenumber",
    "costcenter",
    "organization",
    "division",
    "department",
    "manager",
    "manager.value",
    "manager.$ref",
    "manager.displayname",
    "manager.display",
];

/// What every resource has (RFC 7643, section 3.1).
const COMMON: [&str; 9] = [
    "id",
    "externalid",
    "schemas",
    "meta",
    "meta.resourcetype",
    "meta.created",
    "meta.lastmodified",
    "meta.location",
    "meta.version",
];

/// What an attribute of many values may have, whatever its schema says (RFC 7643, section 2.4).
const OF_MANY: [&str; 5] = ["type", "primary", "display", "value", "$ref"];

static OF_USERS: LazyLock<Vec<String>> = LazyLock::new(|| names(&user_attributes()));
static OF_GROUPS: LazyLock<Vec<String>> = LazyLock::new(|| names(&group_attributes()));

/// Whether a path names an attribute that resources of that schema have, kept or not.
pub(crate) fn names_attribute(schema: &str, path: &PatchPath) -> bool {
    let (path, after) = match path {
        PatchPath::Attr(path) => (path, None),
        PatchPath::Value(value) => (&value.attr, value.sub_attr.as_deref()),
    };
    let AttrPath { uri, name, sub_attr } = path;
    let name = match sub_attr.as_deref().or(after) {
        None => name.to_ascii_lowercase(),
        Some(part) => format!("{name}.{part}").to_ascii_lowercase(),
    };
    let own: &[String] = if schema == USER { &OF_USERS } else { &OF_GROUPS };
    match uri {
        Some(uri) if !uri.eq_ignore_ascii_case(schema) => {
            schema == USER && uri.eq_ignore_ascii_case(ENTERPRISE) && OF_ENTERPRISE.contains(&name.as_str())
        }
        _ => own.contains(&name) || COMMON.contains(&name.as_str()),
    }
}

/// The names of attributes and of their parts, in lower case.
fn names(attributes: &[Value]) -> Vec<String> {
    let mut names = Vec::new();
    for attribute in attributes {
        let name = attribute["name"].as_str().unwrap_or_default().to_ascii_lowercase();
        let parts = attribute["subAttributes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let parts = parts.iter().filter_map(|part| part["name"].as_str());
        let of_many = if attribute["multiValued"] == true { OF_MANY.as_slice() } else { &[] };
        names.extend(parts.chain(of_many.iter().copied()).map(|part| format!("{name}.{}", part.to_ascii_lowercase())));
        names.push(name);
    }
    names
}
