use diesel_async::RunQueryDsl;
use muster_domain::session::{Ending, IssueOutcome};

use crate::db::{Db, with_tx};
use crate::error::DbError;
use crate::locks::Locks;
use crate::ports::endings::Endings;
use crate::ports::issue::Issue;
use crate::schema::{audit_events, refresh_tokens, sessions};

/// Opens a session, and ends those that are then more than the most.
pub(super) async fn issue_in_place_of_another(
    db: Db,
    opening: Issue,
    surplus: Ending,
) -> Result<IssueOutcome, DbError> {
    let Issue { session, token, presented, max, event } = opening;
    let (owner, at) = (session.user_id, session.created_at);
    with_tx!(&db, |c| {
        if !c.lock_contacts(owner).await?.iter().any(|(is_active, ..)| *is_active) {
            return Ok(IssueOutcome::NoUser);
        }
        let mut live = c.live_sessions(owner, at).await?;
        if presented.is_some_and(|id| !live.contains(&id)) {
            return Ok(IssueOutcome::SessionEnded);
        }
        if let Some(device) = session.device_id
            && !c.share_device(device).await?.contains(&owner)
        {
            return Ok(IssueOutcome::NoDevice);
        }
        diesel::insert_into(sessions::table).values(session).execute(c).await?;
        diesel::insert_into(refresh_tokens::table).values(token).execute(c).await?;
        diesel::insert_into(audit_events::table).values(event).execute(c).await?;
        let left = usize::try_from(max).unwrap_or(usize::MAX);
        live.truncate((live.len() + 1).saturating_sub(left));
        c.end_by(owner, &live, &surplus).await?;
        Ok(IssueOutcome::Issued)
    })
}
