use diesel::query_builder::QueryId;
use muster_domain::session::RotateOutcome;

use crate::db::{Db, with_statement};
use crate::error::DbError;
use crate::rows::{AuditRow, TokenRow};
use crate::types::{Hash, Ts};

/// A token's rotation: its successor, whose parent is the token that was presented, and that one's own parent.
#[derive(Clone, QueryId)]
pub(crate) struct Rotate {
    pub(crate) presented: Hash,
    pub(crate) parent: Option<Hash>,
    pub(crate) successor: TokenRow,
    pub(crate) at: Ts,
    pub(crate) event: AuditRow,
}

pub(super) async fn rotate(db: Db, rotation: Rotate) -> Result<RotateOutcome, DbError> {
    let rotated = with_statement!(db, pg | c | rotation.run(c).await, sqlite | c | rotate_on_sqlite(c, rotation))?;
    Ok(if rotated { RotateOutcome::Rotated } else { RotateOutcome::Overtaken })
}

/// What decides is read before anything is written: nobody else writes meanwhile.
#[cfg(feature = "sqlite")]
fn rotate_on_sqlite(c: &mut diesel::SqliteConnection, rotation: Rotate) -> Result<bool, DbError> {
    use diesel::dsl::{exists, select};
    use diesel::prelude::*;

    use crate::ports::sessions::live;
    use crate::schema::{audit_events, refresh_tokens, sessions, users};

    let Rotate { presented, parent, successor, at, event } = rotation;
    let session = successor.session_id;
    let working = refresh_tokens::session_id.eq(session).and(refresh_tokens::superseded_at.is_null());
    let possible = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .inner_join(refresh_tokens::table.on(refresh_tokens::session_id.eq(sessions::id)))
        .filter(sessions::id.eq(session).and(users::active).and(refresh_tokens::hash.eq(presented)))
        .filter(live(at))
        .filter(working);
    if !select(exists(possible)).get_result::<bool>(c)? {
        return Ok(false);
    }
    diesel::update(sessions::table.find(session)).set(sessions::last_used_at.eq(at)).execute(c)?;
    if let Some(parent) = parent {
        diesel::update(refresh_tokens::table.find(parent).filter(working))
            .set(refresh_tokens::superseded_at.eq(at))
            .execute(c)?;
    }
    diesel::insert_into(refresh_tokens::table).values(successor).on_conflict_do_nothing().execute(c)?;
    diesel::insert_into(audit_events::table).values(event).execute(c)?;
    Ok(true)
}
