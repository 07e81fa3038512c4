//! A page of people (adr/0022). SQLite takes one statement and its own way; PostgreSQL's are in [`crate::postgres::people`].

use std::collections::HashMap;

use muster_domain::team::Membership;
use muster_domain::user::{UserQuery, UserSummary, fold};
use muster_domain::verification::{ChannelSet, Method};

use crate::db::{Db, with_snapshot};
use crate::error::DbError;
use crate::facts::Memberships;
#[cfg(feature = "postgres")]
use crate::postgres::people;
use crate::rows::{MembershipRow, SummaryRow};
use crate::types::DbId;

/// Somebody in a list, and their `users.reach`.
pub(crate) type Listed = (SummaryRow, i16);

/// One page of people, and the places of all of them.
pub(super) async fn people_list(db: Db, query: UserQuery) -> Result<Vec<UserSummary>, DbError> {
    let required = bits(query.required);
    let query = UserQuery { search: query.search.map(|text| fold(&text)).filter(|text| !text.is_empty()), ..query };
    with_snapshot!(
        &db,
        pg | c | {
            let page = people::page(c, query).await?;
            let places = c.membership_rows(&ids(&page)).await?;
            summaries(page, required, places)
        },
        sqlite | c | {
            let page = on_sqlite(c, query).await?;
            let places = c.membership_rows(&ids(&page)).await?;
            summaries(page, required, places)
        }
    )
}

fn ids(page: &[Listed]) -> Vec<DbId> {
    page.iter().map(|(person, _)| person.id).collect()
}

fn summaries(page: Vec<Listed>, required: i16, places: Vec<MembershipRow>) -> Result<Vec<UserSummary>, DbError> {
    let mut teams: HashMap<DbId, Vec<Membership>> = HashMap::new();
    for place in places {
        teams.entry(place.user_id).or_default().push(place.try_into()?);
    }
    let summaries = page.into_iter().map(|(person, reach)| {
        let teams = teams.remove(&person.id).unwrap_or_default();
        person.into_summary(reach & required == required, teams)
    });
    summaries.collect()
}

/// Channels as `users.reach` has them.
fn bits(channels: ChannelSet) -> i16 {
    let bit = |method| match method {
        Method::Email => 1,
        Method::Sms => 2,
        Method::Push => 4,
    };
    channels.iter().map(bit).sum()
}

/// What `users.reach` is of the people who can be on call. Nobody can who is not active: a set of channels is never empty.
pub(crate) fn reaches(required: ChannelSet) -> Vec<i16> {
    let required = bits(required);
    (0..8).filter(|reach| reach & required == required).collect()
}

/// A `LIKE` pattern for texts that contain `text`, in which nothing is a wildcard.
pub(crate) fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(feature = "sqlite")]
async fn on_sqlite(conn: &mut crate::db::SqliteConn, query: UserQuery) -> Result<Vec<Listed>, DbError> {
    use diesel::dsl::exists;
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;

    use crate::delivered;
    use crate::schema::{team_members, teams, users};

    let mut found =
        users::table.filter(delivered::person()).select((SummaryRow::as_select(), users::reach)).into_boxed();
    if let Some(search) = query.search {
        found = found.filter(users::search_key.like(containing(&search)).escape('\\'));
    }
    if let Some(role) = query.role {
        found = found.filter(users::role.eq(role.as_str()));
    }
    if let Some(active) = query.active {
        found = found.filter(users::active.eq(active));
    }
    if let Some(team) = query.team {
        let place = team_members::table
            .inner_join(teams::table.on(teams::id.eq(team_members::team_id)))
            .filter(teams::active.and(team_members::team_id.eq(DbId::from(team))))
            .filter(team_members::user_id.eq(users::id));
        found = found.filter(exists(place));
    }
    if let Some(can) = query.can_be_on_call {
        let fits = users::reach.eq_any(reaches(query.required));
        found = found.filter(fits.eq(can));
    }
    if let Some(after) = query.after {
        found = found.filter(users::user_name_key.gt(after.0));
    }
    let page = found.order(users::user_name_key).limit(i64::from(query.limit.get()) + 1);
    Ok(page.load(conn).await?)
}
