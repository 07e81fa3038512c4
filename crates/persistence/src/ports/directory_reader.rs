use std::collections::HashMap;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::directory::{DirectoryQuery, DirectoryReader, Found, Group, GroupAttribute, UserAttribute};
use muster_domain::user::User;
use muster_domain::{StoreError, TeamId, UserId};

use crate::Store;
use crate::bulk::IDS;
use crate::db::{Db, on_both, with_conn, with_snapshot};
use crate::delivered;
use crate::error::DbError;
use crate::one_row::OneRow;
use crate::ports::directory_filter::Filter;
use crate::ports::directory_sql::Sorting;
use crate::rows::{GroupRow, UserRow};
use crate::schema::{team_members, teams, users};
use crate::types::DbId;

#[async_trait]
impl DirectoryReader for Store {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.reading(move |db| async move {
            let row: Option<UserRow> = with_conn!(&db, |c| {
                let person = users::table.find(DbId::from(id)).filter(delivered::person());
                person.select(UserRow::as_select()).one(c).await.optional()?
            });
            row.map(TryInto::try_into).transpose()
        })
        .await
    }

    async fn users(&self, query: &DirectoryQuery<UserAttribute>) -> Result<Found<User>, StoreError> {
        let query = query.clone();
        self.reading(move |db| users(db, query)).await
    }

    async fn group(&self, id: TeamId, with_members: bool) -> Result<Option<Group>, StoreError> {
        self.reading(move |db| async move {
            with_snapshot!(&db, |c| {
                let group = teams::table.find(DbId::from(id)).filter(delivered::group()).select(GroupRow::as_select());
                let row: Option<GroupRow> = group.one(c).await.optional()?;
                Ok(c.with_members(row.into_iter().collect(), with_members).await?.pop())
            })
        })
        .await
    }

    async fn groups(
        &self,
        query: &DirectoryQuery<GroupAttribute>,
        with_members: bool,
    ) -> Result<Found<Group>, StoreError> {
        let query = query.clone();
        self.reading(move |db| groups(db, query, with_members)).await
    }

    async fn members_among(&self, id: TeamId, people: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let people: Vec<DbId> = people.iter().map(|id| (*id).into()).collect();
        self.reading(move |db| async move {
            let mut found: Vec<DbId> = Vec::new();
            for people in people.chunks(IDS) {
                let members = team_members::table
                    .inner_join(teams::table.on(teams::id.eq(team_members::team_id)))
                    .filter(delivered::group().and(team_members::team_id.eq(DbId::from(id))))
                    .filter(team_members::user_id.eq_any(people))
                    .select(team_members::user_id);
                found.extend(with_conn!(&db, |c| members.load::<DbId>(c).await?));
            }
            Ok(found.into_iter().map(Into::into).collect())
        })
        .await
    }

    async fn known_among(&self, people: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let people: Vec<DbId> = people.iter().map(|id| (*id).into()).collect();
        self.reading(move |db| async move {
            let mut found: Vec<DbId> = Vec::new();
            for people in people.chunks(IDS) {
                let known = users::table.filter(delivered::person()).filter(users::id.eq_any(people)).select(users::id);
                found.extend(with_conn!(&db, |c| known.load::<DbId>(c).await?));
            }
            Ok(found.into_iter().map(Into::into).collect())
        })
        .await
    }
}

async fn users(db: Db, query: DirectoryQuery<UserAttribute>) -> Result<Found<User>, DbError> {
    let (filter, sorting) = (Filter::of(query.filter.as_ref()), Sorting::of(query.sort, "users.id"));
    with_snapshot!(&db, |c| {
        let fitting = users::table.filter(delivered::person()).filter(filter);
        let page = fitting.clone().order(sorting).offset(query.skip.into()).limit(query.count.into());
        let rows: Vec<UserRow> = page.select(UserRow::as_select()).load(c).await?;
        let total = match total_of(&query, rows.len()) {
            Some(total) => total,
            None => fitting.count().one::<i64>(c).await?.unsigned_abs(),
        };
        Ok(Found { total, items: rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()? })
    })
}

async fn groups(db: Db, query: DirectoryQuery<GroupAttribute>, with_members: bool) -> Result<Found<Group>, DbError> {
    let (filter, sorting) = (Filter::of(query.filter.as_ref()), Sorting::of(query.sort, "teams.id"));
    with_snapshot!(&db, |c| {
        let fitting = teams::table.filter(delivered::group()).filter(filter);
        let page = fitting.clone().order(sorting).offset(query.skip.into()).limit(query.count.into());
        let rows: Vec<GroupRow> = page.select(GroupRow::as_select()).load(c).await?;
        let total = match total_of(&query, rows.len()) {
            Some(total) => total,
            None => fitting.count().one::<i64>(c).await?.unsigned_abs(),
        };
        Ok(Found { total, items: c.with_members(rows, with_members).await? })
    })
}

/// How many there are in all, where the page tells: it is not full, and does not begin behind the last. 0 where the query
/// does not ask.
fn total_of<A>(query: &DirectoryQuery<A>, found: usize) -> Option<u64> {
    if !query.counted {
        return Some(0);
    }
    let is_last = found < usize::from(query.count) && (found > 0 || query.skip == 0);
    is_last.then(|| u64::from(query.skip) + found as u64)
}

on_both! {
    trait Groups {
        /// These groups, with their members if they are asked for, in the order of their ids.
        async fn with_members(conn, rows: Vec<GroupRow>, is_asked: bool) -> Vec<Group> {
            let mut members: HashMap<DbId, Vec<UserId>> = HashMap::new();
            let ids: Vec<DbId> = if is_asked { rows.iter().map(|row| row.id).collect() } else { Vec::new() };
            for ids in ids.chunks(IDS) {
                let places = team_members::table
                    .filter(team_members::team_id.eq_any(ids))
                    .order((team_members::team_id, team_members::user_id))
                    .select((team_members::team_id, team_members::user_id));
                for (team, person) in places.load::<(DbId, DbId)>(conn).await? {
                    members.entry(team).or_default().push(person.into());
                }
            }
            let groups = rows.into_iter().map(|row| {
                let members = members.remove(&row.id).unwrap_or_default();
                row.into_group(members)
            });
            Ok(groups.collect())
        }
    }
}
