use std::collections::BTreeSet;

use muster_domain::user::{Phone, Region, fold};
use scim_v2::filter::ValFilter;
use serde_json::Value;

use super::select::{comparisons, matches, template};
use super::{Op, Step, single};
use crate::ScimError;
use crate::object::{Object, assign, assigned, attribute, truth, unassign};
use crate::user::{EMAIL_TYPE, MAX_ENTRIES, PHONE_TYPE};

/// The parts of an entry that are looked at.
const PARTS: [&str; 4] = ["value", "type", "primary", "display"];
/// The longest part, in bytes of JSON. One that is set is set in each entry.
const MAX_PART_BYTES: usize = 1_000;
/// The most comparisons in a path, each of which is made for each entry.
const MAX_COMPARISONS: usize = 16;

/// An attribute that may have many values, of which Muster keeps one.
pub(super) struct Kept {
    name: &'static str,
    /// Of what type the one is.
    kind: &'static str,
    /// What two values have in common that are the same.
    key: fn(&str, Option<Region>) -> String,
}

impl Kept {
    pub(super) fn emails() -> Self {
        Self { name: "emails", kind: EMAIL_TYPE, key: |address, _| fold(address) }
    }

    pub(super) fn phones() -> Self {
        let key = |number: &str, region| Phone::parse(number, region).as_str().to_owned();
        Self { name: "phoneNumbers", kind: PHONE_TYPE, key }
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
    let mut list = take(user, kept.name);
    match filter {
        Some(filter) => patch_matching(&mut list, kept, filter, part, step)?,
        None => match part {
            Some(part) => patch_part(&mut list, kept, part, step)?,
            None => patch_all(&mut list, kept, step, region)?,
        },
    }
    if list.len() > MAX_ENTRIES {
        return Err(too_many(kept.name));
    }
    assign(user, kept.name, list.into_iter().map(Value::Object).collect());
    Ok(())
}

fn take(user: &mut Object, name: &str) -> Vec<Object> {
    let object = |entry| if let Value::Object(entry) = entry { Some(entry) } else { None };
    match user.remove(name) {
        Some(Value::Array(list)) => list.into_iter().filter_map(object).collect(),
        _ => Vec::new(),
    }
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
            let key = |entry: &Object| {
                attribute(entry, "value").and_then(Value::as_str).map(|value| (kept.key)(value, region))
            };
            let removed: BTreeSet<String> = entries.iter().filter_map(key).collect();
            list.retain(|entry| key(entry).is_none_or(|own| !removed.contains(&own)));
        }
    }
    Ok(())
}

/// A part of all the entries there are.
fn patch_part(list: &mut Vec<Object>, kept: &Kept, part: &str, step: &Step) -> Result<(), ScimError> {
    let value = checked(kept.name, single(&step.value))?;
    if list.is_empty() && step.op != Op::Remove {
        list.push(Object::new());
    }
    for entry in list {
        set_part(entry, part, step.op, value);
    }
    Ok(())
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
    if comparisons(filter) > MAX_COMPARISONS {
        return Err(ScimError::invalid_path(format!("path has more than {MAX_COMPARISONS} comparisons")));
    }
    let selected: Vec<bool> = list.iter().map(|entry| matches(filter, entry)).collect();
    let value = single(&step.value);
    if step.op == Op::Remove && part.is_none() {
        let mut selected = selected.into_iter();
        list.retain(|_| !selected.next().unwrap_or_default());
        return Ok(());
    }
    let set = match part {
        Some(part) => {
            let value = checked(kept.name, value)?;
            Object::from_iter([(part.to_owned(), if step.op == Op::Remove { Value::Null } else { value.clone() })])
        }
        None => entries(kept.name, value)?.into_iter().flatten().collect(),
    };
    let merge = |entry: &mut Object| set.iter().for_each(|(part, value)| set_part(entry, part, step.op, value));
    if selected.contains(&true) {
        list.iter_mut().zip(selected).filter(|(_, selected)| *selected).for_each(|(entry, _)| merge(entry));
        return Ok(());
    }
    if step.op == Op::Remove || value.is_null() {
        return Ok(());
    }
    let mut entry = template(filter)
        .ok_or_else(|| ScimError::no_target(format!("none of {} fits the path's filter", kept.name)))?;
    entry.values().try_for_each(|value| checked(kept.name, value).map(|_| ()))?;
    merge(&mut entry);
    if kept.takes_the_place(&entry) {
        list.clear();
    }
    list.push(entry);
    Ok(())
}

/// Parts that nobody looks at are passed over.
fn set_part(entry: &mut Object, part: &str, op: Op, value: &Value) {
    let Some(part) = PARTS.into_iter().find(|own| own.eq_ignore_ascii_case(part)) else { return };
    if op == Op::Remove || value.is_null() {
        unassign(entry, part);
    } else {
        assign(entry, part, value.clone());
    }
}

/// A list of entries, one of them, or its value alone.
fn entries(name: &str, value: &Value) -> Result<Vec<Object>, ScimError> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(list) if list.len() > MAX_ENTRIES => Err(too_many(name)),
        Value::Array(list) => list.iter().filter(|entry| !entry.is_null()).map(|one| entry(name, one)).collect(),
        one => Ok(vec![entry(name, one)?]),
    }
}

fn entry(name: &str, value: &Value) -> Result<Object, ScimError> {
    let part = |part: &'static str, value| Ok((part.to_owned(), checked(name, value)?.clone()));
    match value {
        Value::Object(entry) => PARTS.into_iter().filter_map(|own| Some(part(own, assigned(entry, own)?))).collect(),
        Value::String(_) => Ok(Object::from_iter([part("value", value)?])),
        _ => Err(ScimError::invalid_value(format!("{name} must be a list of objects with a value"))),
    }
}

fn checked<'a>(name: &str, value: &'a Value) -> Result<&'a Value, ScimError> {
    if value.to_string().len() > MAX_PART_BYTES {
        return Err(ScimError::invalid_value(format!("{name} has a part that is longer than {MAX_PART_BYTES} bytes")));
    }
    Ok(value)
}

fn too_many(name: &str) -> ScimError {
    ScimError::invalid_value(format!("{name} must not have more than {MAX_ENTRIES} entries"))
}
