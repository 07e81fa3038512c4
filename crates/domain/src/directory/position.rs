//! Pages that begin beside a resource, wherever it stands by now, and not after so many of them.

use std::fmt;

use crate::directory::{
    Comparison, Condition, DirectoryQuery, Group, GroupAttribute, Kind, Operand, Order, UserAttribute,
};
use crate::user::{EmailAddress, Phone, User, fold};

/// What people, or groups, are asked for and sorted by.
pub trait Attribute: Copy + PartialEq {
    /// Whose attribute it is.
    type Resource;

    /// The attribute that tells any two apart.
    const ID: Self;

    /// What kind of value it has.
    fn kind(self) -> Kind;

    /// The value by which a resource is sorted; `None` when it has none, and for a group's members.
    fn of(self, resource: &Self::Resource) -> Option<Operand>;
}

impl Attribute for UserAttribute {
    type Resource = User;

    const ID: Self = Self::Id;

    fn kind(self) -> Kind {
        self.kind()
    }

    fn of(self, user: &User) -> Option<Operand> {
        let text = |text: &String| Operand::Text(text.clone());
        match self {
            Self::Id => Some(Operand::Text(user.id.to_string())),
            Self::ExternalId => user.external_id.as_ref().map(text),
            Self::UserName => Some(Operand::Text(fold(&user.user_name))),
            Self::DisplayName => Some(text(&user.display_name)),
            Self::GivenName => user.given_name.as_ref().map(text),
            Self::FamilyName => user.family_name.as_ref().map(text),
            Self::Email => user.email.as_ref().map(EmailAddress::normalized).map(Operand::Text),
            Self::Phone => user.phone.as_ref().map(Phone::as_str).map(|phone| Operand::Text(phone.to_owned())),
            Self::TimeZone => user.time_zone.as_ref().map(text),
            Self::Locale => user.locale.as_ref().map(text),
            Self::Active => Some(Operand::Truth(user.active)),
            Self::CreatedAt => Some(Operand::Time(user.created_at)),
            Self::UpdatedAt => Some(Operand::Time(user.updated_at)),
        }
    }
}

impl Attribute for GroupAttribute {
    type Resource = Group;

    const ID: Self = Self::Id;

    fn kind(self) -> Kind {
        self.kind()
    }

    fn of(self, group: &Group) -> Option<Operand> {
        match self {
            Self::Id => Some(Operand::Text(group.id.to_string())),
            Self::ExternalId => group.external_id.clone().map(Operand::Text),
            Self::Name => Some(Operand::Text(fold(&group.name))),
            Self::Member => None,
            Self::CreatedAt => Some(Operand::Time(group.created_at)),
            Self::UpdatedAt => Some(Operand::Time(group.updated_at)),
        }
    }
}

/// Where a resource stood in an order.
#[derive(Clone, PartialEq)]
pub struct Position {
    /// What it was sorted by; `None` when it had no value, or was sorted by its id.
    pub value: Option<Operand>,
    /// Its id.
    pub id: Operand,
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Position(redacted)")
    }
}

impl Position {
    /// Where a resource stands in an order; `None` when it has no id.
    pub fn of<A: Attribute>(resource: &A::Resource, sort: Option<(A, Order)>) -> Option<Self> {
        let by = sort.map(|(attribute, _)| attribute).filter(|attribute| *attribute != A::ID);
        Some(Self { value: by.and_then(|attribute| attribute.of(resource)), id: A::ID.of(resource)? })
    }
}

impl<A: Attribute> DirectoryQuery<A> {
    /// Asks for those that come after a position, in the same order, without a total.
    #[must_use]
    pub fn after(self, position: &Position) -> Self {
        let (attribute, order) = self.sort.unwrap_or((A::ID, Order::Ascending));
        self.beyond(attribute, order, position)
    }

    /// Asks for those that come before a position, the nearest first, without a total.
    #[must_use]
    pub fn before(self, position: &Position) -> Self {
        let (attribute, order) = self.sort.unwrap_or((A::ID, Order::Ascending));
        self.beyond(attribute, order.reversed(), position)
    }

    fn beyond(self, attribute: A, order: Order, position: &Position) -> Self {
        let from = beyond(attribute, order, position);
        let filter = match self.filter {
            None => from,
            Some(filter) => Condition::All(vec![from, filter]),
        };
        Self { filter: Some(filter), sort: Some((attribute, order)), skip: 0, counted: false, ..self }
    }
}

fn beyond<A: Attribute>(attribute: A, order: Order, position: &Position) -> Condition<A> {
    let (beyond, not_before) = match order {
        Order::Ascending => (Comparison::Greater, Comparison::GreaterOrEqual),
        Order::Descending => (Comparison::Less, Comparison::LessOrEqual),
    };
    let by_id = Condition::Compare(A::ID, beyond, position.id.clone());
    if attribute == A::ID {
        return by_id;
    }
    let present = Condition::Present(attribute);
    match (&position.value, order) {
        (Some(value), _) => {
            let compare = |comparison| Condition::Compare(attribute, comparison, value.clone());
            // The first of the two says nothing that the second does not: an index can begin there.
            let valued = Condition::All(vec![compare(not_before), Condition::Any(vec![compare(beyond), by_id])]);
            match order {
                Order::Ascending => Condition::Any(vec![valued, Condition::Not(Box::new(present))]),
                Order::Descending => valued,
            }
        }
        (None, Order::Ascending) => Condition::All(vec![Condition::Not(Box::new(present)), by_id]),
        (None, Order::Descending) => Condition::Any(vec![present, by_id]),
    }
}
