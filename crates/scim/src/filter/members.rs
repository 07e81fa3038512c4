use std::collections::BTreeSet;

use muster_domain::UserId;
use muster_domain::directory::{Comparison, Condition, Operand};
use scim_v2::filter::{AttrExp, CompValue, CompareOp, ValFilter};

use super::fields::{Fixed, Queryable};
use super::{compare, count, unknown};
use crate::ScimError;

/// Which of a group's members a filter selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selection {
    /// All of them.
    All,
    /// Those with one of these ids.
    Only(BTreeSet<UserId>),
}

/// Which members a filter within brackets selects.
pub(crate) fn select_members(filter: &ValFilter) -> Result<Selection, ScimError> {
    select(filter, &mut 0)
}

/// Groups of which a member fits the filter within brackets.
pub(super) fn condition<A: Queryable>(
    member: A,
    filter: &ValFilter,
    comparisons: &mut usize,
) -> Result<Condition<A>, ScimError> {
    Ok(match select(filter, comparisons)? {
        Selection::All => Condition::Present(member),
        Selection::Only(ids) => {
            let is = |id: &UserId| Condition::Compare(member, Comparison::Equal, Operand::Text(id.to_string()));
            Condition::Any(ids.iter().map(is).collect())
        }
    })
}

fn select(filter: &ValFilter, comparisons: &mut usize) -> Result<Selection, ScimError> {
    let mut each = |filters: &[ValFilter]| -> Result<Vec<Selection>, ScimError> {
        filters.iter().map(|filter| select(filter, comparisons)).collect()
    };
    match filter {
        ValFilter::And(filters) => Ok(each(filters)?.into_iter().fold(Selection::All, Selection::and)),
        ValFilter::Or(filters) => Ok(each(filters)?.into_iter().fold(Selection::none(), Selection::or)),
        ValFilter::Not(inner) => match select(inner, comparisons)? {
            Selection::All => Ok(Selection::none()),
            Selection::Only(ids) if ids.is_empty() => Ok(Selection::All),
            Selection::Only(_) => Err(unsupported()),
        },
        ValFilter::Attr(expression) => {
            count(comparisons)?;
            expression_selects(expression)
        }
    }
}

fn expression_selects(expression: &AttrExp) -> Result<Selection, ScimError> {
    let (AttrExp::Present(path) | AttrExp::Comparison(path, ..)) = expression;
    let name = path.name.to_ascii_lowercase();
    if path.uri.is_some() || path.sub_attr.is_some() || !["value", "type"].contains(&name.as_str()) {
        return Err(unknown(path));
    }
    match expression {
        AttrExp::Present(_) => Ok(Selection::All),
        AttrExp::Comparison(_, operator, value) if name == "type" => {
            let holds = compare::holds(Fixed::Text("User"), operator, value).ok_or_else(unsupported)?;
            Ok(if holds { Selection::All } else { Selection::none() })
        }
        AttrExp::Comparison(_, CompareOp::Eq, CompValue::Str(id)) => {
            Ok(Selection::Only(id.parse().into_iter().collect()))
        }
        AttrExp::Comparison(..) => Err(unsupported()),
    }
}

fn unsupported() -> ScimError {
    ScimError::invalid_filter("members compare by `value eq` and an id; such comparisons may be joined by `or`")
}

impl Selection {
    fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, other) | (other, Self::All) => other,
            (Self::Only(a), Self::Only(b)) => Self::Only(a.intersection(&b).copied().collect()),
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Only(mut a), Self::Only(b)) => {
                a.extend(b);
                Self::Only(a)
            }
        }
    }
}
