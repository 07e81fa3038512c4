//! Opening a session in one statement, and so in one round trip.
//!
//! As in [`super::rotate`], what decides is a row that is locked: it is looked at again once its last writer is done, and
//! whoever deactivates the person or removes the device meanwhile waits, and finds the session.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment};
use diesel::sql_types::{BigInt, Nullable};
use diesel_async::RunQueryDsl;
use muster_domain::session::IssueOutcome;

use crate::db::PgConn;
use crate::error::DbError;
use crate::ports::issue::Issue;
use crate::types::Id;

impl Issue {
    pub(crate) async fn run(self, connection: &mut PgConn) -> Result<IssueOutcome, DbError> {
        let (people, sessions): (i64, i64) = self.get_result(connection).await?;
        Ok(match (people, sessions) {
            (0, _) => IssueOutcome::NoUser,
            (_, 0) => IssueOutcome::NoDevice,
            _ => IssueOutcome::Issued,
        })
    }
}

impl Query for Issue {
    type SqlType = (BigInt, BigInt);
}

impl QueryFragment<Pg> for Issue {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH person AS (SELECT u.id FROM users u WHERE u.id = ");
        out.push_bind_param::<Id, _>(&self.session.user_id)?;
        out.push_sql(
            " AND u.active FOR SHARE), \
            device AS (SELECT d.id FROM devices d JOIN person p ON p.id = d.user_id WHERE d.id = ",
        );
        out.push_bind_param::<Nullable<Id>, _>(&self.session.device_id)?;
        out.push_sql(
            " FOR SHARE OF d), \
            opened AS (INSERT INTO sessions (id, user_id, device_name, device_id, created_at, last_used_at, expires_at, \
            revoked_at, revoke_reason) SELECT ",
        );
        self.session.push(&mut out)?;
        out.push_sql(" FROM person WHERE ");
        out.push_bind_param::<Nullable<Id>, _>(&self.session.device_id)?;
        out.push_sql(
            " IS NULL OR EXISTS (SELECT FROM device) RETURNING id), \
            stored AS (INSERT INTO refresh_tokens (hash, session_id, parent, salt, superseded_at, created_at, \
            successor_key) SELECT ",
        );
        self.token.push(&mut out)?;
        out.push_sql(" FROM opened), recorded AS (");
        self.event.push_record_for("opened", &mut out)?;
        out.push_sql(") SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM opened)");
        Ok(())
    }
}
