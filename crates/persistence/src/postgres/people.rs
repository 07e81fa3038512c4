//! A page of people that costs the same however many people there are (adr/0022): which way is taken to it.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::TeamId;
use muster_domain::user::{Role, UserQuery};

use crate::db::PgConn;
use crate::error::DbError;
use crate::one_row::OneRow;
use crate::ports::people_list::{Listed, containing, reaches};
use crate::postgres::people_sql::{Group, Page, Sought, Way};
use crate::rows::SummaryRow;
use crate::schema::{team_members, teams};
use crate::types::DbId;

/// A team with more members is not read as a whole before it was tried to do without.
const LARGE_TEAM: i64 = 2_000;
/// How many people are looked at, one after the other, before their index is asked for those who fit. Most texts either
/// fit so many that a page is full soon, or so few that the index has them at once.
const FEW: i64 = 250;
/// How many when some of the first few fit. Of 100,000, fewer than one in a hundred are found quicker by the index.
const MANY: i64 = 5_000;
const SOME: usize = 3;

/// Somebody who was looked at: whether they fit, and whether they are the last of as many as were to be looked at.
type Looked = (SummaryRow, i16, bool, bool);

/// A page, and the first of the next. The search is folded and not empty.
pub(crate) async fn page(conn: &mut PgConn, query: UserQuery) -> Result<Vec<Listed>, DbError> {
    let mut page = Page {
        after: query.after.as_ref().map(|after| after.0.clone()),
        role: query.role,
        groups: groups(&query),
        sought: query.search.as_deref().map(sought),
        team: query.team.map(DbId::from),
        size: i64::from(query.limit.get()) + 1,
        way: Way::InOrder,
    };
    let is_large = match query.team {
        Some(team) => match is_large(conn, team).await? {
            Some(is_large) => is_large,
            None => return Ok(Vec::new()),
        },
        None => false,
    };
    if page.team.is_some() && !is_large {
        page.way = Way::ByTeam;
    } else if page.sought.is_some() || page.team.is_some() {
        for look in [FEW, MANY] {
            page.way = Way::OneByOne(look);
            let looked: Vec<Looked> = page.clone().load(conn).await?;
            let is_all = !looked.iter().any(|(.., is_last)| *is_last);
            let fitting = looked.into_iter().filter(|(_, _, fits, _)| *fits).map(|(person, reach, ..)| (person, reach));
            let fitting: Vec<Listed> = fitting.collect();
            if is_all || fitting.len() > usize::from(query.limit.get()) {
                return Ok(fitting);
            }
            if fitting.len() < SOME {
                break;
            }
        }
        page.way = if page.sought.is_some() { Way::ByText } else { Way::ByTeam };
    }
    let found: Vec<Looked> = page.load(conn).await?;
    Ok(found.into_iter().map(|(person, reach, ..)| (person, reach)).collect())
}

/// Whether a team has many members; `None` when it is none that is shown.
async fn is_large(conn: &mut PgConn, team: TeamId) -> Result<Option<bool>, DbError> {
    let team = DbId::from(team);
    let more = team_members::table.filter(team_members::team_id.eq(team)).offset(LARGE_TEAM);
    let team = teams::table.find(team).filter(teams::active).select(exists(more));
    Ok(team.one(conn).await.optional()?)
}

/// The people of each `active` and `reach` stand in the index in order: these are merged. `None` when all of them fit.
/// Admins are few, and have an index of their own.
fn groups(query: &UserQuery) -> Option<Vec<Group>> {
    if query.active.is_none() && query.can_be_on_call.is_none() {
        return None;
    }
    let able = reaches(query.required);
    let all = std::iter::once((false, 0)).chain((0..8).map(|reach| (true, reach)));
    let fitting = all.filter(|(active, reach)| {
        query.active.is_none_or(|wanted| wanted == *active)
            && query.can_be_on_call.is_none_or(|can| able.contains(reach) == can)
    });
    Some(fitting.collect())
}

/// A text and what it consists of, by what the index keeps of each text: three characters and the next three, the last
/// three, or all of a shorter one.
fn sought(text: &str) -> Sought {
    let letters: Vec<char> = text.chars().collect();
    let size = letters.len().min(3);
    let all = letters.chunks_exact(size.max(1)).chain(std::iter::once(&letters[letters.len() - size..]));
    let mut grams: Vec<String> = all.map(|gram| gram.iter().collect()).collect();
    grams.sort_unstable();
    grams.dedup();
    Sought { pattern: containing(text), grams }
}

impl Page {
    /// Whether people are merged from the groups, and not taken from the admins or from all.
    pub(super) fn merged(&self) -> Option<&[Group]> {
        self.groups.as_deref().filter(|_| self.role != Some(Role::Admin))
    }
}
