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
    with_statement!(db, pg | c | opening.run(c).await, sqlite | c | issue_on_sqlite(c, opening))
}

/// What decides is read before anything is written: nobody else writes meanwhile.
#[cfg(feature = "sqlite")]
fn issue_on_sqlite(c: &mut diesel::SqliteConnection, opening: Issue) -> Result<IssueOutcome, DbError> {
    use diesel::dsl::{exists, select};
    use diesel::prelude::*;

    use crate::schema::{audit_events, devices, refresh_tokens, sessions, users};

    let Issue { session, token, event } = opening;
    if !select(exists(users::table.find(session.user_id).filter(users::active))).get_result::<bool>(c)? {
        return Ok(IssueOutcome::NoUser);
    }
    if let Some(device) = session.device_id {
        let own = devices::table.find(device).filter(devices::user_id.eq(session.user_id));
        if !select(exists(own)).get_result::<bool>(c)? {
            return Ok(IssueOutcome::NoDevice);
        }
    }
    diesel::insert_into(sessions::table).values(session).execute(c)?;
    diesel::insert_into(refresh_tokens::table).values(token).execute(c)?;
    diesel::insert_into(audit_events::table).values(event).execute(c)?;
    Ok(IssueOutcome::Issued)
}
