//! Filters (RFC 7644, section 3.4.2.2) as conditions that a store evaluates.

mod compare;
mod fields;
mod members;
mod parse;

use fields::Field;
pub(crate) use fields::{Queryable, schema_is};
pub(crate) use members::{Selection, select_members};
pub(crate) use parse::path;

use muster_domain::directory::Condition;
use scim_v2::filter::{AttrExp, AttrPath, CompValue, CompareOp, Filter, PatchPath, ValFilter, ValuePath};

use crate::ScimError;

/// The most comparisons in one filter: more than any client needs to look up a batch, and fewer than a database's
/// expressions may be deep.
const MAX_COMPARISONS: usize = 256;

/// What a filter asks for. `across` several kinds of resources an attribute that one kind does not have is absent there
/// (RFC 7644, section 3.4.2.1); otherwise the filter is refused.
pub(crate) fn condition<A: Queryable>(filter: &str, across: bool) -> Result<Condition<A>, ScimError> {
    let filter = parse::filter(filter)?;
    Lowering { comparisons: 0, across }.filter(&filter)
}

/// What `sortBy` names: nothing when it is the same for all.
pub(crate) fn sort_attribute<A: Queryable>(name: &str) -> Result<Option<A>, ScimError> {
    let field = match parse::path(name) {
        Ok(PatchPath::Attr(path)) => field::<A>(&path),
        _ => None,
    };
    match field {
        Some(Field::Stored(attribute)) if attribute.sorts() => Ok(Some(attribute)),
        Some(Field::Fixed { .. }) => Ok(None),
        _ => Err(ScimError::invalid_value("sortBy must name an attribute that resources can be sorted by")),
    }
}

struct Lowering {
    comparisons: usize,
    across: bool,
}

impl Lowering {
    fn filter<A: Queryable>(&mut self, filter: &Filter) -> Result<Condition<A>, ScimError> {
        Ok(match filter {
            Filter::Attr(expression) => self.expression(expression, None)?,
            Filter::ValuePath(path) => self.value_path(path)?,
            Filter::Not(inner) => Condition::Not(Box::new(self.filter(inner)?)),
            Filter::And(all) => Condition::All(all.iter().map(|one| self.filter(one)).collect::<Result<_, _>>()?),
            Filter::Or(any) => Condition::Any(any.iter().map(|one| self.filter(one)).collect::<Result<_, _>>()?),
        })
    }

    /// One value has to fit the whole of the inner filter. Of what people have there is one value at the most, so that
    /// each comparison can be asked of the person; a group's members are a set.
    fn value_path<A: Queryable>(&mut self, path: &ValuePath) -> Result<Condition<A>, ScimError> {
        if path.attr.sub_attr.is_some() || !has_parts::<A>(&path.attr) {
            return if self.across { Ok(never()) } else { Err(unknown(&path.attr)) };
        }
        if let Some(member) = A::member(&path.attr.name) {
            return members::condition(member, &path.filter, &mut self.comparisons);
        }
        let inner = self.value_filter(&path.filter, &path.attr)?;
        let value = AttrPath::with_sub_attr(path.attr.name.clone(), "value");
        Ok(match field::<A>(&value) {
            Some(Field::Stored(attribute)) => Condition::All(vec![Condition::Present(attribute), inner]),
            _ => inner,
        })
    }

    fn value_filter<A: Queryable>(&mut self, filter: &ValFilter, of: &AttrPath) -> Result<Condition<A>, ScimError> {
        Ok(match filter {
            ValFilter::Attr(expression) => self.expression(expression, Some(of))?,
            ValFilter::Not(inner) => Condition::Not(Box::new(self.value_filter(inner, of)?)),
            ValFilter::And(all) => {
                Condition::All(all.iter().map(|one| self.value_filter(one, of)).collect::<Result<_, _>>()?)
            }
            ValFilter::Or(any) => {
                Condition::Any(any.iter().map(|one| self.value_filter(one, of)).collect::<Result<_, _>>()?)
            }
        })
    }

    fn expression<A: Queryable>(
        &mut self,
        expression: &AttrExp,
        of: Option<&AttrPath>,
    ) -> Result<Condition<A>, ScimError> {
        count(&mut self.comparisons)?;
        let (AttrExp::Present(path) | AttrExp::Comparison(path, ..)) = expression;
        let full = match of {
            None => path.clone(),
            Some(_) if path.uri.is_some() || path.sub_attr.is_some() => return Err(unknown(path)),
            Some(of) => AttrPath { sub_attr: Some(path.name.clone()), ..of.clone() },
        };
        match (field::<A>(&full), expression) {
            (Some(field), AttrExp::Present(_)) => Ok(present(&field)),
            (Some(field), AttrExp::Comparison(_, operator, value)) => {
                compare::condition(&full, &field, operator, value)
            }
            (None, expression) if self.across => Ok(absent(expression)),
            (None, _) => Err(unknown(&full)),
        }
    }
}

fn count(comparisons: &mut usize) -> Result<(), ScimError> {
    *comparisons += 1;
    if *comparisons > MAX_COMPARISONS {
        return Err(ScimError::invalid_filter(format!("the filter has more than {MAX_COMPARISONS} comparisons")));
    }
    Ok(())
}

fn field<A: Queryable>(path: &AttrPath) -> Option<Field<A>> {
    if !schema_is::<A>(path) {
        return None;
    }
    let part = path.sub_attr.as_ref().map(|part| part.to_ascii_lowercase());
    A::field(&path.name.to_ascii_lowercase(), part.as_deref())
}

fn has_parts<A: Queryable>(path: &AttrPath) -> bool {
    let part = |part: &str| field::<A>(&AttrPath { sub_attr: Some(part.to_owned()), ..path.clone() });
    ["value", "givenName", "created"].into_iter().any(|name| part(name).is_some())
}

/// Whether an expression holds for what is absent.
fn absent<A>(expression: &AttrExp) -> Condition<A> {
    match expression {
        AttrExp::Comparison(_, CompareOp::Eq, value) if is_null(value) => always(),
        AttrExp::Comparison(_, CompareOp::Ne, value) if !is_null(value) => always(),
        _ => never(),
    }
}

fn present<A: Queryable>(field: &Field<A>) -> Condition<A> {
    match field {
        Field::Stored(attribute) | Field::Fixed { of: Some(attribute), .. } => Condition::Present(*attribute),
        Field::Fixed { of: None, .. } => always(),
    }
}

fn always<A>() -> Condition<A> {
    Condition::All(Vec::new())
}

fn never<A>() -> Condition<A> {
    Condition::Any(Vec::new())
}

fn unknown(path: &AttrPath) -> ScimError {
    ScimError::invalid_filter(format!("there is no attribute {} to filter by", shown(path)))
}

/// The attribute's name as far as it is worth repeating. The grammar admits letters, digits and little else.
fn shown(path: &AttrPath) -> String {
    path.to_string().chars().take(100).collect()
}

fn compares_equal(operator: &CompareOp) -> Option<bool> {
    match operator {
        CompareOp::Eq => Some(true),
        CompareOp::Ne => Some(false),
        _ => None,
    }
}

fn is_null(value: &CompValue) -> bool {
    matches!(value, CompValue::Null)
}
