use crate::audit::{DirectoryFeed, Origin};
use crate::directory::{ChangeError, DirectoryRecord, DirectoryService, UpdateOutcome};
use crate::user::User;

impl DirectoryService {
    /// Adds somebody whom the directory delivers. Whoever it removed earlier under the same name is another person. A
    /// person who signed in first, and whom no directory has delivered yet, is taken over with all they have (see
    /// [`KnownPeople::target`](crate::directory::KnownPeople::target)). `client` is as in
    /// [`amend_user`](Self::amend_user).
    ///
    /// # Errors
    /// [`ChangeError::Taken`] when somebody whom the directory knows has that user name or external id,
    /// [`ChangeError::Braked`], [`ChangeError::Contended`], [`ChangeError::Store`].
    pub async fn create_user(
        &self,
        record: &DirectoryRecord,
        client: &str,
        origin: &Origin,
    ) -> Result<User, ChangeError> {
        let feed = DirectoryFeed::Scim;
        for _ in 0..Self::TRIES {
            let known = self.directory.find_people(&record.key()).await?;
            let Some(before) = known.target() else {
                match self.add(record, feed, origin).await? {
                    Some(user) => return Ok(user),
                    None => continue,
                }
            };
            if !before.awaits_directory() || known.is_taken_from(before.id) {
                return Err(ChangeError::Taken);
            }
            let Some(mut planned) = self.plan(before, record, feed, origin) else {
                return Ok(before.clone());
            };
            self.merge(&mut planned, known.duplicates_of(before.id), feed, origin);
            if planned.update.deactivates {
                planned.update.brake = self.brake(client, before.id, planned.update.at, origin);
            }
            match self.directory.update_user(&planned.update, &planned.events).await? {
                UpdateOutcome::Updated => return Ok(planned.update.user),
                UpdateOutcome::Braked => return Err(ChangeError::Braked),
                UpdateOutcome::Stale | UpdateOutcome::Taken => {}
            }
        }
        Err(ChangeError::Contended)
    }
}
