use serde_json::Value;

use crate::ScimError;
use crate::object::Object;

/// The most names in one list: more than there are.
const MAX_NAMES: usize = 100;

/// Which attributes a client wants to see (RFC 7644, section 3.9). Names that mean nothing are passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Projection {
    only: Option<Vec<Name>>,
    without: Vec<Name>,
}

/// An attribute and, perhaps, one of its parts, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    attribute: String,
    part: Option<String>,
}

/// What is shown whatever the client wants (RFC 7643, sections 3 and 3.1).
const ALWAYS: [&str; 2] = ["id", "schemas"];

impl Projection {
    /// Shows only these, a list with commas; a list of nothing is none.
    pub(crate) fn keep_only(&mut self, list: &str) -> Result<(), ScimError> {
        let names = names("attributes", list)?;
        self.only = (!names.is_empty()).then_some(names);
        Ok(())
    }

    /// Shows all but these.
    pub(crate) fn leave_out(&mut self, list: &str) -> Result<(), ScimError> {
        self.without = names("excludedAttributes", list)?;
        Ok(())
    }

    /// Whether the client chose what to see.
    pub(crate) fn is_chosen(&self) -> bool {
        self.only.is_some() || !self.without.is_empty()
    }

    /// Whether any of an attribute is shown.
    pub(crate) fn shows(&self, attribute: &str) -> bool {
        let chosen = self.only.as_ref().is_none_or(|only| only.iter().any(|name| name.is(attribute)));
        chosen && !self.without.iter().any(|name| name.part.is_none() && name.is(attribute))
    }

    /// Takes away what is not to be shown.
    pub(crate) fn apply(&self, resource: &mut Object) {
        resource.retain(|key, value| {
            if ALWAYS.contains(&key.as_str()) {
                return true;
            }
            if !self.shows(key) {
                return false;
            }
            let wanted: Option<Vec<&Name>> = self.only.as_ref().map(|only| of(only, key));
            if let Some(wanted) = wanted.filter(|wanted| wanted.iter().all(|name| name.part.is_some())) {
                retain_parts(value, |part| wanted.iter().any(|name| name.has_part(part)));
            }
            let unwanted = of(&self.without, key);
            if !unwanted.is_empty() {
                retain_parts(value, |part| !unwanted.iter().any(|name| name.has_part(part)));
            }
            !is_empty(value)
        });
    }
}

impl Name {
    fn is(&self, attribute: &str) -> bool {
        self.attribute.eq_ignore_ascii_case(attribute)
    }

    fn has_part(&self, part: &str) -> bool {
        self.part.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(part))
    }
}

fn names(parameter: &str, list: &str) -> Result<Vec<Name>, ScimError> {
    let name = |name: &str| {
        // The name of a schema stands before that of an attribute, and ends with the last colon.
        let name = name.rsplit(':').next().unwrap_or_default().trim().to_ascii_lowercase();
        let (attribute, part) = name.split_once('.').map_or((name.as_str(), None), |(name, part)| (name, Some(part)));
        (!attribute.is_empty()).then(|| Name { attribute: attribute.to_owned(), part: part.map(str::to_owned) })
    };
    let names: Vec<Name> = list.split(',').filter_map(name).take(MAX_NAMES + 1).collect();
    if names.len() > MAX_NAMES {
        return Err(ScimError::invalid_value(format!("{parameter} must not name more than {MAX_NAMES}")));
    }
    Ok(names)
}

fn of<'a>(names: &'a [Name], attribute: &str) -> Vec<&'a Name> {
    names.iter().filter(|name| name.is(attribute)).collect()
}

fn retain_parts(value: &mut Value, keep: impl Fn(&str) -> bool) {
    match value {
        Value::Object(parts) => parts.retain(|part, _| keep(part)),
        Value::Array(entries) => {
            for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
                entry.retain(|part, _| keep(part));
            }
            entries.retain(|entry| !is_empty(entry));
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(parts) => parts.is_empty(),
        Value::Array(entries) => entries.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn shown(only: &str, without: &str) -> Value {
        let Value::Object(mut resource) = json!({
            "schemas": ["s"], "id": "1", "userName": "ada", "name": {"givenName": "Ada", "familyName": "L"},
            "emails": [{"value": "a@example.com", "type": "work"}],
        }) else {
            unreachable!()
        };
        let mut projection = Projection::default();
        projection.keep_only(only).unwrap();
        projection.leave_out(without).unwrap();
        projection.apply(&mut resource);
        Value::Object(resource)
    }

    #[rstest]
    #[case("userName", "", json!({"schemas": ["s"], "id": "1", "userName": "ada"}))]
    #[case("USERNAME, nonsense", "", json!({"schemas": ["s"], "id": "1", "userName": "ada"}))]
    #[case("urn:ietf:params:scim:schemas:core:2.0:User:name.givenName", "",
        json!({"schemas": ["s"], "id": "1", "name": {"givenName": "Ada"}}))]
    #[case("name.givenName,name", "", json!({"schemas": ["s"], "id": "1", "name": {"givenName": "Ada", "familyName": "L"}}))]
    #[case("emails.type", "", json!({"schemas": ["s"], "id": "1", "emails": [{"type": "work"}]}))]
    #[case("emails.display", "", json!({"schemas": ["s"], "id": "1"}))]
    #[case("nonsense", "", json!({"schemas": ["s"], "id": "1"}))]
    #[case("", "id,schemas,userName,name.familyName,emails",
        json!({"schemas": ["s"], "id": "1", "name": {"givenName": "Ada"}}))]
    #[case("userName,name", "name", json!({"schemas": ["s"], "id": "1", "userName": "ada"}))]
    fn client_sees_what_it_wants(#[case] only: &str, #[case] without: &str, #[case] expected: Value) {
        assert_eq!(shown(only, without), expected);
    }

    #[test]
    fn nothing_chosen_shows_everything() {
        let everything = shown(" , ", "");
        assert_eq!(everything.as_object().map(Object::len), Some(5));
        assert!(Projection::default().shows("members"));
    }
}
