use muster_domain::directory::{Attribute, GroupAttribute, UserAttribute};
use scim_v2::filter::AttrPath;

use crate::schema;
use crate::user::{EMAIL_TYPE, PHONE_TYPE};

/// What kind of resource can be asked for.
pub(crate) trait Queryable: Attribute {
    /// The schema whose name may stand before an attribute's.
    const SCHEMA: &'static str;

    /// What the attribute of that name is, both in lower case.
    fn field(name: &str, part: Option<&str>) -> Option<Field<Self>>;

    /// The attribute of that name when it is a set of ids.
    fn member(_name: &str) -> Option<Self> {
        None
    }

    /// Whether there is one value at the most.
    fn sorts(self) -> bool {
        true
    }
}

/// An attribute that can be asked for.
pub(crate) enum Field<A> {
    /// The store knows it.
    Stored(A),
    /// It is the same wherever it is.
    Fixed {
        /// What it is.
        value: Fixed,
        /// It is where that one is; everywhere when nothing is said.
        of: Option<A>,
    },
}

/// A value that is always the same.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fixed {
    /// Text that compares without case.
    Text(&'static str),
    /// True or false.
    Truth(bool),
}

/// Whether the schema that stands before an attribute's name, if one does, is that of the resources.
pub(crate) fn schema_is<A: Queryable>(path: &AttrPath) -> bool {
    path.uri.as_ref().is_none_or(|uri| uri.eq_ignore_ascii_case(A::SCHEMA))
}

impl Queryable for UserAttribute {
    const SCHEMA: &'static str = schema::USER;

    fn field(name: &str, part: Option<&str>) -> Option<Field<Self>> {
        let fixed = |value, of| Field::Fixed { value, of: Some(of) };
        Some(match (name, part) {
            ("id", None) => Field::Stored(Self::Id),
            ("externalid", None) => Field::Stored(Self::ExternalId),
            ("username", None) => Field::Stored(Self::UserName),
            ("displayname", None) => Field::Stored(Self::DisplayName),
            ("name", Some("givenname")) => Field::Stored(Self::GivenName),
            ("name", Some("familyname")) => Field::Stored(Self::FamilyName),
            ("emails", None | Some("value")) => Field::Stored(Self::Email),
            ("emails", Some("type")) => fixed(Fixed::Text(EMAIL_TYPE), Self::Email),
            ("emails", Some("primary")) => fixed(Fixed::Truth(true), Self::Email),
            ("phonenumbers", None | Some("value")) => Field::Stored(Self::Phone),
            ("phonenumbers", Some("type")) => fixed(Fixed::Text(PHONE_TYPE), Self::Phone),
            ("phonenumbers", Some("primary")) => fixed(Fixed::Truth(true), Self::Phone),
            ("timezone", None) => Field::Stored(Self::TimeZone),
            ("locale", None) => Field::Stored(Self::Locale),
            ("active", None) => Field::Stored(Self::Active),
            ("meta", Some("created")) => Field::Stored(Self::CreatedAt),
            ("meta", Some("lastmodified")) => Field::Stored(Self::UpdatedAt),
            ("meta", Some("resourcetype")) => Field::Fixed { value: Fixed::Text("User"), of: None },
            ("schemas", None) => Field::Fixed { value: Fixed::Text(schema::USER), of: None },
            _ => return None,
        })
    }
}

impl Queryable for GroupAttribute {
    const SCHEMA: &'static str = schema::GROUP;

    fn field(name: &str, part: Option<&str>) -> Option<Field<Self>> {
        Some(match (name, part) {
            ("id", None) => Field::Stored(Self::Id),
            ("externalid", None) => Field::Stored(Self::ExternalId),
            ("displayname", None) => Field::Stored(Self::Name),
            ("members", None | Some("value")) => Field::Stored(Self::Member),
            ("members", Some("type")) => Field::Fixed { value: Fixed::Text("User"), of: Some(Self::Member) },
            ("meta", Some("created")) => Field::Stored(Self::CreatedAt),
            ("meta", Some("lastmodified")) => Field::Stored(Self::UpdatedAt),
            ("meta", Some("resourcetype")) => Field::Fixed { value: Fixed::Text("Group"), of: None },
            ("schemas", None) => Field::Fixed { value: Fixed::Text(schema::GROUP), of: None },
            _ => return None,
        })
    }

    fn member(name: &str) -> Option<Self> {
        name.eq_ignore_ascii_case("members").then_some(Self::Member)
    }

    fn sorts(self) -> bool {
        self != Self::Member
    }
}
