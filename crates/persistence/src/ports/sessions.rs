use async_trait::async_trait;
use diesel::dsl::auto_type;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::audit::AuditEvent;
use muster_domain::session::{
    Ending, IssueOutcome, Opening, RefreshCandidate, RotateOutcome, Rotation, Session, SessionStore, StoredToken,
    TokenHash,
};
use muster_domain::{SessionId, StoreError, UserId};
use time::OffsetDateTime;

use crate::Store;
use crate::db::{with_conn, with_lookup, with_tx};
use crate::locks::Locks;
use crate::one_row::OneRow;
use crate::ports::endings::Endings;
use crate::ports::issue::{Issue, issue};
use crate::ports::issue_at_limit::issue_in_place_of_another;
use crate::ports::rotate::{Rotate, rotate};
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::record::Record;
use crate::rows::{SessionRow, TokenRow};
use crate::schema::{refresh_tokens, sessions};
#[cfg(feature = "sqlite")]
use crate::sqlite;
use crate::types::{DbId, Hash, Ts};

#[async_trait]
impl SessionStore for Store {
    async fn issue(&self, opening: &Opening, event: &AuditEvent) -> Result<IssueOutcome, StoreError> {
        let Opening { session, token, presented, max, surplus } = opening.clone();
        let token = TokenRow::new(session.id, &token, session.created_at);
        let (session, presented) = (SessionRow::from(&session), presented.map(DbId::from));
        let opening = Issue { session, token, presented, max: max.into(), event: event.into() };
        if let Some(outcome) = self
            .detached({
                let opening = opening.clone();
                move |db| issue(db, opening)
            })
            .await?
        {
            return Ok(outcome);
        }
        self.detached(move |db| issue_in_place_of_another(db, opening, surplus)).await
    }

    async fn load_for_refresh(&self, hash: &TokenHash) -> Result<Option<RefreshCandidate>, StoreError> {
        let hash = Hash::from(*hash);
        self.asking(move |db| async move {
            with_lookup!(
                &db,
                pg | c | postgres::person::refresh_candidate(c, hash).await,
                sqlite | c | sqlite::person::refresh_candidate(c, hash).await
            )
        })
        .await
    }

    async fn rotate(&self, rotation: &Rotation, event: &AuditEvent) -> Result<RotateOutcome, StoreError> {
        let Rotation { session_id, presented, parent, successor, successor_salt: salt, successor_key, at } = *rotation;
        let successor_key = Some(successor_key);
        let successor =
            StoredToken { hash: successor, parent: Some(presented), salt, successor_key, superseded_at: None };
        let rotation = Rotate {
            presented: presented.into(),
            parent: parent.map(Into::into),
            successor: TokenRow::new(session_id, &successor, at),
            at: at.into(),
            event: event.into(),
        };
        self.detached(move |db| rotate(db, rotation)).await
    }

    async fn revoke(
        &self,
        user_id: UserId,
        id: SessionId,
        ending: &Ending,
        events: &[AuditEvent],
    ) -> Result<bool, StoreError> {
        let (user_id, id) = (DbId::from(user_id), DbId::from(id));
        let (ending, events) = (ending.clone(), events.to_vec());
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                c.lock_user(user_id).await?;
                if !c.live_sessions(user_id, ending.at.into()).await?.contains(&id) {
                    return Ok(false);
                }
                c.record(&events).await?;
                c.end_by(user_id, &[id], &ending).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn find_family(&self, hash: &TokenHash) -> Result<Option<(SessionId, UserId)>, StoreError> {
        let hash = Hash::from(*hash);
        self.asking(move |db| async move {
            let family = refresh_tokens::table
                .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
                .filter(refresh_tokens::hash.eq(hash))
                .select((sessions::id, sessions::user_id));
            let row: Option<(DbId, DbId)> = with_lookup!(&db, |c| family.one(c).await.optional()?);
            Ok(row.map(|(session, owner)| (session.into(), owner.into())))
        })
        .await
    }

    async fn list(&self, user_id: UserId, at: OffsetDateTime) -> Result<Vec<Session>, StoreError> {
        let (user_id, at) = (DbId::from(user_id), Ts::from(at));
        self.reading(move |db| async move {
            let rows: Vec<SessionRow> = with_conn!(&db, |c| {
                let own = sessions::table.filter(sessions::user_id.eq(user_id)).filter(live(at));
                let last_used_first = own.order((sessions::last_used_at.desc(), sessions::id.desc()));
                last_used_first.select(SessionRow::as_select()).load(c).await?
            });
            rows.into_iter().map(Session::try_from).collect()
        })
        .await
    }
}

/// Sessions that are neither ended nor expired.
#[auto_type]
pub(crate) fn live(at: Ts) -> _ {
    sessions::revoked_at.is_null().and(sessions::expires_at.gt(at))
}
