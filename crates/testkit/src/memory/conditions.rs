use std::cmp::Ordering;

use muster_domain::UserId;
use muster_domain::directory::{
    Attribute as _, Comparison, Condition, DirectoryQuery, Found, Group, GroupAttribute, Kind, Operand, Order,
    UserAttribute,
};
use muster_domain::user::{User, fold};
use time::OffsetDateTime;

/// A value as it compares: text of a kind without case is folded, an id is its text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    Text(String),
    Truth(bool),
    Time(OffsetDateTime),
}

/// What conditions are asked of.
pub(super) trait Queried {
    type Attribute: Copy;

    fn kind(attribute: Self::Attribute) -> Kind;

    /// Its values: none when it is absent, several only for a group's members.
    fn values(&self, attribute: Self::Attribute) -> Vec<Value>;

    /// Its id, which decides where nothing else does.
    fn key(&self) -> Value;
}

/// Answers a query over all that there are.
pub(super) fn select<T: Queried>(all: impl Iterator<Item = T>, query: &DirectoryQuery<T::Attribute>) -> Found<T> {
    let mut found: Vec<T> = all.filter(|item| query.filter.as_ref().is_none_or(|filter| holds(filter, item))).collect();
    found.sort_by(|a, b| in_order(a, b, query.sort));
    let total = if query.counted { found.len() as u64 } else { 0 };
    Found { total, items: found.into_iter().skip(query.skip as usize).take(query.count.into()).collect() }
}

fn holds<T: Queried>(condition: &Condition<T::Attribute>, item: &T) -> bool {
    match condition {
        Condition::All(conditions) => conditions.iter().all(|condition| holds(condition, item)),
        Condition::Any(conditions) => conditions.iter().any(|condition| holds(condition, item)),
        Condition::Not(condition) => !holds(condition, item),
        Condition::Present(attribute) => !item.values(*attribute).is_empty(),
        Condition::Compare(attribute, comparison, operand) => {
            let Some(operand) = value(T::kind(*attribute), operand) else { return false };
            item.values(*attribute).iter().any(|value| compares(value, *comparison, &operand))
        }
    }
}

/// What a value is compared to; `None` of what is no id where an id is asked for.
fn value(kind: Kind, operand: &Operand) -> Option<Value> {
    match operand {
        Operand::Text(text) if kind == Kind::FoldedText => Some(Value::Text(fold(text))),
        Operand::Text(text) if kind == Kind::Id && text.parse::<UserId>().ok()?.to_string() != *text => None,
        operand => Some(own(operand.clone())),
    }
}

fn own(operand: Operand) -> Value {
    match operand {
        Operand::Text(text) => Value::Text(text),
        Operand::Truth(truth) => Value::Truth(truth),
        Operand::Time(time) => Value::Time(time),
    }
}

fn compares(value: &Value, comparison: Comparison, operand: &Value) -> bool {
    let texts = match (value, operand) {
        (Value::Text(value), Value::Text(operand)) => Some((value, operand)),
        _ => None,
    };
    match comparison {
        Comparison::Equal => value == operand,
        Comparison::Contains => texts.is_some_and(|(value, operand)| value.contains(operand.as_str())),
        Comparison::StartsWith => texts.is_some_and(|(value, operand)| value.starts_with(operand.as_str())),
        Comparison::EndsWith => texts.is_some_and(|(value, operand)| value.ends_with(operand.as_str())),
        Comparison::Greater => value > operand,
        Comparison::GreaterOrEqual => value >= operand,
        Comparison::Less => value < operand,
        Comparison::LessOrEqual => value <= operand,
    }
}

fn in_order<T: Queried>(a: &T, b: &T, sort: Option<(T::Attribute, Order)>) -> Ordering {
    let by_id = a.key().cmp(&b.key());
    let Some((attribute, order)) = sort else {
        return by_id;
    };
    let (of_a, of_b) = (a.values(attribute), b.values(attribute));
    // Who has no value comes last.
    let ascending = of_a.is_empty().cmp(&of_b.is_empty()).then_with(|| of_a.cmp(&of_b)).then(by_id);
    if order == Order::Ascending { ascending } else { ascending.reverse() }
}

impl Queried for User {
    type Attribute = UserAttribute;

    fn kind(attribute: UserAttribute) -> Kind {
        attribute.kind()
    }

    fn values(&self, attribute: UserAttribute) -> Vec<Value> {
        attribute.of(self).into_iter().map(own).collect()
    }

    fn key(&self) -> Value {
        Value::Text(self.id.to_string())
    }
}

impl Queried for Group {
    type Attribute = GroupAttribute;

    fn kind(attribute: GroupAttribute) -> Kind {
        attribute.kind()
    }

    fn values(&self, attribute: GroupAttribute) -> Vec<Value> {
        match attribute {
            GroupAttribute::Member => self.members.iter().map(|id| Value::Text(id.to_string())).collect(),
            _ => attribute.of(self).into_iter().map(own).collect(),
        }
    }

    fn key(&self) -> Value {
        Value::Text(self.id.to_string())
    }
}
