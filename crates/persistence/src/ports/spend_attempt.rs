use diesel::dsl::auto_type;
use diesel::prelude::*;
use diesel::query_builder::QueryId;
use muster_domain::verification::Challenge;

use crate::db::{Db, with_statement};
use crate::error::DbError;
use crate::rows::AuditRow;
use crate::schema::challenges;
use crate::types::{DbId, Ts};

pub(crate) const MAX_ATTEMPTS: i16 = Challenge::MAX_ATTEMPTS as i16;

/// A wrong guess at a challenge.
#[derive(Clone, QueryId)]
pub(crate) struct SpendAttempt {
    pub(crate) challenge: DbId,
    pub(crate) at: Ts,
    pub(crate) event: AuditRow,
}

pub(super) async fn spend_attempt(db: Db, guess: SpendAttempt) -> Result<Option<u8>, DbError> {
    let spent = with_statement!(db, pg | c | guess.run(c).await, sqlite | c | spend_on_sqlite(c, guess))?;
    let spent = spent.map(u8::try_from).transpose();
    spent.map_err(|_| DbError::inconsistent("challenges", "failed_attempts is no small number"))
}

#[cfg(feature = "sqlite")]
fn spend_on_sqlite(c: &mut diesel::SqliteConnection, guess: SpendAttempt) -> Result<Option<i16>, DbError> {
    use crate::schema::audit_events;

    let SpendAttempt { challenge, at, event } = guess;
    let spent: Option<i16> = diesel::update(challenges::table.filter(live(challenge, at)))
        .set(challenges::failed_attempts.eq(challenges::failed_attempts + 1))
        .returning(challenges::failed_attempts)
        .get_result(c)
        .optional()?;
    if spent.is_some() {
        diesel::insert_into(audit_events::table).values(event).execute(c)?;
    }
    Ok(spent)
}

/// The challenge of that id while a code completes it.
#[auto_type]
pub(super) fn live(id: DbId, at: Ts) -> _ {
    let max: i16 = MAX_ATTEMPTS;
    challenges::id
        .eq(id)
        .and(challenges::completed_at.is_null())
        .and(challenges::cancelled_at.is_null())
        .and(challenges::expires_at.gt(at))
        .and(challenges::failed_attempts.lt(max))
}
