//! Everything on record about a person in one statement: their row, and beside it one JSON object with the rows of the
//! other tables. One statement sees one state of the store, so it needs no transaction around it.

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use muster_domain::session::RefreshCandidate;
use muster_domain::user::ProfileFacts;

use crate::db::PgConn;
use crate::error::DbError;
use crate::facts::Records;
use crate::rows::{SessionRow, TokenRow, UserRow};
use crate::schema::{refresh_tokens, sessions, users};
use crate::types::{DbId, Hash};

/// A [`Records`] as JSON, of the person in the row of `users` beside it. Its text is always the same, so that the
/// statement it is in is prepared once for each connection; diesel prepares a `sql` literal each time.
#[derive(Clone, Copy, QueryId)]
struct RecordsJson;

/// Bytes are `\x…` and times RFC 3339 in PostgreSQL's JSON, whatever the client's settings but those of [`super`].
const RECORDS: &str = "json_build_object(\
    'proofs', (SELECT coalesce(json_agg(p), '[]') FROM proofs p WHERE p.user_id = users.id), \
    'devices', (SELECT coalesce(json_agg(d ORDER BY d.created_at, d.id), '[]') FROM devices d \
        WHERE d.user_id = users.id), \
    'challenges', (SELECT coalesce(json_agg(c), '[]') FROM challenges c WHERE c.user_id = users.id), \
    'preferences', (SELECT row_to_json(p) FROM preferences p WHERE p.user_id = users.id), \
    'teams', (SELECT coalesce(json_agg(json_build_object(\
        'user_id', m.user_id, 'role', m.role, 'id', t.id, 'name', t.name) ORDER BY t.name_key, t.id), '[]') \
        FROM team_members m JOIN teams t ON t.id = m.team_id WHERE m.user_id = users.id AND t.active))::text";

impl Expression for RecordsJson {
    type SqlType = Text;
}

impl<From> AppearsOnTable<From> for RecordsJson {}
impl<From> SelectableExpression<From> for RecordsJson {}

impl ValidGrouping<()> for RecordsJson {
    type IsAggregate = is_aggregate::No;
}

impl QueryFragment<Pg> for RecordsJson {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(RECORDS);
        Ok(())
    }
}

pub(crate) async fn profile(connection: &mut PgConn, id: DbId) -> Result<Option<ProfileFacts>, DbError> {
    let person = users::table.find(id).select((UserRow::as_select(), RecordsJson));
    let found: Option<(UserRow, String)> = person.first(connection).await.optional()?;
    found.map(|(user, json)| records(&json)?.facts(user)).transpose()
}

pub(crate) async fn refresh_candidate(
    connection: &mut PgConn,
    hash: Hash,
) -> Result<Option<RefreshCandidate>, DbError> {
    let found = refresh_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(refresh_tokens::hash.eq(hash))
        .select((TokenRow::as_select(), SessionRow::as_select(), UserRow::as_select(), RecordsJson));
    let found: Option<(TokenRow, SessionRow, UserRow, String)> = found.first(connection).await.optional()?;
    let Some((token, session, user, json)) = found else {
        return Ok(None);
    };
    let profile = records(&json)?.facts(user)?;
    Ok(Some(RefreshCandidate { token: token.into(), session: session.try_into()?, profile }))
}

fn records(json: &str) -> Result<Records, DbError> {
    serde_json::from_str(json).map_err(|_| DbError::inconsistent("users", "a record holds what its type cannot be"))
}
