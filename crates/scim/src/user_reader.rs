use muster_domain::FieldError;
use muster_domain::directory::RawRecord;
use serde_json::Value;

use crate::object::{Object, attribute, truth};
use crate::user::MAX_ENTRIES;

/// Reads a SCIM 2.0 User resource (RFC 7643, section 4.1) out of its JSON. Attributes that Muster has no use for are not
/// looked at. Names do not depend on case, null counts as left out, and true and false may be strings, as Entra ID writes
/// them.
///
/// # Errors
/// Each attribute whose value is of the wrong type.
pub fn read_user(json: &str) -> Result<RawRecord, Vec<FieldError>> {
    let value: Value = serde_json::from_str(json)
        .map_err(|error| vec![FieldError::new("record", format!("cannot be read: {}", without_place(&error)))])?;
    let Value::Object(user) = value else {
        return Err(vec![FieldError::new("record", "must be an object")]);
    };
    read_user_object(&user)
}

/// By what a User that is refused can be told from others: its user name, else its external id, as far as it can be
/// shown on one line.
#[must_use]
pub fn name_of(json: &str) -> Option<String> {
    let Ok(Value::Object(user)) = serde_json::from_str(json) else { return None };
    let text = |name| match attribute(&user, name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Some(text.trim().chars().take(60).collect::<String>()),
        _ => None,
    };
    let name = text("userName").or_else(|| text("externalId"))?;
    Some(name.escape_debug().to_string())
}

/// As [`read_user`], of what is parsed already.
pub(crate) fn read_user_object(user: &Object) -> Result<RawRecord, Vec<FieldError>> {
    let mut reader = Reader::default();
    let name = reader.object(user, "name");
    let name = |reader: &mut Reader, part: &str| name.and_then(|name| reader.text(name, part, &format!("name.{part}")));
    let formatted = name(&mut reader, "formatted");
    let language = reader.text(user, "preferredLanguage", "preferredLanguage");
    let record = RawRecord {
        external_id: reader.text(user, "externalId", "externalId"),
        user_name: reader.text(user, "userName", "userName"),
        display_name: reader.text(user, "displayName", "displayName").or(formatted),
        given_name: name(&mut reader, "givenName"),
        family_name: name(&mut reader, "familyName"),
        email: reader.preferred(user, "emails", &[is_primary, |entry| is_of_type(entry, "work")]),
        phone: reader.preferred(
            user,
            "phoneNumbers",
            &[|entry| is_of_type(entry, "mobile"), is_primary, takes_messages],
        ),
        time_zone: reader.text(user, "timezone", "timezone"),
        locale: reader.text(user, "locale", "locale").or(language.map(first_language)),
        active: reader.boolean(user, "active"),
    };
    if record.user_name.is_none() && ["profile", "userPrincipalName"].iter().any(|own| attribute(user, own).is_some()) {
        let detail = "is required: this is the identity provider's own form of a user, not SCIM's";
        reader.errors.push(FieldError::new("userName", detail));
    }
    if reader.errors.is_empty() { Ok(record) } else { Err(reader.errors) }
}

#[derive(Default)]
struct Reader {
    errors: Vec<FieldError>,
}

impl Reader {
    fn wrong<T>(&mut self, field: &str, detail: &str) -> Option<T> {
        self.errors.push(FieldError::new(field, detail));
        None
    }

    fn text(&mut self, object: &Object, name: &str, field: &str) -> Option<String> {
        match attribute(object, name)? {
            // Exports write what is missing as an empty string, too.
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => Some(text.clone()),
            _ => self.wrong(field, "must be a string"),
        }
    }

    fn object<'a>(&mut self, object: &'a Object, name: &str) -> Option<&'a Object> {
        match attribute(object, name)? {
            Value::Object(inner) => Some(inner),
            _ => self.wrong(name, "must be an object"),
        }
    }

    fn boolean(&mut self, object: &Object, name: &str) -> Option<bool> {
        let value = attribute(object, name)?;
        truth(value).or_else(|| self.wrong(name, "must be true or false"))
    }

    /// The value of the first entry that has one and fits the first of `preferences` that any entry fits; else of the
    /// first entry that has one.
    fn preferred(&mut self, user: &Object, name: &str, preferences: &[fn(&Object) -> bool]) -> Option<String> {
        let Value::Array(list) = attribute(user, name)? else {
            return self.wrong(name, "must be a list");
        };
        if list.len() > MAX_ENTRIES {
            return self.wrong(name, &format!("must not have more than {MAX_ENTRIES} entries"));
        }
        let mut entries = Vec::with_capacity(list.len());
        for (index, entry) in list.iter().enumerate() {
            let Value::Object(entry) = entry else {
                return self.wrong(&format!("{name}[{index}]"), "must be an object");
            };
            if let Some(value) = self.text(entry, "value", &format!("{name}[{index}].value")) {
                entries.push((entry, value));
            }
        }
        let chosen = preferences.iter().find_map(|fits| entries.iter().position(|(entry, _)| fits(entry)));
        (!entries.is_empty()).then(|| entries.swap_remove(chosen.unwrap_or(0)).1)
    }
}

fn is_primary(entry: &Object) -> bool {
    attribute(entry, "primary").and_then(truth) == Some(true)
}

fn is_of_type(entry: &Object, wanted: &str) -> bool {
    matches!(attribute(entry, "type"), Some(Value::String(kind)) if kind.eq_ignore_ascii_case(wanted))
}

fn takes_messages(entry: &Object) -> bool {
    !is_of_type(entry, "fax") && !is_of_type(entry, "pager")
}

/// The first of a `preferredLanguage`, which has the form of `Accept-Language` (RFC 7643, section 4.1.1).
pub(crate) fn first_language(languages: String) -> String {
    languages.split([',', ';']).next().map(|tag| tag.trim().to_owned()).unwrap_or(languages)
}

/// The message of the library without its line and column, which count from the record and not from the file.
fn without_place(error: &serde_json::Error) -> String {
    error.to_string().split(" at line ").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn user(json: &str) -> RawRecord {
        read_user(json).unwrap()
    }

    #[test]
    fn attribute_names_do_not_depend_on_case() {
        let read = user(
            r#"{"USERNAME":"ada","Name":{"GIVENNAME":"Ada"},"Emails":[{"Value":"ada@example.com"}],"Active":"TRUE"}"#,
        );
        assert_eq!(read.user_name.as_deref(), Some("ada"));
        assert_eq!(read.given_name.as_deref(), Some("Ada"));
        assert_eq!(read.email.as_deref(), Some("ada@example.com"));
        assert_eq!(read.active, Some(true));
    }

    #[rstest]
    #[case::primary(r#"[{"value":"a@x.io","type":"work"},{"value":"b@x.io","primary":true}]"#, "b@x.io")]
    #[case::primary_as_a_string(r#"[{"value":"a@x.io"},{"value":"b@x.io","primary":"True"}]"#, "b@x.io")]
    #[case::work(r#"[{"value":"a@x.io","type":"home"},{"value":"b@x.io","type":"Work"}]"#, "b@x.io")]
    #[case::first(r#"[{"value":"a@x.io"},{"value":"b@x.io"}]"#, "a@x.io")]
    #[case::first_that_has_one(r#"[{"value":"","primary":true},{"type":"work"},{"value":"b@x.io"}]"#, "b@x.io")]
    fn email_is_the_primary_one_else_that_of_work_else_the_first(#[case] emails: &str, #[case] chosen: &str) {
        assert_eq!(user(&format!(r#"{{"emails":{emails}}}"#)).email.as_deref(), Some(chosen));
    }

    #[rstest]
    #[case::mobile(r#"[{"value":"1","primary":true},{"value":"2","type":"mobile"}]"#, "2")]
    #[case::primary(r#"[{"value":"1","type":"work"},{"value":"2","primary":true}]"#, "2")]
    #[case::first(r#"[{"value":"1","type":"work"},{"value":"2","type":"home"}]"#, "1")]
    #[case::no_fax(r#"[{"value":"1","type":"fax"},{"value":"2","type":"work"}]"#, "2")]
    fn phone_is_the_mobile_one_else_the_primary_one_else_the_first(#[case] phones: &str, #[case] chosen: &str) {
        assert_eq!(user(&format!(r#"{{"phoneNumbers":{phones}}}"#)).phone.as_deref(), Some(chosen));
    }

    #[test]
    fn null_and_empty_count_as_left_out() {
        let read =
            user(r#"{"userName":"a","displayName":" ","name":null,"emails":[],"phoneNumbers":null,"active":null}"#);
        assert_eq!((read.display_name, read.email, read.phone, read.active), (None, None, None, None));
    }

    #[test]
    fn formatted_name_and_preferred_language_stand_in() {
        let read = user(r#"{"name":{"formatted":"Ada L."},"preferredLanguage":"en-GB, de;q=0.8"}"#);
        assert_eq!(read.display_name.as_deref(), Some("Ada L."));
        assert_eq!(read.locale.as_deref(), Some("en-GB"));
    }

    #[test]
    fn id_of_the_provider_is_no_external_id() {
        assert_eq!(user(r#"{"id":"00u1","userName":"a"}"#).external_id, None);
    }
}
