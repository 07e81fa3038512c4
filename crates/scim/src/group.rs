use muster_domain::directory::{Group, GroupRecord};
use muster_domain::{FieldError, Text, UserId};
use serde_json::{Value, json};

use crate::object::{Object, attribute};
use crate::user::meta;
use crate::{ScimError, schema};

/// A team as a SCIM Group.
pub(crate) fn group_to_json(group: &Group, base: &str, with_members: bool) -> Object {
    let mut resource = Object::new();
    resource.insert("schemas".to_owned(), json!([schema::GROUP]));
    resource.insert("id".to_owned(), group.id.to_string().into());
    if let Some(external_id) = &group.external_id {
        resource.insert("externalId".to_owned(), external_id.clone().into());
    }
    resource.insert("displayName".to_owned(), group.name.clone().into());
    if with_members && !group.members.is_empty() {
        let member = |id: &UserId| json!({"value": id, "$ref": format!("{base}/Users/{id}"), "type": "User"});
        resource.insert("members".to_owned(), group.members.iter().map(member).collect());
    }
    let location = format!("{base}/Groups/{}", group.id);
    resource.insert("meta".to_owned(), meta("Group", group.created_at, group.updated_at, &location, group.version));
    resource
}

/// Reads a SCIM Group (RFC 7643, section 4.2).
pub(crate) fn read_group(resource: &Object) -> Result<GroupRecord, ScimError> {
    let name = attribute(resource, "displayName")
        .ok_or_else(|| ScimError::fields(&[FieldError::new("displayName", "is required")]))?;
    let members = attribute(resource, "members").map_or(Ok(Vec::new()), read_members)?;
    Ok(GroupRecord {
        external_id: attribute(resource, "externalId").map(read_external_id).transpose()?.flatten(),
        name: read_name(name)?,
        members,
    })
}

pub(crate) fn read_name(value: &Value) -> Result<Text<200>, ScimError> {
    let name = value.as_str().ok_or_else(|| refused("displayName", "must be a string"))?;
    Text::parse(name).map_err(|error| refused("displayName", &error.to_string()))
}

/// An empty one is none.
pub(crate) fn read_external_id(value: &Value) -> Result<Option<Text<255>>, ScimError> {
    let id = value.as_str().ok_or_else(|| refused("externalId", "must be a string"))?;
    if id.trim().is_empty() {
        return Ok(None);
    }
    Text::parse(id).map(Some).map_err(|error| refused("externalId", &error.to_string()))
}

/// Members as clients name them: a list of them, or one.
pub(crate) fn read_members(value: &Value) -> Result<Vec<UserId>, ScimError> {
    match value {
        Value::Array(members) => members.iter().map(read_member).collect(),
        one => Ok(vec![read_member(one)?]),
    }
}

fn read_member(member: &Value) -> Result<UserId, ScimError> {
    let member = member.as_object().ok_or_else(|| refused("members", "must be a list of objects with a value"))?;
    let kind = attribute(member, "type");
    if kind.is_some_and(|kind| !kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("User"))) {
        return Err(refused("members", "may only be of the type User"));
    }
    let id = attribute(member, "value").and_then(Value::as_str);
    let id = id.ok_or_else(|| refused("members", "must each have a value, which is the id of a User"))?;
    id.parse().map_err(|_| refused("members", "may only be ids of Users"))
}

fn refused(field: &str, detail: &str) -> ScimError {
    ScimError::fields(&[FieldError::new(field, detail)])
}
