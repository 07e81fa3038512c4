//! Counting a wrong guess in one statement, and so in one round trip. The challenge's row decides: it is looked at again
//! once whoever guesses at the same time is done with it.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment};
use diesel::sql_types::SmallInt;

use crate::db::PgConn;
use crate::error::DbError;
use crate::one_row::OneRow;
use crate::ports::spend_attempt::{MAX_ATTEMPTS, SpendAttempt};
use crate::types::{Id, Instant};

impl SpendAttempt {
    /// How many guesses at the challenge were wrong by now, if it could still be completed.
    pub(crate) async fn run(self, connection: &mut PgConn) -> Result<Option<i16>, DbError> {
        Ok(self.one(connection).await.optional()?)
    }
}

impl Query for SpendAttempt {
    type SqlType = SmallInt;
}

impl QueryFragment<Pg> for SpendAttempt {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "WITH spent AS (UPDATE challenges c SET failed_attempts = c.failed_attempts + 1 \
            WHERE c.completed_at IS NULL AND c.cancelled_at IS NULL AND c.id = ",
        );
        out.push_bind_param::<Id, _>(&self.challenge)?;
        out.push_sql(" AND c.expires_at > ");
        out.push_bind_param::<Instant, _>(&self.at)?;
        out.push_sql(" AND c.failed_attempts < ");
        out.push_bind_param::<SmallInt, _>(&MAX_ATTEMPTS)?;
        out.push_sql(" RETURNING c.failed_attempts), recorded AS (");
        self.event.push_record_for("spent", &mut out)?;
        out.push_sql(") SELECT failed_attempts FROM spent");
        Ok(())
    }
}
