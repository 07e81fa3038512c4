//! Teams as the directory makes and changes them. People are locked before the team, and the team before its places.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::audit::AuditEvent;
use muster_domain::directory::{GroupUpdate, InsertOutcome, UpdateOutcome};
use muster_domain::team::{Member, Team};
use muster_domain::user::fold;

use crate::bulk::{Bulk, IDS};
use crate::db::{Db, on_both, with_tx};
use crate::delivered::{self, nobodys_name};
use crate::error::DbError;
use crate::locks::Locks;
use crate::one_row::OneRow;
use crate::ports::directory::unless_taken_meanwhile;
use crate::record::Record;
use crate::rows::{MemberRow, NewTeamRow};
use crate::schema::{team_members, teams};
use crate::types::{DbId, Ts};

pub(super) async fn insert_team(
    db: Db,
    team: Team,
    members: Vec<Member>,
    events: Vec<AuditEvent>,
) -> Result<InsertOutcome, DbError> {
    let row = NewTeamRow::from(&team);
    with_tx!(&db, |c| {
        let are_known = c.share_members(&members).await?;
        let insert = diesel::insert_into(teams::table).values(&row);
        if insert.on_conflict_do_nothing().execute(c).await? == 0 {
            return Ok(InsertOutcome::Taken);
        }
        c.add_members(row.id, &members, are_known).await?;
        c.record(&events).await?;
        Ok(InsertOutcome::Inserted)
    })
}

pub(super) async fn update_group(
    db: Db,
    update: GroupUpdate,
    events: Vec<AuditEvent>,
) -> Result<UpdateOutcome, DbError> {
    let id = DbId::from(update.id);
    let name_key = fold(&update.name);
    let updated = with_tx!(&db, |c| {
        let are_known = c.share_members(&update.added).await?;
        let Some((version, name, key, external_id)) = c.lock_group(id).await?.pop() else {
            return Ok(UpdateOutcome::Stale);
        };
        let as_expected = match update.expected_version {
            Some(expected) => expected == version,
            None => {
                (&name, &external_id) == (&update.name, &update.external_id)
                    && c.are_places_as_expected(&update).await?
            }
        };
        if !as_expected {
            return Ok(UpdateOutcome::Stale);
        }
        if (&key, &external_id) != (&name_key, &update.external_id) {
            let others = teams::table
                .filter(teams::id.ne(id))
                .filter(teams::name_key.eq(&name_key).or(teams::external_id.eq(&update.external_id)));
            if others.count().one::<i64>(c).await? > 0 {
                return Ok(UpdateOutcome::Taken);
            }
        }
        let change = (
            teams::name.eq(&update.name),
            teams::name_key.eq(&name_key),
            teams::external_id.eq(&update.external_id),
            teams::version.eq(teams::version + 1),
            teams::updated_at.eq(Ts::from(update.at)),
        );
        diesel::update(teams::table.find(id)).set(change).execute(c).await?;
        let removed: Vec<DbId> = update.removed.iter().map(|id| (*id).into()).collect();
        c.drop_members(id, removed).await?;
        c.add_members(id, &update.added, are_known).await?;
        c.record(&events).await?;
        Ok(UpdateOutcome::Updated)
    });
    unless_taken_meanwhile("teams", updated)
}

pub(super) async fn remove_group(
    db: Db,
    id: DbId,
    expected_version: i64,
    at: Ts,
    events: Vec<AuditEvent>,
) -> Result<UpdateOutcome, DbError> {
    with_tx!(&db, |c| {
        let group = teams::table.find(id).filter(teams::version.eq(expected_version)).filter(delivered::group());
        let gone = (
            teams::active.eq(false),
            teams::name_key.eq(nobodys_name(id)),
            teams::external_id.eq(None::<String>),
            teams::version.eq(teams::version + 1),
            teams::updated_at.eq(at),
        );
        if diesel::update(group).set(gone).execute(c).await? == 0 {
            return Ok(UpdateOutcome::Stale);
        }
        let places = team_members::table.filter(team_members::team_id.eq(id)).order(team_members::user_id);
        let members: Vec<DbId> = places.select(team_members::user_id).load(c).await?;
        c.drop_members(id, members).await?;
        c.record(&events).await?;
        Ok(UpdateOutcome::Updated)
    })
}

on_both! {
    trait Membership {
        /// Whether all of them are on record; if so, nobody removes them until the transaction ends.
        async fn share_members(conn, members: &[Member]) -> bool {
            let mut people: Vec<DbId> = members.iter().map(|member| member.user_id.into()).collect();
            people.sort_unstable();
            people.dedup();
            let mut known = 0;
            for some in people.chunks(IDS) {
                known += conn.share_people(some.to_vec()).await?.len();
            }
            Ok(known == people.len())
        }

        /// Whether those who come in are not in the group, whose row is locked, and those who go are.
        async fn are_places_as_expected(conn, update: &GroupUpdate) -> bool {
            let mut expected: Vec<DbId> = update.removed.iter().map(|id| (*id).into()).collect();
            let mut named: Vec<DbId> = update.added.iter().map(|member| member.user_id.into()).collect();
            named.extend(&expected);
            named.sort_unstable();
            expected.sort_unstable();
            let mut places = Vec::new();
            for some in named.chunks(IDS) {
                places.extend(conn.lock_members(update.id.into(), some.to_vec()).await?);
            }
            Ok(places == expected)
        }

        async fn add_members(conn, team: DbId, members: &[Member], are_known: bool) -> () {
            if !are_known {
                return Err(DbError::inconsistent("team_members", "a member is not on record"));
            }
            conn.insert_members(MemberRow::of(team, members)).await
        }

        /// Takes people out of a team whose row is locked, against who changes a role in it meanwhile.
        async fn drop_members(conn, team: DbId, people: Vec<DbId>) -> () {
            let mut people = people;
            people.sort_unstable();
            for some in people.chunks(IDS) {
                conn.lock_members(team, some.to_vec()).await?;
                let places = team_members::table.filter(team_members::team_id.eq(team));
                diesel::delete(places.filter(team_members::user_id.eq_any(some))).execute(conn).await?;
            }
            Ok(())
        }
    }
}
