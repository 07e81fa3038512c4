use diesel::query_builder::QueryId;
use muster_domain::session::IssueOutcome;

use crate::db::{Db, with_statement};
use crate::error::DbError;
use crate::rows::{AuditRow, SessionRow, TokenRow};

/// A session that is opened, with its first refresh token.
#[derive(Clone, QueryId)]
pub(crate) struct Issue {
    pub(crate) session: SessionRow,
    pub(crate) token: TokenRow,
    pub(crate) event: AuditRow,
}

pub(super) async fn issue(db: Db, opening: Issue) -> Result<IssueOutcome, DbError> {
    with_statement!(db, pg | c | opening.run(c).await, sqlite | c | issue_on_sqlite(c, opening).await)
}

/// What decides is read before anything is written: nobody else writes meanwhile.
#[cfg(feature = "sqlite")]
async fn issue_on_sqlite(c: &mut crate::db::SqliteConn, opening: Issue) -> Result<IssueOutcome, DbError> {
    use diesel_async::RunQueryDsl;

    use crate::locks::Locks;
    use crate::schema::{audit_events, refresh_tokens, sessions};

    let Issue { session, token, event } = opening;
    if !c.share_user(session.user_id).await?.iter().any(|(active, ..)| *active) {
        return Ok(IssueOutcome::NoUser);
    }
    if let Some(device) = session.device_id
        && !c.share_device(device).await?.contains(&session.user_id)
    {
        return Ok(IssueOutcome::NoDevice);
    }
    diesel::insert_into(sessions::table).values(session).execute(c).await?;
    diesel::insert_into(refresh_tokens::table).values(token).execute(c).await?;
    diesel::insert_into(audit_events::table).values(event).execute(c).await?;
    Ok(IssueOutcome::Issued)
}
