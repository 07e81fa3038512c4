//! Opening a session in one statement, and so in one round trip.
//!
//! As in [`super::rotate`], what decides is a row that is locked: it is looked at again once its last writer is done, and
//! a transaction that deactivates the person, ends the presented session or removes the device meanwhile waits, and
//! finds the new session. How many sessions the person has is no row. So all who open one for a person, or end one,
//! lock the person first, and the count is a function's, which sees what was committed until the lock was got.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment};
use diesel::sql_types::{BigInt, Bool, Nullable};
use muster_domain::session::IssueOutcome;

use crate::db::PgConn;
use crate::error::DbError;
use crate::one_row::OneRow;
use crate::ports::issue::Issue;
use crate::types::{Id, Instant};

/// Whether the person is active, the presented session is live, the device is the person's, and the session was opened.
type Decided = (bool, bool, bool, bool);

impl Issue {
    /// What came of it; `None` when the person has as many sessions as they may.
    pub(crate) async fn run(self, connection: &mut PgConn) -> Result<Option<IssueOutcome>, DbError> {
        let decided: Decided = self.one(connection).await?;
        Ok(match decided {
            (false, ..) => Some(IssueOutcome::NoUser),
            (_, false, ..) => Some(IssueOutcome::SessionEnded),
            (_, _, false, _) => Some(IssueOutcome::NoDevice),
            (_, _, _, false) => None,
            (true, true, true, true) => Some(IssueOutcome::Issued),
        })
    }
}

impl Query for Issue {
    type SqlType = (Bool, Bool, Bool, Bool);
}

impl QueryFragment<Pg> for Issue {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH person AS (SELECT u.id FROM users u WHERE u.id = ");
        out.push_bind_param::<Id, _>(&self.session.user_id)?;
        out.push_sql(
            " AND u.active FOR NO KEY UPDATE), \
            presenter AS (SELECT s.id FROM sessions s JOIN person p ON p.id = s.user_id WHERE s.id = ",
        );
        out.push_bind_param::<Nullable<Id>, _>(&self.presented)?;
        out.push_sql(" AND s.revoked_at IS NULL AND s.expires_at > ");
        out.push_bind_param::<Instant, _>(&self.session.created_at)?;
        out.push_sql(
            " FOR SHARE OF s), \
            device AS (SELECT d.id FROM devices d JOIN person p ON p.id = d.user_id WHERE d.id = ",
        );
        out.push_bind_param::<Nullable<Id>, _>(&self.session.device_id)?;
        out.push_sql(" FOR SHARE OF d), decided AS (SELECT EXISTS (SELECT FROM person) AS person, ");
        out.push_bind_param::<Nullable<Id>, _>(&self.presented)?;
        out.push_sql(" IS NULL OR EXISTS (SELECT FROM presenter) AS presenter, ");
        out.push_bind_param::<Nullable<Id>, _>(&self.session.device_id)?;
        out.push_sql(
            " IS NULL OR EXISTS (SELECT FROM device) AS device), \
            opened AS (INSERT INTO sessions (id, user_id, device_name, device_id, created_at, last_used_at, expires_at, \
            revoked_at, revoke_reason) SELECT ",
        );
        self.session.push(&mut out)?;
        out.push_sql(" FROM person p, decided d WHERE d.presenter AND d.device AND live_sessions_of(p.id, ");
        out.push_bind_param::<Instant, _>(&self.session.created_at)?;
        out.push_sql(") < ");
        out.push_bind_param::<BigInt, _>(&self.max)?;
        out.push_sql(
            " RETURNING id), \
            stored AS (INSERT INTO refresh_tokens (hash, session_id, parent, salt, superseded_at, created_at, \
            successor_key) SELECT ",
        );
        self.token.push(&mut out)?;
        out.push_sql(" FROM opened), recorded AS (");
        self.event.push_record_for("opened", &mut out)?;
        out.push_sql(") SELECT d.person, d.presenter, d.device, EXISTS (SELECT FROM opened) FROM decided d");
        Ok(())
    }
}
