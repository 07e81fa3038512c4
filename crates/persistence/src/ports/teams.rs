use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::audit::AuditEvent;
use muster_domain::directory::InsertOutcome;
use muster_domain::team::{Member, Team};
use muster_domain::user::fold;

use crate::db::{Db, with_tx};
use crate::error::DbError;
use crate::record::Record;
use crate::schema::{team_members, teams};
use crate::types::{DbId, Ts};

#[derive(Insertable)]
#[diesel(table_name = teams)]
struct TeamRow {
    id: DbId,
    name: String,
    name_key: String,
    active: bool,
    synced_from_directory: bool,
    created_at: Ts,
}

#[derive(Insertable)]
#[diesel(table_name = team_members)]
struct MemberRow {
    team_id: DbId,
    user_id: DbId,
    role: &'static str,
}

pub(super) async fn insert_team(
    db: Db,
    team: Team,
    members: Vec<Member>,
    event: [AuditEvent; 1],
) -> Result<InsertOutcome, DbError> {
    let row = TeamRow {
        id: team.id.into(),
        name_key: fold(&team.name),
        name: team.name,
        active: team.active,
        synced_from_directory: team.synced_from_directory,
        created_at: team.created_at.into(),
    };
    with_tx!(&db, |c| {
        let insert = diesel::insert_into(teams::table).values(&row);
        if insert.on_conflict(teams::name_key).do_nothing().execute(c).await? == 0 {
            return Ok(InsertOutcome::Taken);
        }
        for Member { user_id, role } in members {
            let member = MemberRow { team_id: row.id, user_id: user_id.into(), role: role.as_str() };
            diesel::insert_into(team_members::table).values(member).execute(c).await?;
        }
        c.record(&event).await?;
        Ok(InsertOutcome::Inserted)
    })
}
