use diesel::query_builder::QueryId;
use muster_domain::session::IssueOutcome;

use crate::db::{Db, with_statement};
use crate::error::DbError;
use crate::rows::{AuditRow, SessionRow, TokenRow};
use crate::types::DbId;

/// A session that is opened, with its first refresh token.
#[derive(Clone, QueryId)]
pub(crate) struct Issue {
    pub(crate) session: SessionRow,
    pub(crate) token: TokenRow,
    /// The session of the presented credential.
    pub(crate) presented: Option<DbId>,
    /// The most live sessions that a person may have.
    pub(crate) max: i64,
    pub(crate) event: AuditRow,
}

/// Opens a session of somebody who may have one more. `None` when that is the only thing in the way: then another has to
/// end.
pub(super) async fn issue(db: Db, opening: Issue) -> Result<Option<IssueOutcome>, DbError> {
    with_statement!(db, pg | c | opening.run(c).await, sqlite | c | issue_on_sqlite(c, opening))
}

/// What decides is read before anything is written: nobody else writes meanwhile.
#[cfg(feature = "sqlite")]
fn issue_on_sqlite(c: &mut diesel::SqliteConnection, opening: Issue) -> Result<Option<IssueOutcome>, DbError> {
    use diesel::dsl::{exists, select};
    use diesel::prelude::*;

    use crate::ports::sessions::live;
    use crate::schema::{audit_events, devices, refresh_tokens, sessions, users};

    let Issue { session, token, presented, max, event } = opening;
    let (owner, at) = (session.user_id, session.created_at);
    if !select(exists(users::table.find(owner).filter(users::active))).get_result::<bool>(c)? {
        return Ok(Some(IssueOutcome::NoUser));
    }
    let own = || sessions::table.filter(sessions::user_id.eq(owner)).filter(live(at));
    if let Some(presented) = presented
        && !select(exists(own().filter(sessions::id.eq(presented)))).get_result::<bool>(c)?
    {
        return Ok(Some(IssueOutcome::SessionEnded));
    }
    if let Some(device) = session.device_id {
        let own = devices::table.find(device).filter(devices::user_id.eq(owner));
        if !select(exists(own)).get_result::<bool>(c)? {
            return Ok(Some(IssueOutcome::NoDevice));
        }
    }
    if own().count().get_result::<i64>(c)? >= max {
        return Ok(None);
    }
    diesel::insert_into(sessions::table).values(session).execute(c)?;
    diesel::insert_into(refresh_tokens::table).values(token).execute(c)?;
    diesel::insert_into(audit_events::table).values(event).execute(c)?;
    Ok(Some(IssueOutcome::Issued))
}
