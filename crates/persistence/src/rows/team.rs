use diesel::prelude::*;
use muster_domain::team::{MemberFacts, TeamRole};
use muster_domain::verification::Method;

use crate::error::DbError;
use crate::rows::named;
use crate::schema::{team_members, users};
use crate::types::DbId;

/// A person's place in a team, without the team.
#[derive(Queryable, Selectable)]
#[diesel(table_name = team_members)]
pub(crate) struct PlaceRow {
    user_id: DbId,
    role: String,
}

impl PlaceRow {
    pub(crate) fn into_role(self) -> Result<(DbId, TeamRole), DbError> {
        Ok((self.user_id, role(&self.role)?))
    }
}

/// A member as a team shows them, without what is proven.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct TeamMemberRow {
    id: DbId,
    user_name: String,
    display_name: String,
    active: bool,
    #[diesel(select_expression = team_members::role)]
    role: String,
}

impl TeamMemberRow {
    /// What the row stands for, with what is proven in the order of [`Method::ALL`].
    pub(crate) fn into_facts(self, proven: [bool; 3]) -> Result<MemberFacts, DbError> {
        let proven = Method::ALL.into_iter().zip(proven).filter_map(|(method, proven)| proven.then_some(method));
        Ok(MemberFacts {
            id: self.id.into(),
            user_name: self.user_name,
            display_name: self.display_name,
            active: self.active,
            role: role(&self.role)?,
            proven: proven.collect(),
        })
    }
}

fn role(name: &str) -> Result<TeamRole, DbError> {
    named("team_members", "role", TeamRole::from_name(name))
}
