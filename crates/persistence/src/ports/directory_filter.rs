//! What the directory's client asks, in terms of columns and of what is in them.

use muster_domain::directory::{Comparison, Condition, GroupAttribute, Kind, Operand, UserAttribute};
use muster_domain::user::fold;
use muster_domain::{UserId, to_micros};
use time::OffsetDateTime;

use crate::types::{DbId, Ts};

/// A condition on the person in the row of `users` or the group in the row of `teams`. Its SQL is in
/// [`super::directory_sql`].
#[derive(Clone)]
pub(super) enum Filter {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Always(bool),
    Present(&'static str),
    Compare(Column, Comparison, Value),
    /// Somebody is in the group: this person, or whoever.
    Member(Option<Value>),
}

/// What is in a column as it compares.
#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    Truth(bool),
    Time(Ts),
    Id(DbId),
}

/// Where the value of an attribute is.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) may_be_empty: bool,
    pub(super) kind: Kind,
}

/// What can be asked of people, or of groups.
pub(super) trait Attribute: Copy {
    /// `None` for a group's members.
    fn column(self) -> Option<Column>;
}

impl Attribute for UserAttribute {
    fn column(self) -> Option<Column> {
        let (name, may_be_empty) = match self {
            Self::Id => ("users.id", false),
            Self::ExternalId => ("users.external_id", true),
            Self::UserName => ("users.user_name_key", false),
            Self::DisplayName => ("users.display_name", false),
            Self::GivenName => ("users.given_name", true),
            Self::FamilyName => ("users.family_name", true),
            Self::Email => ("users.email_key", true),
            Self::Phone => ("users.phone", true),
            Self::TimeZone => ("users.time_zone", true),
            Self::Locale => ("users.locale", true),
            Self::Active => ("users.active", false),
            Self::CreatedAt => ("users.created_at", false),
            Self::UpdatedAt => ("users.updated_at", false),
        };
        Some(Column { name, may_be_empty, kind: self.kind() })
    }
}

impl Attribute for GroupAttribute {
    fn column(self) -> Option<Column> {
        let (name, may_be_empty) = match self {
            Self::Id => ("teams.id", false),
            Self::ExternalId => ("teams.external_id", true),
            Self::Name => ("teams.name_key", false),
            Self::Member => return None,
            Self::CreatedAt => ("teams.created_at", false),
            Self::UpdatedAt => ("teams.updated_at", false),
        };
        Some(Column { name, may_be_empty, kind: self.kind() })
    }
}

impl Filter {
    /// True of everything when there is no condition.
    pub(super) fn of<A: Attribute>(condition: Option<&Condition<A>>) -> Self {
        condition.map_or(Self::Always(true), Self::from_condition)
    }

    fn from_condition<A: Attribute>(condition: &Condition<A>) -> Self {
        let each = |conditions: &[Condition<A>]| conditions.iter().map(Self::from_condition).collect();
        match condition {
            Condition::All(conditions) => Self::All(each(conditions)),
            Condition::Any(conditions) => Self::Any(each(conditions)),
            Condition::Not(condition) => Self::Not(Box::new(Self::from_condition(condition))),
            Condition::Present(attribute) => match attribute.column() {
                None => Self::Member(None),
                Some(column) if column.may_be_empty => Self::Present(column.name),
                Some(_) => Self::Always(true),
            },
            Condition::Compare(attribute, comparison, operand) => match (attribute.column(), operand) {
                (Some(column), operand) => Self::compare(column, *comparison, operand),
                (None, Operand::Text(text)) if *comparison == Comparison::Equal => {
                    id(text).map_or(Self::Always(false), |id| Self::Member(Some(Value::Id(id))))
                }
                (None, _) => Self::Always(false),
            },
        }
    }

    /// False where the operand is of another kind, or where such values do not compare so.
    fn compare(column: Column, comparison: Comparison, operand: &Operand) -> Self {
        let is_of_texts = matches!(comparison, Comparison::Contains | Comparison::StartsWith | Comparison::EndsWith);
        let compared = match (column.kind, operand) {
            (Kind::Text, Operand::Text(text)) => of_text(comparison, text),
            (Kind::FoldedText, Operand::Text(text)) => of_text(comparison, &fold(text)),
            (Kind::Id, Operand::Text(text)) if !is_of_texts => id(text).map(|id| (comparison, Value::Id(id))),
            (Kind::Truth, Operand::Truth(truth)) if !is_of_texts => Some((comparison, Value::Truth(*truth))),
            (Kind::Time, Operand::Time(time)) if !is_of_texts => of_time(comparison, *time),
            _ => None,
        };
        compared.map_or(Self::Always(false), |(comparison, value)| Self::Compare(column, comparison, value))
    }
}

/// PostgreSQL takes no text with a NUL in it, and no text that is stored has one: so it lies just behind the text before
/// the NUL, with nothing stored between them.
fn of_text(comparison: Comparison, text: &str) -> Option<(Comparison, Value)> {
    let (text, comparison) = match text.split_once('\0') {
        Some((before, _)) => (before, just_behind(comparison)?),
        // Of a text's last characters SQLite cannot take none.
        None if text.is_empty() && comparison == Comparison::EndsWith => (text, Comparison::StartsWith),
        None => (text, comparison),
    };
    Some((comparison, Value::Text(text.to_owned())))
}

/// A time between two microseconds lies just behind the earlier one, with nothing stored between them.
fn of_time(comparison: Comparison, time: OffsetDateTime) -> Option<(Comparison, Value)> {
    let comparison = if to_micros(time) == time { comparison } else { just_behind(comparison)? };
    Some((comparison, Value::Time(time.into())))
}

/// How a value compares to one that nothing stored is before, if it compares so to what lies just behind that one.
fn just_behind(comparison: Comparison) -> Option<Comparison> {
    match comparison {
        Comparison::Greater | Comparison::GreaterOrEqual => Some(Comparison::Greater),
        Comparison::Less | Comparison::LessOrEqual => Some(Comparison::LessOrEqual),
        Comparison::Equal | Comparison::Contains | Comparison::StartsWith | Comparison::EndsWith => None,
    }
}

/// The id of which this is the text.
fn id(text: &str) -> Option<DbId> {
    let id: UserId = text.parse().ok()?;
    (id.to_string() == text).then(|| id.into())
}
