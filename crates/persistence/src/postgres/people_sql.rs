//! The statements for a page of people. Each has one text for each kind of question, and is prepared once for each
//! connection.
//!
//! What is bound stands behind `SELECT`, and `OFFSET 0` and `MATERIALIZED` where the planner is not to look through. It
//! then expects the same of every value, and takes the index for which the statement was written, whatever it believes
//! to know of these people.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, SmallInt, Text};
use muster_domain::user::{Role, Source};

use crate::types::{DbId, Id};

/// `active` and `reach`.
pub(super) type Group = (bool, i16);

#[derive(Clone)]
pub(super) struct Sought {
    pub(super) pattern: String,
    pub(super) grams: Vec<String>,
}

#[derive(Clone, Copy)]
pub(super) enum Way {
    /// By name. Everybody who stands there fits.
    InOrder,
    /// By name, looking at so many at the most whether they fit.
    OneByOne(i64),
    /// Those whose texts have what is sought.
    ByText,
    /// The members of the team.
    ByTeam,
}

#[derive(Clone)]
pub(super) struct Page {
    pub(super) after: Option<String>,
    pub(super) role: Option<Role>,
    pub(super) groups: Option<Vec<Group>>,
    pub(super) sought: Option<Sought>,
    pub(super) team: Option<DbId>,
    pub(super) size: i64,
    pub(super) way: Way,
}

const COLUMNS: &str =
    "users.id, users.user_name, users.display_name, users.email, users.role, users.active, users.reach";
const SEARCHED: &str = ", users.user_name_key, users.search_key";
/// Of what the text consists of, what is rare: in no more than half of some people's texts, or all of it. The index would
/// look for each of what everybody has, like the company's domain, beside each that was found of the rest.
const SAMPLE: &str = "WITH sample AS MATERIALIZED (SELECT search_key FROM users \
        WHERE users.source = 'scim' AND users.removed_at IS NULL ORDER BY users.user_name_key LIMIT (SELECT 100)), \
    asked AS MATERIALIZED (SELECT gram, 2 * (SELECT count(*) FROM sample WHERE strpos(search_key, gram) > 0) \
        > (SELECT count(*) FROM sample) AS is_common FROM unnest((SELECT ";
const RARE: &str = ")) AS gram) SELECT array_agg(gram) FROM asked \
    WHERE NOT is_common OR (SELECT bool_and(is_common) FROM asked)";
/// True of everybody. But the planner takes those of whom it is asked for few, and so for their own place in the index, not
/// for some whom it finds soon among all the others.
const FEW: &str = " AND users.reach BETWEEN (SELECT 0) AND (SELECT 7)";
const BY_NAME: &str = " ORDER BY users.user_name_key LIMIT (SELECT ";

impl Query for Page {
    type SqlType = ((Id, Text, Text, Nullable<Text>, Text, Bool), SmallInt, Bool, Bool);
}

impl QueryId for Page {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Page {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match &self.way {
            Way::InOrder => {
                push(&mut out, &["SELECT ", COLUMNS, ", TRUE, FALSE FROM ("]);
                self.push_people(&mut out)?;
                out.push_sql(") AS users");
            }
            Way::OneByOne(look) => {
                push(&mut out, &["SELECT ", COLUMNS, ", users.fits, users.place = (SELECT "]);
                out.push_bind_param::<BigInt, _>(look)?;
                out.push_sql(") FROM (SELECT users.*, ");
                self.push_fits(&mut out)?;
                out.push_sql(
                    " AS fits FROM (SELECT users.*, row_number() OVER (ORDER BY users.user_name_key) AS place FROM (",
                );
                self.push_people(&mut out)?;
                push(&mut out, &[") AS users", BY_NAME]);
                out.push_bind_param::<BigInt, _>(look)?;
                out.push_sql(")) AS users ORDER BY users.user_name_key OFFSET 0) AS users WHERE users.fits OR users.place = (SELECT ");
                out.push_bind_param::<BigInt, _>(look)?;
                out.push_sql(")");
            }
            Way::ByText => {
                push(&mut out, &["SELECT ", COLUMNS, ", TRUE, FALSE FROM (SELECT * FROM users WHERE TRUE"]);
                if let Some(Sought { pattern, grams }) = &self.sought {
                    push(&mut out, &[" AND search_grams(search_key) @> (", SAMPLE]);
                    out.push_bind_param::<Array<Text>, _>(grams)?;
                    push(&mut out, &[RARE, ") AND search_key LIKE (SELECT "]);
                    out.push_bind_param::<Text, _>(pattern)?;
                    out.push_sql(")");
                }
                out.push_sql(" OFFSET 0) AS users WHERE ");
                self.push_listed(&mut out)?;
                self.push_one_of_the_groups(&mut out);
                if self.team.is_some() {
                    out.push_sql(" AND ");
                    self.push_is_member(&mut out)?;
                }
            }
            Way::ByTeam => {
                push(&mut out, &["SELECT ", COLUMNS, ", TRUE, FALSE FROM (SELECT user_id FROM team_members"]);
                out.push_sql(" WHERE team_id = (SELECT ");
                out.push_bind_param::<Nullable<Id>, _>(&self.team)?;
                out.push_sql(
                    ") OFFSET 0) AS member, LATERAL (SELECT * FROM users WHERE users.id = member.user_id AND ",
                );
                self.push_listed(&mut out)?;
                self.push_one_of_the_groups(&mut out);
                if let Some(Sought { pattern, .. }) = &self.sought {
                    out.push_sql(" AND users.search_key LIKE (SELECT ");
                    out.push_bind_param::<Text, _>(pattern)?;
                    out.push_sql(")");
                }
                out.push_sql(" OFFSET 0) AS users");
            }
        }
        out.push_sql(BY_NAME);
        out.push_bind_param::<BigInt, _>(&self.size)?;
        out.push_sql(")");
        Ok(())
    }
}

impl Page {
    /// People by name: of those that every filter but the text and the team lets through, so many at the most. Each group
    /// gives no more, so that they are merged and not sorted.
    fn push_people<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let most = if let Way::OneByOne(look) = &self.way { look } else { &self.size };
        let each: Vec<Option<Group>> = match self.merged() {
            Some(groups) => groups.iter().copied().map(Some).collect(),
            None => vec![None],
        };
        // Of no group at all, nobody.
        if each.is_empty() {
            push(out, &["SELECT ", COLUMNS, SEARCHED, " FROM users WHERE FALSE"]);
        }
        for (at, group) in each.into_iter().enumerate() {
            out.push_sql(if at == 0 { "(" } else { " UNION ALL (" });
            push(out, &["SELECT ", COLUMNS, SEARCHED, " FROM users WHERE "]);
            self.push_listed(out)?;
            match group {
                Some((active, reach)) => {
                    let active = if active { " AND users.active" } else { " AND NOT users.active" };
                    push(out, &[active, FEW, " AND users.reach = ", &reach.to_string()]);
                }
                None => self.push_one_of_the_groups(out),
            }
            out.push_sql(BY_NAME);
            out.push_bind_param::<BigInt, _>(most)?;
            out.push_sql("))");
        }
        Ok(())
    }

    /// Who is on any list, comes later, and has the role.
    fn push_listed<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push(out, &["users.source = '", Source::Scim.as_str(), "' AND users.removed_at IS NULL"]);
        if let Some(after) = &self.after {
            out.push_sql(" AND users.user_name_key > (SELECT ");
            out.push_bind_param::<Text, _>(after)?;
            out.push_sql(")");
        }
        if let Some(role) = self.role {
            push(out, &[" AND users.role = '", role.as_str(), "'"]);
        }
        Ok(())
    }

    fn push_one_of_the_groups(&self, out: &mut AstPass<'_, '_, Pg>) {
        let Some(groups) = &self.groups else { return };
        out.push_sql(" AND (FALSE");
        for (active, reach) in groups {
            let active = if *active { " OR users.active" } else { " OR NOT users.active" };
            push(out, &[active, " AND users.reach = ", &reach.to_string()]);
        }
        out.push_sql(")");
    }

    fn push_fits<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(TRUE");
        if let Some(Sought { pattern, .. }) = &self.sought {
            out.push_sql(" AND users.search_key LIKE (SELECT ");
            out.push_bind_param::<Text, _>(pattern)?;
            out.push_sql(")");
        }
        if self.team.is_some() {
            out.push_sql(" AND ");
            self.push_is_member(out)?;
        }
        out.push_sql(")");
        Ok(())
    }

    fn push_is_member<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "EXISTS (SELECT FROM team_members WHERE team_members.user_id = users.id AND team_members.team_id = ",
        );
        out.push_bind_param::<Nullable<Id>, _>(&self.team)?;
        out.push_sql(" OFFSET 0)");
        Ok(())
    }
}

fn push(out: &mut AstPass<'_, '_, Pg>, parts: &[&str]) {
    for part in parts {
        out.push_sql(part);
    }
}
