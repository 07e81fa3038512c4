use muster_domain::user::fold;
use scim_v2::filter::{AttrExp, AttrPath, CompValue, CompareOp, ValFilter};
use serde_json::Value;

use crate::object::{Object, attribute, truth};

/// Whether an entry fits the filter of a path. What it does not have compares as false.
pub(super) fn matches(filter: &ValFilter, entry: &Object) -> bool {
    match filter {
        ValFilter::And(all) => all.iter().all(|one| matches(one, entry)),
        ValFilter::Or(any) => any.iter().any(|one| matches(one, entry)),
        ValFilter::Not(inner) => !matches(inner, entry),
        ValFilter::Attr(AttrExp::Present(path)) => part(entry, path).is_some(),
        ValFilter::Attr(AttrExp::Comparison(path, operator, value)) => compares(part(entry, path), operator, value),
    }
}

/// How many comparisons a filter has.
pub(super) fn comparisons(filter: &ValFilter) -> usize {
    match filter {
        ValFilter::And(filters) | ValFilter::Or(filters) => filters.iter().map(comparisons).sum(),
        ValFilter::Not(inner) => comparisons(inner),
        ValFilter::Attr(_) => 1,
    }
}

/// An entry that the filter would select, when all it says is of what type an entry is and whether it is the primary one.
pub(super) fn template(filter: &ValFilter) -> Option<Object> {
    match filter {
        ValFilter::And(all) => {
            let mut whole = Object::new();
            for one in all {
                whole.extend(template(one)?);
            }
            Some(whole)
        }
        ValFilter::Attr(AttrExp::Comparison(path, CompareOp::Eq, value)) => {
            let value = match (path.name.to_ascii_lowercase().as_str(), value) {
                ("type" | "primary", CompValue::Str(text)) => Value::from(text.as_str()),
                ("primary", CompValue::True) => Value::from(true),
                ("primary", CompValue::False) => Value::from(false),
                _ => return None,
            };
            Some(Object::from_iter([(path.name.to_ascii_lowercase(), value)]))
        }
        _ => None,
    }
}

fn part<'a>(entry: &'a Object, path: &AttrPath) -> Option<&'a Value> {
    if path.sub_attr.is_some() { None } else { attribute(entry, &path.name) }
}

fn compares(own: Option<&Value>, operator: &CompareOp, value: &CompValue) -> bool {
    let equal = match (own, value) {
        (own, CompValue::Null) => own.is_none(),
        (Some(own @ Value::Bool(_)), CompValue::Str(text)) => truth(own) == truth(&Value::from(text.as_str())),
        (Some(own), CompValue::True) => truth(own) == Some(true),
        (Some(own), CompValue::False) => truth(own) == Some(false),
        (Some(Value::String(own)), CompValue::Str(text)) => fold(own) == fold(text),
        (Some(Value::Number(own)), CompValue::Number(number)) => own == number,
        _ => false,
    };
    let texts = |holds: fn(&str, &str) -> bool| match (own, value) {
        (Some(Value::String(own)), CompValue::Str(text)) => holds(&fold(own), &fold(text)),
        _ => false,
    };
    match operator {
        CompareOp::Eq => equal,
        CompareOp::Ne => !equal,
        CompareOp::Co => texts(|own, text| own.contains(text)),
        CompareOp::Sw => texts(|own, text| own.starts_with(text)),
        CompareOp::Ew => texts(|own, text| own.ends_with(text)),
        CompareOp::Gt => texts(|own, text| own > text),
        CompareOp::Ge => texts(|own, text| own >= text),
        CompareOp::Lt => texts(|own, text| own < text),
        CompareOp::Le => texts(|own, text| own <= text),
    }
}
