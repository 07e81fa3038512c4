//! What a migration leaves for after its transaction, so that no table is locked for as long as it takes: indexes of large
//! tables are built `CONCURRENTLY` (adr/0034). Each step can be interrupted and is done again by the next migration.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};

use crate::db::PgConn;
use crate::error::DbError;
use crate::types::{DbId, Id};

/// One step, which is one statement outside a transaction.
pub(crate) struct LateStep {
    /// The migration that it belongs to.
    migration: &'static str,
    index: &'static str,
    kind: Kind,
    pub(crate) sql: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Builds the index.
    Build,
    /// Fills `users.reach`, a few people at a time; what is shown does it at once. The column is filled once the index
    /// is there.
    FillReach,
    /// Drops an index that another one replaced.
    Drop,
}

impl LateStep {
    const fn build(migration: &'static str, index: &'static str, sql: &'static str) -> Self {
        Self { migration, index, kind: Kind::Build, sql }
    }

    /// Its name, like `0006_lists: users_listed`.
    pub(crate) fn name(&self) -> String {
        match self.kind {
            Kind::Build => format!("{}: {}", self.migration, self.index),
            Kind::FillReach => format!("{}: fill users.reach", self.migration),
            Kind::Drop => format!("{}: drop {}", self.migration, self.index),
        }
    }
}

/// All steps, in the order in which they are done.
const STEPS: [LateStep; 9] = [
    LateStep {
        migration: "0006_lists",
        index: "users_listed_by_reach",
        kind: Kind::FillReach,
        sql: "UPDATE users SET reach = reach_of(id, active, email_fingerprint, phone_fingerprint) \
            WHERE reach <> reach_of(id, active, email_fingerprint, phone_fingerprint);",
    },
    LateStep {
        migration: "0006_lists",
        index: "users_listed_by_reach",
        kind: Kind::Build,
        sql: "CREATE INDEX CONCURRENTLY users_listed_by_reach ON users (active, reach, user_name_key) \
            WHERE source = 'scim' AND removed_at IS NULL;",
    },
    LateStep::build(
        "0006_lists",
        "users_listed",
        "CREATE INDEX CONCURRENTLY users_listed ON users (user_name_key) WHERE source = 'scim' AND removed_at IS NULL;",
    ),
    LateStep::build(
        "0006_lists",
        "users_listed_admins",
        "CREATE INDEX CONCURRENTLY users_listed_admins ON users (user_name_key) \
            WHERE source = 'scim' AND removed_at IS NULL AND role = 'admin';",
    ),
    // New texts wait in a list that each search reads through: a short one.
    LateStep::build(
        "0006_lists",
        "users_by_gram",
        "CREATE INDEX CONCURRENTLY users_by_gram ON users USING gin (search_grams(search_key) COLLATE \"C\") \
            WITH (gin_pending_list_limit = 256);",
    ),
    // What a person has of sessions that were not ended; those that were ended are read by their id alone.
    LateStep::build(
        "0009_session_limits",
        "sessions_live_of_user",
        "CREATE INDEX CONCURRENTLY sessions_live_of_user ON sessions (user_id) WHERE revoked_at IS NULL;",
    ),
    LateStep {
        migration: "0009_session_limits",
        index: "sessions_of_user",
        kind: Kind::Drop,
        sql: "DROP INDEX CONCURRENTLY sessions_of_user;",
    },
    LateStep {
        migration: "0009_session_limits",
        index: "sessions_by_user",
        kind: Kind::Drop,
        sql: "DROP INDEX CONCURRENTLY sessions_by_user;",
    },
    // Empty once the servers have recorded the key of each.
    LateStep::build(
        "0011_key_ids",
        "refresh_tokens_without_key",
        "CREATE INDEX CONCURRENTLY refresh_tokens_without_key ON refresh_tokens (hash) \
            WHERE successor_key IS NULL AND superseded_at IS NULL;",
    ),
];

/// How many people are locked at once while their column is filled.
const PEOPLE: i64 = 500;

#[derive(QueryableByName)]
struct IndexState {
    #[diesel(sql_type = BigInt)]
    place: i64,
    /// `None` when there is no such index, `false` when a build of it was interrupted.
    #[diesel(sql_type = Nullable<Bool>)]
    is_valid: Option<bool>,
}

/// The steps that are not done, each with whether an invalid index is in its way.
async fn states(connection: &mut PgConn) -> Result<Vec<(&'static LateStep, Option<bool>)>, DbError> {
    const STATES: &str = "SELECT place, indisvalid AS is_valid \
        FROM unnest($1) WITH ORDINALITY AS given (name, place) \
        LEFT JOIN pg_index ON indexrelid = to_regclass(name)";
    let names: Vec<&str> = STEPS.iter().map(|step| step.index).collect();
    let mut states: Vec<IndexState> = diesel::sql_query(STATES).bind::<Array<Text>, _>(names).load(connection).await?;
    states.sort_by_key(|state| state.place);
    Ok(STEPS.iter().zip(states.into_iter().map(|state| state.is_valid)).collect())
}

/// The steps that are not done yet.
pub(crate) async fn pending(connection: &mut PgConn) -> Result<Vec<&'static LateStep>, DbError> {
    let states = states(connection).await?;
    Ok(states.into_iter().filter(|(step, is_valid)| !is_done(step, *is_valid)).map(|(step, _)| step).collect())
}

/// The indexes of this build that are missing or not whole.
pub(crate) async fn missing(connection: &mut PgConn) -> Result<Vec<&'static str>, DbError> {
    let pending = pending(connection).await?;
    Ok(pending.into_iter().filter(|step| step.kind == Kind::Build).map(|step| step.index).collect())
}

fn is_done(step: &LateStep, is_valid: Option<bool>) -> bool {
    match step.kind {
        Kind::Build | Kind::FillReach => is_valid == Some(true),
        Kind::Drop => is_valid.is_none(),
    }
}

/// Does what is not done yet, and returns the names of those steps.
///
/// An interrupted build leaves an index that is kept up to date and not used. It is dropped and built anew.
pub(crate) async fn run(connection: &mut PgConn) -> Result<Vec<String>, DbError> {
    let mut done = Vec::new();
    for (step, is_valid) in states(connection).await? {
        if is_done(step, is_valid) {
            continue;
        }
        if is_valid == Some(false) && step.kind == Kind::Build {
            connection.batch_execute(&format!("DROP INDEX CONCURRENTLY {}", step.index)).await?;
        }
        match step.kind {
            Kind::FillReach => fill_reach(connection).await?,
            Kind::Build | Kind::Drop => connection.batch_execute(step.sql).await?,
        }
        done.push(step.name());
    }
    Ok(done)
}

#[derive(QueryableByName)]
struct Person {
    #[diesel(sql_type = Id)]
    id: DbId,
}

/// Sets `users.reach` of all people to what it must be, a few people at a time. Its triggers keep it from the moment that
/// the column is there. People are locked first, and their proofs are read by the next statement, which sees what was
/// written by the units of work that had to be waited for.
async fn fill_reach(connection: &mut PgConn) -> Result<(), DbError> {
    const LOCK: &str = "SELECT id FROM users WHERE id > $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE";
    const FILL: &str = "UPDATE users SET reach = now.reach FROM ( \
            SELECT id, reach_of(id, active, email_fingerprint, phone_fingerprint) AS reach \
            FROM users WHERE id = ANY ($1) OFFSET 0 \
        ) AS now WHERE users.id = now.id AND users.reach <> now.reach";
    let mut after = DbId(uuid::Uuid::nil());
    loop {
        let locked = connection
            .transaction::<_, DbError, _>(async |c| {
                let lock = diesel::sql_query(LOCK).bind::<Id, _>(after).bind::<BigInt, _>(PEOPLE);
                let people: Vec<Person> = lock.load(c).await?;
                let ids: Vec<DbId> = people.into_iter().map(|person| person.id).collect();
                diesel::sql_query(FILL).bind::<Array<Id>, _>(&ids).execute(c).await?;
                Ok(ids)
            })
            .await?;
        let Some(last) = locked.last() else { return Ok(()) };
        after = *last;
    }
}
