use std::collections::BTreeSet;

use muster_domain::directory::{Group, GroupAttribute, GroupChange, MembersChange};
use muster_domain::{StoreError, TeamId, Text, UserId};
use scim_v2::filter::{PatchPath, ValFilter};
use serde_json::Value;

use super::{Op, Step, message, single};
use crate::filter::{Selection, schema_is, select_members};
use crate::group::{read_external_id, read_members, read_name};
use crate::object::Object;
use crate::{ScimError, schema};

/// What a request changes of a group. Members who come and go are told without knowing who is there, so that a change to
/// a large group is a small one.
#[derive(Debug, Default)]
pub(crate) struct GroupPatch {
    external_id: ExternalId,
    name: Option<Text<200>>,
    /// Nobody stays who is not in `add`.
    anew: bool,
    add: BTreeSet<UserId>,
    remove: BTreeSet<UserId>,
}

#[derive(Debug, Default)]
enum ExternalId {
    #[default]
    Stays,
    Becomes(Option<Text<255>>),
}

impl GroupPatch {
    /// Reads a request to change the group with that id.
    pub(crate) fn read(body: &Object, id: TeamId) -> Result<Self, ScimError> {
        let mut patch = Self::default();
        for step in message::read(body, schema::GROUP)? {
            patch.fold(&step, id)?;
        }
        Ok(patch)
    }

    /// What it makes of a group as it is.
    pub(crate) fn change(&self, group: &Group) -> Result<GroupChange, ScimError> {
        let add = self.add.iter().copied().collect();
        Ok(GroupChange {
            external_id: match &self.external_id {
                ExternalId::Stays => external_id_of(group)?,
                ExternalId::Becomes(id) => id.clone(),
            },
            name: self.name.clone().map_or_else(|| stored(&group.name), Ok)?,
            members: if self.anew {
                MembersChange::Replace(add)
            } else {
                MembersChange::Adjust { add, remove: self.remove.iter().copied().collect() }
            },
        })
    }

    fn fold(&mut self, step: &Step, id: TeamId) -> Result<(), ScimError> {
        let (path, filter, after) = match &step.path {
            PatchPath::Attr(path) => (path, None, None),
            PatchPath::Value(value) => (&value.attr, Some(&value.filter), value.sub_attr.as_deref()),
        };
        if !schema_is::<GroupAttribute>(path) {
            return Ok(());
        }
        let part = path.sub_attr.as_deref().or(after);
        let name = path.name.to_ascii_lowercase();
        if ["displayname", "externalid", "id"].contains(&name.as_str()) && (filter.is_some() || part.is_some()) {
            return Err(ScimError::invalid_path("the attribute has one value and no parts"));
        }
        let value = single(&step.value);
        match name.as_str() {
            "displayname" if step.op == Op::Remove => Err(ScimError::mutability("displayName cannot be removed")),
            "displayname" => {
                self.name = Some(read_name(value)?);
                Ok(())
            }
            "externalid" => {
                let removed = step.op == Op::Remove || value.is_null();
                self.external_id = ExternalId::Becomes(if removed { None } else { read_external_id(value)? });
                Ok(())
            }
            "members" => self.fold_members(step, filter, part),
            // Okta sends the id along with a new name.
            "id" if step.op != Op::Remove && is_id(value, id) => Ok(()),
            "meta" | "schemas" if step.in_object => Ok(()),
            "id" | "meta" | "schemas" => Err(ScimError::mutability(format!("{name} cannot be changed"))),
            _ => Ok(()),
        }
    }

    fn fold_members(&mut self, step: &Step, filter: Option<&ValFilter>, part: Option<&str>) -> Result<(), ScimError> {
        if part.is_some() {
            return Err(ScimError::mutability("a member's parts cannot be changed; remove it and add another"));
        }
        let value = &step.value;
        let named = || if value.is_null() { Ok(Vec::new()) } else { read_members(value) };
        match (filter, step.op) {
            (None, Op::Add) => self.come(named()?),
            (None, Op::Replace) => {
                let named = named()?;
                self.all_go();
                self.come(named);
            }
            // Entra ID names those who go in the value.
            (None, Op::Remove) if value.is_null() => self.all_go(),
            (None, Op::Remove) => self.go(named()?),
            (Some(filter), Op::Remove) => self.selected_go(select_members(filter)?),
            (Some(filter), Op::Replace) => {
                let named = named()?;
                self.selected_go(select_members(filter)?);
                self.come(named);
            }
            (Some(_), Op::Add) => return Err(ScimError::invalid_path("members are added to all of them")),
        }
        Ok(())
    }

    fn come(&mut self, people: impl IntoIterator<Item = UserId>) {
        for id in people {
            self.remove.remove(&id);
            self.add.insert(id);
        }
    }

    fn go(&mut self, people: impl IntoIterator<Item = UserId>) {
        for id in people {
            self.add.remove(&id);
            self.remove.insert(id);
        }
    }

    fn all_go(&mut self) {
        self.anew = true;
        self.add.clear();
        self.remove.clear();
    }

    fn selected_go(&mut self, selection: Selection) {
        match selection {
            Selection::All => self.all_go(),
            Selection::Only(people) => self.go(people),
        }
    }
}

/// The external id that a group has.
pub(crate) fn external_id_of(group: &Group) -> Result<Option<Text<255>>, ScimError> {
    group.external_id.as_deref().map(stored).transpose()
}

fn stored<const MAX: usize>(text: &str) -> Result<Text<MAX>, ScimError> {
    Text::parse(text).map_err(|_| StoreError::inconsistent("a group has a name or external id that is none").into())
}

fn is_id(value: &Value, id: TeamId) -> bool {
    value.as_str().and_then(|text| text.parse().ok()) == Some(id)
}
