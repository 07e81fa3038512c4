use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::team::{
    MemberFacts, MemberRoleOutcome, RoleChange, RoleGiver, TeamFacts, TeamQuery, TeamRole, TeamStore, TeamSummary,
};
use muster_domain::{StoreError, TeamId, UserId};

use crate::Store;
use crate::db::{Db, with_conn, with_snapshot, with_tx};
use crate::error::DbError;
use crate::locks::Locks;
use crate::one_row::OneRow;
use crate::ports::on_call::{can_be_on_call, email_is_proven, push_is_proven, sms_is_proven};
use crate::record::Record;
use crate::rows::{PlaceRow, TeamMemberRow};
use crate::schema::{team_members, teams, users};
use crate::types::DbId;

#[async_trait]
impl TeamStore for Store {
    async fn list(&self, query: &TeamQuery) -> Result<Vec<TeamSummary>, StoreError> {
        let query = query.clone();
        self.reading(move |db| list(db, query)).await
    }

    async fn team(&self, id: TeamId) -> Result<Option<TeamFacts>, StoreError> {
        self.reading(move |db| team(db, id)).await
    }

    async fn is_team_admin_of(&self, admin: UserId, member: UserId) -> Result<bool, StoreError> {
        self.reading(move |db| is_team_admin_of(db, admin.into(), member.into())).await
    }

    async fn change_member_role(&self, change: &RoleChange) -> Result<MemberRoleOutcome, StoreError> {
        let change = change.clone();
        self.detached(move |db| change_member_role(db, change)).await
    }
}

/// Which team, its name, whether it is synced, how many members are active and how many can be on call. Diesel takes any
/// subquery for one that may be without a row.
type SummaryRow = (DbId, String, bool, Option<i64>, Option<i64>);

/// One page of teams with their counts in one statement.
async fn list(db: Db, query: TeamQuery) -> Result<Vec<TeamSummary>, DbError> {
    let rows: Vec<SummaryRow> = with_conn!(&db, |c| {
        let members = team_members::table
            .inner_join(users::table.on(users::id.eq(team_members::user_id)))
            .filter(team_members::team_id.eq(teams::id));
        let active = members.filter(users::active).count().single_value();
        let can = members.filter(can_be_on_call(query.required)).count().single_value();
        let mut found = teams::table
            .filter(teams::active)
            .select((teams::id, teams::name, teams::synced_from_directory, active, can))
            .into_boxed();
        if let Some(after) = query.after {
            found = found.filter(teams::name_key.gt(after.0));
        }
        found.order(teams::name_key).limit(i64::from(query.limit.get()) + 1).load(c).await?
    });
    rows.into_iter()
        .map(|(id, name, synced_from_directory, members, can)| {
            Ok(TeamSummary {
                id: id.into(),
                name,
                synced_from_directory,
                members: count(members)?,
                can_be_on_call: count(can)?,
            })
        })
        .collect()
}

fn count(rows: Option<i64>) -> Result<u64, DbError> {
    u64::try_from(rows.unwrap_or(0)).map_err(|_| DbError::inconsistent("team_members", "a count is below zero"))
}

/// A team and all its members in two statements.
async fn team(db: Db, id: TeamId) -> Result<Option<TeamFacts>, DbError> {
    with_snapshot!(&db, |c| {
        let key = DbId::from(id);
        let team = teams::table.find(key).filter(teams::active).select((teams::name, teams::synced_from_directory));
        let team: Option<(String, bool)> = team.one(c).await.optional()?;
        let Some((name, synced_from_directory)) = team else {
            return Ok(None);
        };
        let members = team_members::table
            .inner_join(users::table.on(users::id.eq(team_members::user_id)))
            .filter(team_members::team_id.eq(key))
            .order(users::user_name_key)
            .select((TeamMemberRow::as_select(), (email_is_proven(), sms_is_proven(), push_is_proven())));
        let members: Vec<(TeamMemberRow, (bool, bool, bool))> = members.load(c).await?;
        let members = members.into_iter().map(|(member, (email, sms, push))| member.into_facts([email, sms, push]));
        let members: Vec<MemberFacts> = members.collect::<Result<_, _>>()?;
        Ok(Some(TeamFacts { id, name, synced_from_directory, members }))
    })
}

async fn is_team_admin_of(db: Db, admin: DbId, member: DbId) -> Result<bool, DbError> {
    let admins = diesel::alias!(team_members as admins);
    let (team, user, role) = admins.fields((team_members::team_id, team_members::user_id, team_members::role));
    let joint = team_members::table
        .inner_join(admins.on(team.eq(team_members::team_id)))
        .inner_join(teams::table.on(teams::id.eq(team_members::team_id)))
        .filter(team_members::user_id.eq(member))
        .filter(user.eq(admin).and(role.eq(TeamRole::TeamAdmin.as_str())))
        .filter(teams::active);
    Ok(with_conn!(&db, |c| diesel::select(exists(joint)).one(c).await?))
}

async fn change_member_role(db: Db, change: RoleChange) -> Result<MemberRoleOutcome, DbError> {
    let (team, user) = (DbId::from(change.team_id), DbId::from(change.user_id));
    with_tx!(&db, |c| {
        let mut people = vec![user];
        if let RoleGiver::User(giver) = change.by {
            // Whoever deactivates them meanwhile waits, or has done so already.
            if !c.share_user(giver.into()).await?.iter().any(|(active, ..)| *active) {
                return Ok(MemberRoleOutcome::Denied);
            }
            people.push(giver.into());
        }
        // Both places are locked before either is looked at: two team admins who demote each other come one by one.
        let places = c.lock_places(team, people).await?;
        let places = places.into_iter().map(PlaceRow::into_role).collect::<Result<Vec<_>, _>>()?;
        let role_of = |id: DbId| places.iter().find(|(of, _)| *of == id).map(|(_, role)| *role);
        if let RoleGiver::User(giver) = change.by
            && role_of(giver.into()) != Some(TeamRole::TeamAdmin)
        {
            return Ok(MemberRoleOutcome::Denied);
        }
        let Some(from) = role_of(user) else {
            return Ok(MemberRoleOutcome::NotMember);
        };
        if from == change.role {
            return Ok(MemberRoleOutcome::Unchanged);
        }
        let place = team_members::table.find((team, user));
        diesel::update(place).set(team_members::role.eq(change.role.as_str())).execute(c).await?;
        c.record(&[change.events.from(from).clone()]).await?;
        Ok(MemberRoleOutcome::Changed { from })
    })
}
