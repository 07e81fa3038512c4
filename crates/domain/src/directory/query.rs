use std::fmt;

use time::OffsetDateTime;

use crate::{TeamId, Text, UserId};

/// A condition on what the directory delivered. Stores evaluate it, never the memory of a server. Every comparison is
/// either true or false: an attribute that is absent compares as false, so that `Not` is the exact opposite.
#[derive(Clone, PartialEq)]
pub enum Condition<A> {
    /// All of them hold; true when there are none.
    All(Vec<Self>),
    /// At least one of them holds; false when there are none.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// The attribute has a value.
    Present(A),
    /// The attribute has a value, and it compares so.
    Compare(A, Comparison, Operand),
}

impl<A> fmt::Debug for Condition<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Condition(redacted)")
    }
}

/// How an attribute compares to an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// It is the same.
    Equal,
    /// It contains it. Text only.
    Contains,
    /// It begins with it. Text only.
    StartsWith,
    /// It ends with it. Text only.
    EndsWith,
    /// It comes after it. Texts by their bytes.
    Greater,
    /// It is the same or comes after it.
    GreaterOrEqual,
    /// It comes before it.
    Less,
    /// It is the same or comes before it.
    LessOrEqual,
}

/// What an attribute is compared to. Its kind is the attribute's, see [`Kind`].
#[derive(Clone, PartialEq)]
pub enum Operand {
    /// Text; stores [`fold`](crate::user::fold) it for attributes that compare without case.
    Text(String),
    /// True or false.
    Truth(bool),
    /// A time.
    Time(OffsetDateTime),
}

impl fmt::Debug for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Operand(redacted)")
    }
}

/// What kind of value an attribute has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text that compares byte by byte.
    Text,
    /// Text that compares without case, see [`fold`](crate::user::fold).
    FoldedText,
    /// An id, which compares as its lower-case hyphenated text, for equality and by order. What is no id is the same as
    /// none and comes neither before nor after one.
    Id,
    /// True or false, which compares for equality and by order: false comes before true.
    Truth,
    /// A time.
    Time,
}

/// What is asked of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of `User` of that name")]
pub enum UserAttribute {
    Id,
    ExternalId,
    UserName,
    DisplayName,
    GivenName,
    FamilyName,
    Email,
    Phone,
    TimeZone,
    Locale,
    Active,
    CreatedAt,
    UpdatedAt,
}

impl UserAttribute {
    /// What kind of value it has.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Id => Kind::Id,
            Self::UserName | Self::Email => Kind::FoldedText,
            Self::ExternalId
            | Self::DisplayName
            | Self::GivenName
            | Self::FamilyName
            | Self::Phone
            | Self::TimeZone
            | Self::Locale => Kind::Text,
            Self::Active => Kind::Truth,
            Self::CreatedAt | Self::UpdatedAt => Kind::Time,
        }
    }
}

/// What is asked of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of `Group` of that name")]
pub enum GroupAttribute {
    Id,
    ExternalId,
    Name,
    /// A member's id: the condition holds when it holds for one of them. Nothing sorts by it.
    Member,
    CreatedAt,
    UpdatedAt,
}

impl GroupAttribute {
    /// What kind of value it has.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Id | Self::Member => Kind::Id,
            Self::Name => Kind::FoldedText,
            Self::ExternalId => Kind::Text,
            Self::CreatedAt | Self::UpdatedAt => Kind::Time,
        }
    }
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Smallest first; who has no value comes last (RFC 7644, section 3.4.2.3).
    Ascending,
    /// The exact reverse.
    Descending,
}

impl Order {
    /// The other one.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// Which people or groups are asked for. The directory's protocol pages by offset, so this does too; it can also begin
/// [after](Self::after) or [before](Self::before) a position.
#[derive(Debug, Clone, PartialEq)]
pub struct DirectoryQuery<A> {
    /// Only those for which it holds.
    pub filter: Option<Condition<A>>,
    /// Sorted by this and then by id; by id alone when nothing is said.
    pub sort: Option<(A, Order)>,
    /// How many of them are left out at the beginning.
    pub skip: u32,
    /// How many at the most; with 0 only the total is of interest.
    pub count: u16,
    /// Whether the total is asked for. To count costs as much as there are.
    pub counted: bool,
}

/// Some of those that were asked for, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// How many there are, whatever was skipped or left over; 0 when the query did not ask.
    pub total: u64,
    /// Those of this page.
    pub items: Vec<T>,
}

/// A team as a group of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Which.
    pub id: TeamId,
    /// The directory's own id of it, unique when present.
    pub external_id: Option<String>,
    /// Its name, unique without regard to case.
    pub name: String,
    /// Counts its changes, from 1.
    pub version: i64,
    /// When it was first seen.
    pub created_at: OffsetDateTime,
    /// When it or its membership last changed.
    pub updated_at: OffsetDateTime,
    /// Who is in it, by id; empty when nobody asked for them.
    pub members: Vec<UserId>,
}

/// A group as the directory describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRecord {
    /// The directory's own id of it.
    pub external_id: Option<Text<255>>,
    /// Its name.
    pub name: Text<200>,
    /// Who is in it. Naming somebody twice is naming them once.
    pub members: Vec<UserId>,
}
