use muster_domain::UserId;
use muster_domain::directory::{Comparison, Condition, Kind, Operand};
use muster_domain::user::fold;
use scim_v2::filter::{AttrPath, CompValue, CompareOp};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::fields::{Field, Fixed, Queryable};
use super::{always, compares_equal, is_null, never, present, shown};
use crate::ScimError;

/// What a comparison asks for. Nothing is equal to null but what is absent.
pub(super) fn condition<A: Queryable>(
    path: &AttrPath,
    field: &Field<A>,
    operator: &CompareOp,
    value: &CompValue,
) -> Result<Condition<A>, ScimError> {
    let compared = match (field, compares_equal(operator)) {
        (_, equal) if is_null(value) => equal.map(|equal| unless(equal, present(field))),
        (Field::Stored(attribute), _) => stored(*attribute, operator, value),
        (Field::Fixed { value: fixed, of }, _) => holds(*fixed, operator, value).map(|holds| match (holds, of) {
            (true, Some(of)) => Condition::Present(*of),
            (true, None) => always(),
            (false, _) => never(),
        }),
    };
    compared.ok_or_else(|| {
        ScimError::invalid_filter(format!("{} does not compare to such a value by {operator}", shown(path)))
    })
}

fn stored<A: Queryable>(attribute: A, operator: &CompareOp, value: &CompValue) -> Option<Condition<A>> {
    let operand = match attribute.kind() {
        Kind::Text | Kind::FoldedText => Operand::Text(text(value)?.to_owned()),
        Kind::Id => {
            compares_equal(operator)?;
            match text(value)?.parse::<UserId>() {
                Ok(id) => Operand::Text(id.to_string()),
                // What is no id is nobody's.
                Err(_) => return Some(unless(*operator == CompareOp::Ne, never())),
            }
        }
        Kind::Truth => {
            compares_equal(operator)?;
            Operand::Truth(truth(value)?)
        }
        Kind::Time => {
            if matches!(operator, CompareOp::Co | CompareOp::Sw | CompareOp::Ew) {
                return None;
            }
            Operand::Time(time(value)?)
        }
    };
    let compared = Condition::Compare(attribute, comparison(operator), operand);
    Some(unless(*operator == CompareOp::Ne, compared))
}

fn unless<A>(opposite: bool, condition: Condition<A>) -> Condition<A> {
    if opposite { Condition::Not(Box::new(condition)) } else { condition }
}

/// What is not equal is the opposite of what is.
fn comparison(operator: &CompareOp) -> Comparison {
    match operator {
        CompareOp::Eq | CompareOp::Ne => Comparison::Equal,
        CompareOp::Co => Comparison::Contains,
        CompareOp::Sw => Comparison::StartsWith,
        CompareOp::Ew => Comparison::EndsWith,
        CompareOp::Gt => Comparison::Greater,
        CompareOp::Ge => Comparison::GreaterOrEqual,
        CompareOp::Lt => Comparison::Less,
        CompareOp::Le => Comparison::LessOrEqual,
    }
}

/// Whether a value that is always the same compares so.
pub(super) fn holds(fixed: Fixed, operator: &CompareOp, value: &CompValue) -> Option<bool> {
    match fixed {
        Fixed::Truth(fixed) => {
            compares_equal(operator).zip(truth(value)).map(|(equal, value)| (fixed == value) == equal)
        }
        Fixed::Text(fixed) => {
            let (fixed, value) = (fold(fixed), fold(text(value)?));
            Some(match operator {
                CompareOp::Eq => fixed == value,
                CompareOp::Ne => fixed != value,
                CompareOp::Co => fixed.contains(&value),
                CompareOp::Sw => fixed.starts_with(&value),
                CompareOp::Ew => fixed.ends_with(&value),
                CompareOp::Gt => fixed > value,
                CompareOp::Ge => fixed >= value,
                CompareOp::Lt => fixed < value,
                CompareOp::Le => fixed <= value,
            })
        }
    }
}

/// Text. A NUL is in no attribute, and no text of a database's.
fn text(value: &CompValue) -> Option<&str> {
    match value {
        CompValue::Str(text) if !text.contains('\0') => Some(text),
        _ => None,
    }
}

fn truth(value: &CompValue) -> Option<bool> {
    match value {
        CompValue::True => Some(true),
        CompValue::False => Some(false),
        CompValue::Str(text) => text.trim().to_ascii_lowercase().parse().ok(),
        CompValue::Null | CompValue::Number(_) => None,
    }
}

fn time(value: &CompValue) -> Option<OffsetDateTime> {
    let at = OffsetDateTime::parse(text(value)?.trim(), &Rfc3339).ok()?;
    at.checked_to_offset(UtcOffset::UTC)
}
