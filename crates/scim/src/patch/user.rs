use muster_domain::user::Region;
use scim_v2::filter::{PatchPath, ValFilter};
use serde_json::Value;

use super::many::{Kept, patch_many};
use super::{Op, Step, single};
use crate::ScimError;
use crate::filter::schema_is;
use crate::object::{Object, assign, assigned, attribute, unassign};
use crate::user_reader::first_language;
use muster_domain::directory::UserAttribute;

/// The parts of a name that are looked at.
const NAME_PARTS: [&str; 3] = ["formatted", "givenName", "familyName"];

/// Makes of a User what the steps make of it. What Muster does not keep is passed over, as in a User that is sent as a
/// whole: Entra ID sends paths for everything that its administrator maps, and would stop at the first refusal.
pub(crate) fn patch_user(user: &mut Object, steps: &[Step], region: Option<Region>) -> Result<(), ScimError> {
    steps.iter().try_for_each(|step| patch(user, step, region))
}

fn patch(user: &mut Object, step: &Step, region: Option<Region>) -> Result<(), ScimError> {
    let (path, filter, after) = match &step.path {
        PatchPath::Attr(path) => (path, None, None),
        PatchPath::Value(value) => (&value.attr, Some(&value.filter), value.sub_attr.as_deref()),
    };
    if !schema_is::<UserAttribute>(path) {
        return Ok(());
    }
    let part = path.sub_attr.as_deref().or(after);
    match path.name.to_ascii_lowercase().as_str() {
        "externalid" => patch_one(user, "externalId", filter, part, step),
        "username" => patch_one(user, "userName", filter, part, step),
        "displayname" => patch_one(user, "displayName", filter, part, step),
        "active" => patch_one(user, "active", filter, part, step),
        "timezone" => patch_one(user, "timezone", filter, part, step),
        "locale" => patch_one(user, "locale", filter, part, step),
        // Shown as the locale, and so changed as it is.
        "preferredlanguage" => {
            let language = match single(&step.value) {
                Value::String(languages) => Value::String(first_language(languages.clone())),
                other => other.clone(),
            };
            patch_one(user, "locale", filter, part, &Step { value: language, ..step.clone() })
        }
        "name" => patch_name(user, filter, part, step),
        "emails" => patch_many(user, &Kept::emails(), filter, part, step, region),
        "phonenumbers" => patch_many(user, &Kept::phones(), filter, part, step, region),
        "id" | "meta" | "schemas" => keep(user, &path.name, step),
        _ => Ok(()),
    }
}

/// Attributes that nobody may change. Clients send them along with the others, as they got them.
fn keep(user: &Object, name: &str, step: &Step) -> Result<(), ScimError> {
    let sent_along = step.in_object && !name.eq_ignore_ascii_case("id");
    if sent_along || step.op != Op::Remove && attribute(user, name) == Some(&step.value) {
        return Ok(());
    }
    Err(ScimError::mutability(format!("{} cannot be changed", name.to_ascii_lowercase())))
}

fn patch_one(
    user: &mut Object,
    name: &str,
    filter: Option<&ValFilter>,
    part: Option<&str>,
    step: &Step,
) -> Result<(), ScimError> {
    if filter.is_some() || part.is_some() {
        return Err(ScimError::invalid_path(format!("{name} has one value and no parts")));
    }
    match (step.op, single(&step.value)) {
        (Op::Remove, _) if ["userName", "displayName", "active"].contains(&name) => {
            return Err(ScimError::mutability(format!("{name} cannot be removed")));
        }
        (Op::Remove, _) | (_, Value::Null) => unassign(user, name),
        (Op::Add | Op::Replace, value) => assign(user, name, value.clone()),
    }
    Ok(())
}

/// What is not named of a name stays (RFC 7644, section 3.5.2.3).
fn patch_name(user: &mut Object, filter: Option<&ValFilter>, part: Option<&str>, step: &Step) -> Result<(), ScimError> {
    if filter.is_some() {
        return Err(ScimError::invalid_path("name has one value"));
    }
    let mut name = match user.remove("name") {
        Some(Value::Object(name)) => name,
        _ => Object::new(),
    };
    let kept = |part: &str| NAME_PARTS.into_iter().find(|own| own.eq_ignore_ascii_case(part));
    match (part, step.op, single(&step.value)) {
        (Some(part), Op::Remove, _) | (Some(part), _, Value::Null) => unassign(&mut name, part),
        (Some(part), Op::Add | Op::Replace, value) => {
            if let Some(part) = kept(part) {
                assign(&mut name, part, value.clone());
            }
        }
        (None, Op::Remove, _) | (None, _, Value::Null) => name.clear(),
        (None, Op::Add | Op::Replace, Value::Object(parts)) => {
            for part in NAME_PARTS {
                if let Some(value) = assigned(parts, part) {
                    assign(&mut name, part, value.clone());
                }
            }
        }
        (None, ..) => return Err(ScimError::invalid_value("name must be an object")),
    }
    assign(user, "name", Value::Object(name));
    Ok(())
}
