use diesel::prelude::*;
use muster_domain::UserId;
use muster_domain::directory::Group;
use muster_domain::team::{Member, Team};
use muster_domain::user::fold;

use crate::schema::{team_members, teams};
use crate::types::{DbId, Ts};

/// A team as it is when it is new.
#[derive(Clone, Insertable)]
#[diesel(table_name = teams, treat_none_as_default_value = false)]
pub(crate) struct NewTeamRow {
    pub(crate) id: DbId,
    name: String,
    name_key: String,
    active: bool,
    synced_from_directory: bool,
    created_at: Ts,
    external_id: Option<String>,
    version: i64,
    updated_at: Ts,
}

impl From<&Team> for NewTeamRow {
    fn from(team: &Team) -> Self {
        let created_at = Ts::from(team.created_at);
        Self {
            id: team.id.into(),
            name: team.name.clone(),
            name_key: fold(&team.name),
            active: team.active,
            synced_from_directory: team.synced_from_directory,
            created_at,
            external_id: team.external_id.clone(),
            version: 1,
            updated_at: created_at,
        }
    }
}

/// A team as a group of the directory, without its members.
#[derive(Queryable, Selectable)]
#[diesel(table_name = teams)]
pub(crate) struct GroupRow {
    pub(crate) id: DbId,
    external_id: Option<String>,
    name: String,
    version: i64,
    created_at: Ts,
    updated_at: Ts,
}

impl GroupRow {
    pub(crate) fn into_group(self, members: Vec<UserId>) -> Group {
        Group {
            id: self.id.into(),
            external_id: self.external_id,
            name: self.name,
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
            members,
        }
    }
}

/// A place in a team as it is written.
#[derive(Clone, Insertable)]
#[diesel(table_name = team_members)]
pub(crate) struct MemberRow {
    team_id: DbId,
    user_id: DbId,
    role: &'static str,
}

impl MemberRow {
    pub(crate) fn of(team_id: DbId, members: &[Member]) -> Vec<Self> {
        members
            .iter()
            .map(|Member { user_id, role }| Self { team_id, user_id: (*user_id).into(), role: role.as_str() })
            .collect()
    }
}
