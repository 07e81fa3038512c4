//! Rotating a refresh token in one statement, and so in one round trip.
//!
//! It runs at READ COMMITTED, where the whole statement looks at the state before it, but a row that it locks or updates
//! is looked at again, as its last writer left it, once that writer is done. Everything that decides here is such a row:
//! the session, whose lock makes one line of all that rotate in its family, and behind it the presented token, which
//! whoever was first may have superseded. Only when both still are what they must be, the others happen, each of them
//! a step from the row that the one before it gave. An owner is deactivated together with their sessions, so the
//! session's row tells of that too. What has the successor's hash is the index's answer, which knows every row.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment};
use diesel::sql_types::{BigInt, Binary, Nullable};

use crate::db::PgConn;
use crate::error::DbError;
use crate::one_row::OneRow;
use crate::ports::rotate::Rotate;
use crate::types::{Id, Instant};

impl Rotate {
    /// Whether it happened.
    pub(crate) async fn run(self, connection: &mut PgConn) -> Result<bool, DbError> {
        let moved: i64 = self.one(connection).await?;
        Ok(moved == 1)
    }
}

impl Query for Rotate {
    type SqlType = BigInt;
}

impl QueryFragment<Pg> for Rotate {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH family AS (SELECT s.id FROM sessions s WHERE s.id = ");
        out.push_bind_param::<Id, _>(&self.successor.session_id)?;
        out.push_sql(" AND s.revoked_at IS NULL AND s.expires_at > ");
        out.push_bind_param::<Instant, _>(&self.at)?;
        out.push_sql(
            " AND EXISTS (SELECT FROM users u WHERE u.id = s.user_id AND u.active) FOR NO KEY UPDATE), \
            presented AS (SELECT f.id FROM refresh_tokens t JOIN family f ON f.id = t.session_id WHERE t.hash = ",
        );
        out.push_bind_param::<Binary, _>(&self.presented)?;
        out.push_sql(
            " AND t.superseded_at IS NULL FOR NO KEY UPDATE OF t), \
            moved AS (UPDATE sessions s SET last_used_at = ",
        );
        out.push_bind_param::<Instant, _>(&self.at)?;
        out.push_sql(
            " FROM presented p WHERE s.id = p.id RETURNING s.id), \
            superseded AS (UPDATE refresh_tokens t SET superseded_at = ",
        );
        out.push_bind_param::<Instant, _>(&self.at)?;
        out.push_sql(" FROM moved m WHERE t.hash = ");
        out.push_bind_param::<Nullable<Binary>, _>(&self.parent)?;
        out.push_sql(
            " AND t.session_id = m.id AND t.superseded_at IS NULL), \
            stored AS (INSERT INTO refresh_tokens (hash, session_id, parent, salt, superseded_at, created_at, \
            successor_key) SELECT ",
        );
        self.successor.push(&mut out)?;
        out.push_sql(" FROM moved ON CONFLICT DO NOTHING), recorded AS (");
        self.event.push_record_for("moved", &mut out)?;
        out.push_sql(") SELECT count(*) FROM moved");
        Ok(())
    }
}
