use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::session::{
    Ending, IssueOutcome, Opening, RefreshCandidate, RotateOutcome, Rotation, Session, SessionStore, StoredToken,
    TokenHash,
};
use muster_domain::{SessionId, StoreError, UserId};
use time::OffsetDateTime;

use crate::MemoryStore;
use crate::memory::State;

#[async_trait]
impl SessionStore for MemoryStore {
    async fn issue(&self, opening: &Opening, event: &AuditEvent) -> Result<IssueOutcome, StoreError> {
        let Opening { session, token, presented, max, surplus } = opening;
        let (owner, at) = (session.user_id, session.created_at);
        let mut state = self.open()?;
        if state.active_user(owner).is_none() {
            return Ok(IssueOutcome::NoUser);
        }
        let mut live = state.live_sessions(owner, at);
        if presented.is_some_and(|id| live.iter().all(|session| session.id != id)) {
            return Ok(IssueOutcome::SessionEnded);
        }
        let is_owned = |id| state.devices.get(&id).is_some_and(|device| device.user_id == owner);
        if session.device_id.is_some_and(|id| !is_owned(id)) {
            return Ok(IssueOutcome::NoDevice);
        }
        state.sessions.insert(session.id, session.clone());
        state.tokens.insert(token.hash, (session.id, *token));
        state.trail.push(event.clone());
        live.truncate((live.len() + 1).saturating_sub(*max as usize));
        let most_idle: Vec<SessionId> = live.iter().map(|session| session.id).collect();
        state.end_by(owner, &most_idle, surplus);
        Ok(IssueOutcome::Issued)
    }

    async fn load_for_refresh(&self, hash: &TokenHash) -> Result<Option<RefreshCandidate>, StoreError> {
        let state = self.open()?;
        let Some((session_id, token)) = state.tokens.get(hash).copied() else {
            return Ok(None);
        };
        let session = state.sessions.get(&session_id).cloned();
        let candidate = session.and_then(|session| {
            let profile = state.profile(session.user_id)?;
            Some(RefreshCandidate { token, session, profile })
        });
        candidate.map(Some).ok_or_else(|| StoreError::inconsistent("a refresh token without a session or an owner"))
    }

    async fn rotate(&self, rotation: &Rotation, event: &AuditEvent) -> Result<RotateOutcome, StoreError> {
        let Rotation { session_id, presented, parent, successor, successor_salt, successor_key, at } = *rotation;
        let mut state = self.open()?;
        let works = matches!(state.tokens.get(&presented), Some((id, token)) if *id == session_id && token.superseded_at.is_none());
        let live = state.live_session(session_id, at).map(|session| session.user_id);
        if !works || live.is_none_or(|owner| state.active_user(owner).is_none()) {
            return Ok(RotateOutcome::Overtaken);
        }
        let token = StoredToken {
            hash: successor,
            parent: Some(presented),
            salt: successor_salt,
            successor_key: Some(successor_key),
            superseded_at: None,
        };
        state.tokens.entry(successor).or_insert((session_id, token));
        if let Some((_, parent)) = parent.and_then(|parent| state.tokens.get_mut(&parent)) {
            parent.superseded_at.get_or_insert(at);
        }
        if let Some(session) = state.sessions.get_mut(&session_id) {
            session.last_used_at = at;
        }
        state.trail.push(event.clone());
        Ok(RotateOutcome::Rotated)
    }

    async fn revoke(
        &self,
        user_id: UserId,
        id: SessionId,
        ending: &Ending,
        events: &[AuditEvent],
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        if state.live_session(id, ending.at).is_none_or(|session| session.user_id != user_id) {
            return Ok(false);
        }
        state.trail.extend_from_slice(events);
        state.end_by(user_id, &[id], ending);
        Ok(true)
    }

    async fn find_family(&self, hash: &TokenHash) -> Result<Option<(SessionId, UserId)>, StoreError> {
        let state = self.open()?;
        let session = state.tokens.get(hash).and_then(|(id, _)| state.sessions.get(id));
        Ok(session.map(|session| (session.id, session.user_id)))
    }

    async fn list(&self, user_id: UserId, at: OffsetDateTime) -> Result<Vec<Session>, StoreError> {
        let state = self.open()?;
        let live = state.sessions.values().filter(|session| session.user_id == user_id && is_live(session, at));
        let mut sessions: Vec<Session> = live.cloned().collect();
        sessions.sort_by_key(|session| std::cmp::Reverse((session.last_used_at, session.id)));
        Ok(sessions)
    }
}

impl State {
    fn live_session(&mut self, id: SessionId, at: OffsetDateTime) -> Option<&mut Session> {
        self.sessions.get_mut(&id).filter(|session| is_live(session, at))
    }
}

pub(super) fn is_live(session: &Session, at: OffsetDateTime) -> bool {
    session.revocation.is_none() && at < session.expires_at
}
