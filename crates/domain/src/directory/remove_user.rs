use crate::UserId;
use crate::audit::{AuditChange, AuditEvent, DirectoryFeed, Origin};
use crate::directory::{ChangeError, DirectoryService, UpdateOutcome, UserRemoval};

impl DirectoryService {
    /// Removes somebody whom the directory deletes: deactivated, without anything that proves or reaches them, hidden
    /// from it and from lists. What the audit trail says of them stays. `expected` and `client` are as in
    /// [`amend_user`](Self::amend_user).
    ///
    /// # Errors
    /// Of [`ChangeError`] all but `Taken`.
    pub async fn remove_user(
        &self,
        id: UserId,
        expected: Option<i64>,
        client: &str,
        origin: &Origin,
    ) -> Result<(), ChangeError> {
        for _ in 0..Self::TRIES {
            let user = self.reader.user(id).await?.ok_or(ChangeError::NotFound)?;
            if expected.is_some_and(|version| version != user.version) {
                return Err(ChangeError::PreconditionFailed);
            }
            let now = self.clock.now();
            let feed = DirectoryFeed::Scim;
            let mut changes = Vec::new();
            if user.active {
                changes.push(AuditChange::UserDeactivated { feed });
            }
            changes.push(AuditChange::UserRemoved { feed });
            let event = |change| AuditEvent::new(now, &*self.entropy, origin, Some(id), change);
            let events: Vec<AuditEvent> = changes.iter().map(event).collect();
            let brake = if user.active { self.brake(client, id, now, origin) } else { None };
            let removal = UserRemoval { id, expected_version: user.version, brake, at: now };
            match self.directory.remove_user(&removal, &events).await? {
                UpdateOutcome::Updated => return Ok(()),
                UpdateOutcome::Braked => return Err(ChangeError::Braked),
                UpdateOutcome::Stale | UpdateOutcome::Taken => {}
            }
        }
        Err(ChangeError::Contended)
    }
}
