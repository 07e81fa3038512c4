//! Everything on record about a person in one statement: their row, and beside it one JSON object with the rows of the
//! other tables. One statement sees one state of the store, so it needs no transaction around it.

use std::sync::LazyLock;

use diesel::dsl::AsSelect;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::result::Error::QueryBuilderError;
use diesel::sql_types::{self, Binary};
use muster_domain::session::RefreshCandidate;
use muster_domain::user::ProfileFacts;
use uuid::Uuid;

use crate::db::PgConn;
use crate::error::DbError;
use crate::facts::Records;
use crate::one_row::OneRow;
use crate::rows::{SessionRow, TokenRow, UserRow};
use crate::schema::{refresh_tokens, sessions, users};
use crate::types::{DbId, Hash, Id};

/// A [`Records`] as JSON, of the person in the row of `users` beside it.
#[derive(Clone, Copy, QueryId)]
struct RecordsJson;

/// Times are RFC 3339 in PostgreSQL's JSON, whatever the session's settings. Bytes are as `bytea_output` says, and are
/// read in both forms.
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
    type SqlType = sql_types::Text;
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

type Person = (AsSelect<UserRow, Pg>, RecordsJson);
type Candidate = (AsSelect<TokenRow, Pg>, AsSelect<SessionRow, Pg>, AsSelect<UserRow, Pg>, RecordsJson);

/// The text of a query before its one parameter and after it. Diesel walks all parts of a query twice each time that it
/// runs, and these have so many that it took longer than all the rest that is done with the answer.
type Text = LazyLock<Option<(String, String)>>;

fn text_of(query: &impl QueryFragment<Pg>) -> Option<(String, String)> {
    let mut text = PgQueryBuilder::new();
    query.to_sql(&mut text, &Pg).ok()?;
    let text = text.finish();
    text.split_once("$1").map(|(before, after)| (before.to_owned(), after.to_owned()))
}

fn around(text: &Text) -> QueryResult<&(String, String)> {
    text.as_ref().ok_or_else(|| QueryBuilderError("a query of one parameter has another form".into()))
}

/// The person of an id.
#[derive(QueryId)]
struct PersonOf(DbId);

impl Query for PersonOf {
    type SqlType = <Person as Expression>::SqlType;
}

impl QueryFragment<Pg> for PersonOf {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        static TEXT: Text = LazyLock::new(|| {
            text_of(&users::table.find(DbId(Uuid::nil())).select((UserRow::as_select(), RecordsJson)))
        });
        let (before, after) = around(&TEXT)?;
        out.push_sql(before);
        out.push_bind_param::<Id, _>(&self.0)?;
        out.push_sql(after);
        Ok(())
    }
}

/// The refresh token of a hash, with its session and their owner.
#[derive(QueryId)]
struct CandidateOf(Hash);

impl Query for CandidateOf {
    type SqlType = <Candidate as Expression>::SqlType;
}

impl QueryFragment<Pg> for CandidateOf {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        static TEXT: Text = LazyLock::new(|| {
            let tokens = refresh_tokens::table
                .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
                .inner_join(users::table.on(users::id.eq(sessions::user_id)));
            let with_owner = (TokenRow::as_select(), SessionRow::as_select(), UserRow::as_select(), RecordsJson);
            text_of(&tokens.filter(refresh_tokens::hash.eq(Hash([0; 32]))).select(with_owner))
        });
        let (before, after) = around(&TEXT)?;
        out.push_sql(before);
        out.push_bind_param::<Binary, _>(&self.0)?;
        out.push_sql(after);
        Ok(())
    }
}

pub(crate) async fn profile(connection: &mut &PgConn, id: DbId) -> Result<Option<ProfileFacts>, DbError> {
    let found: Option<(UserRow, String)> = PersonOf(id).one(connection).await.optional()?;
    found.map(|(user, json)| records(&json)?.facts(user)).transpose()
}

pub(crate) async fn refresh_candidate(
    connection: &mut &PgConn,
    hash: Hash,
) -> Result<Option<RefreshCandidate>, DbError> {
    let found: Option<(TokenRow, SessionRow, UserRow, String)> = CandidateOf(hash).one(connection).await.optional()?;
    let Some((token, session, user, json)) = found else {
        return Ok(None);
    };
    let profile = records(&json)?.facts(user)?;
    Ok(Some(RefreshCandidate { token: token.into(), session: session.try_into()?, profile }))
}

fn records(json: &str) -> Result<Records, DbError> {
    serde_json::from_str(json).map_err(|_| DbError::inconsistent("users", "a record holds what its type cannot be"))
}
