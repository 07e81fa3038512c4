use crate::audit::{Origin, RevokeReason};
use crate::session::{Ending, RefreshToken, Session, SessionService};
use crate::{SessionId, StoreError, UserId};

impl SessionService {
    /// A person's live sessions, the one that was used last first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, user_id: UserId) -> Result<Vec<Session>, StoreError> {
        self.sessions.list(user_id, self.clock.now()).await
    }

    /// Ends one of a person's live sessions. `false` when they have no such one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke(&self, user_id: UserId, id: SessionId, origin: &Origin) -> Result<bool, StoreError> {
        self.end(user_id, id, RevokeReason::RevokedByOwner, origin).await
    }

    /// Ends every live session of a person for the operator, and returns how many that were.
    ///
    /// # Errors
    /// When the store fails; sessions that were ended by then stay ended.
    pub async fn revoke_all(&self, user_id: UserId, origin: &Origin) -> Result<usize, StoreError> {
        let mut ended = 0;
        for session in self.list(user_id).await? {
            ended += usize::from(self.end(user_id, session.id, RevokeReason::RevokedByOperator, origin).await?);
        }
        Ok(ended)
    }

    /// Ends the session that a token belongs to. A token that is unknown or already dead ends nothing, and that is
    /// well: whoever signs out wants it dead.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sign_out(&self, token: &RefreshToken, origin: &Origin) -> Result<(), StoreError> {
        if let Some((id, owner)) = self.sessions.find_family(&self.hasher.hash(token)).await? {
            self.end(owner, id, RevokeReason::SignedOut, &origin.by_user(owner)).await?;
        }
        Ok(())
    }

    async fn end(
        &self,
        user_id: UserId,
        id: SessionId,
        reason: RevokeReason,
        origin: &Origin,
    ) -> Result<bool, StoreError> {
        let ending = Ending::new(reason, Some(user_id), self.clock.now(), &*self.entropy, origin);
        self.sessions.revoke(user_id, id, &ending, &[]).await
    }
}
