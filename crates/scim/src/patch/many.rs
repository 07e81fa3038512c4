use muster_domain::user::{Phone, Region, fold};
use scim_v2::filter::ValFilter;
use serde_json::{Value, json};

use super::select::{matches, template};
use super::{Op, Step, single};
use crate::ScimError;
use crate::object::{Object, assign, attribute, truth, unassign};
use crate::user::{EMAIL_TYPE, PHONE_TYPE};

/// An attribute that may have many values, of which Muster keeps one.
pub(super) struct Kept {
    name: &'static str,
    /// Of what type the one is.
    kind: &'static str,
    same: fn(&str, &str, Option<Region>) -> bool,
}

impl Kept {
    pub(super) fn emails() -> Self {
        Self { name: "emails", kind: EMAIL_TYPE, same: |a, b, _| fold(a) == fold(b) }
    }

    pub(super) fn phones() -> Self {
        let same = |a: &str, b: &str, region| Phone::parse(a, region) == Phone::parse(b, region);
        Self { name: "phoneNumbers", kind: PHONE_TYPE, same }
    }

    /// Whether an entry that is added takes the place of the one that is there: it says that it is the primary one, or
    /// of the type that is kept, or nothing. Any other stands behind it.
    fn takes_the_place(&self, entry: &Object) -> bool {
        let kind = attribute(entry, "type").and_then(Value::as_str);
        let primary = attribute(entry, "primary").and_then(truth);
        primary == Some(true) || kind.map_or(primary.is_none(), |kind| kind.eq_ignore_ascii_case(self.kind))
    }
}

/// Changes the entries of such an attribute. Which of them is kept is found when the User is read anew.
pub(super) fn patch_many(
    user: &mut Object,
    kept: &Kept,
    filter: Option<&ValFilter>,
    part: Option<&str>,
    step: &Step,
    region: Option<Region>,
) -> Result<(), ScimError> {
    let mut list = stored(user, kept.name);
    match filter {
        Some(filter) => patch_matching(&mut list, kept, filter, part, step)?,
        None => match part {
            Some(part) => patch_part(&mut list, part, step),
            None => patch_all(&mut list, kept, step, region)?,
        },
    }
    assign(user, kept.name, list.into_iter().map(Value::Object).collect());
    Ok(())
}

fn stored(user: &Object, name: &str) -> Vec<Object> {
    let list = attribute(user, name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object).cloned().collect()
}

fn patch_all(list: &mut Vec<Object>, kept: &Kept, step: &Step, region: Option<Region>) -> Result<(), ScimError> {
    let entries = entries(kept.name, &step.value)?;
    match step.op {
        Op::Add => {
            if entries.iter().any(|entry| kept.takes_the_place(entry)) {
                list.clear();
            }
            list.extend(entries);
        }
        Op::Replace => *list = entries,
        Op::Remove if step.value.is_null() => list.clear(),
        Op::Remove => {
            let value = |entry: &Object| attribute(entry, "value").and_then(Value::as_str).map(str::to_owned);
            let removed: Vec<String> = entries.iter().filter_map(value).collect();
            list.retain(|entry| {
                value(entry).is_none_or(|own| !removed.iter().any(|other| (kept.same)(&own, other, region)))
            });
        }
    }
    Ok(())
}

/// A part of all the entries there are.
fn patch_part(list: &mut Vec<Object>, part: &str, step: &Step) {
    let value = single(&step.value);
    if list.is_empty() && step.op != Op::Remove {
        list.push(Object::new());
    }
    for entry in list {
        set_part(entry, part, step.op, value);
    }
}

/// Entries that a filter selects. Where it selects none there is one made that it would, if it says what that is like:
/// Entra ID and Okta set a first value by `emails[type eq "work"].value`.
fn patch_matching(
    list: &mut Vec<Object>,
    kept: &Kept,
    filter: &ValFilter,
    part: Option<&str>,
    step: &Step,
) -> Result<(), ScimError> {
    let selected: Vec<bool> = list.iter().map(|entry| matches(filter, entry)).collect();
    let value = single(&step.value);
    if selected.contains(&true) {
        let mut selected = selected.into_iter();
        if step.op == Op::Remove && part.is_none() {
            list.retain(|_| !selected.next().unwrap_or_default());
            return Ok(());
        }
        return list.iter_mut().zip(selected).filter(|(_, selected)| *selected).try_for_each(|(entry, _)| match part {
            Some(part) => {
                set_part(entry, part, step.op, value);
                Ok(())
            }
            None => merge(entry, kept.name, value),
        });
    }
    if step.op == Op::Remove || value.is_null() {
        return Ok(());
    }
    let mut entry = template(filter)
        .ok_or_else(|| ScimError::no_target(format!("none of {} fits the path's filter", kept.name)))?;
    match part {
        Some(part) => set_part(&mut entry, part, step.op, value),
        None => merge(&mut entry, kept.name, value)?,
    }
    if kept.takes_the_place(&entry) {
        list.clear();
    }
    list.push(entry);
    Ok(())
}

fn set_part(entry: &mut Object, part: &str, op: Op, value: &Value) {
    if op == Op::Remove || value.is_null() {
        unassign(entry, part);
    } else {
        assign(entry, part, value.clone());
    }
}

fn merge(entry: &mut Object, name: &str, value: &Value) -> Result<(), ScimError> {
    for parts in entries(name, value)? {
        for (part, value) in parts {
            assign(entry, &part, value);
        }
    }
    Ok(())
}

/// A list of entries, one of them, or its value alone.
fn entries(name: &str, value: &Value) -> Result<Vec<Object>, ScimError> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(list) => list.iter().filter(|entry| !entry.is_null()).map(|one| entry(name, one)).collect(),
        one => Ok(vec![entry(name, one)?]),
    }
}

fn entry(name: &str, value: &Value) -> Result<Object, ScimError> {
    match value {
        Value::Object(entry) => Ok(entry.clone()),
        Value::String(text) => Ok(Object::from_iter([("value".to_owned(), json!(text))])),
        _ => Err(ScimError::invalid_value(format!("{name} must be a list of objects with a value"))),
    }
}
