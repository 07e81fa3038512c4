use std::collections::HashMap;

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::team::Membership;
use muster_domain::user::{UserQuery, UserSummary, fold};

use crate::db::{Db, with_snapshot};
use crate::delivered;
use crate::error::DbError;
use crate::facts::Memberships;
use crate::ports::on_call::can_be_on_call;
use crate::rows::SummaryRow;
use crate::schema::{team_members, teams, users};
use crate::types::DbId;

/// One page of people and the places of all of them in two statements.
pub(super) async fn people_list(db: Db, query: UserQuery) -> Result<Vec<UserSummary>, DbError> {
    with_snapshot!(&db, |c| {
        let mut found = users::table
            .filter(delivered::person())
            .select((SummaryRow::as_select(), can_be_on_call(query.required)))
            .into_boxed();
        if let Some(search) = query.search {
            found = found.filter(users::search_key.like(containing(&fold(&search))).escape('\\'));
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
            found = found.filter(can_be_on_call(query.required).eq(can));
        }
        if let Some(after) = query.after {
            found = found.filter(users::user_name_key.gt(after.0));
        }
        let page = found.order(users::user_name_key).limit(i64::from(query.limit.get()) + 1);
        let page: Vec<(SummaryRow, bool)> = page.load(c).await?;

        let ids: Vec<DbId> = page.iter().map(|(person, _)| person.id).collect();
        let mut teams: HashMap<DbId, Vec<Membership>> = HashMap::new();
        for row in c.membership_rows(&ids).await? {
            teams.entry(row.user_id).or_default().push(row.try_into()?);
        }
        page.into_iter()
            .map(|(person, can)| {
                let teams = teams.remove(&person.id).unwrap_or_default();
                person.into_summary(can, teams)
            })
            .collect()
    })
}

/// A `LIKE` pattern for texts that contain `text`, in which nothing is a wildcard.
fn containing(text: &str) -> String {
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
