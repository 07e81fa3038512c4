use crate::UserId;
use crate::audit::{DirectoryFeed, Origin};
use crate::directory::{ChangeError, DirectoryRecord, DirectoryService, UpdateOutcome};
use crate::user::User;

impl DirectoryService {
    /// Makes of somebody what `record` makes of them as they are, all of it or nothing, and returns them. With
    /// `expected`, only while they are at that version; without, as often as others are faster. `client` is whose
    /// deactivations are counted, see [`Brake`](crate::directory::Brake).
    ///
    /// # Errors
    /// Those of `record`, and those of [`ChangeError`].
    pub async fn amend_user<E: From<ChangeError>>(
        &self,
        id: UserId,
        expected: Option<i64>,
        client: &str,
        origin: &Origin,
        record: impl Fn(&User) -> Result<DirectoryRecord, E> + Send + Sync,
    ) -> Result<User, E> {
        for _ in 0..Self::TRIES {
            let before = self.reader.user(id).await.map_err(ChangeError::Store)?.ok_or(ChangeError::NotFound)?;
            if expected.is_some_and(|version| version != before.version) {
                return Err(ChangeError::PreconditionFailed.into());
            }
            let record = record(&before)?;
            let Some(mut planned) = self.plan(&before, &record, DirectoryFeed::Scim, origin) else {
                return Ok(before);
            };
            if planned.fields.iter().any(|field| ["userName", "externalId"].contains(field)) {
                let known = self.directory.find_people(&record.key()).await.map_err(ChangeError::Store)?;
                if known.is_taken_from(id) {
                    return Err(ChangeError::Taken.into());
                }
                self.merge(&mut planned, known.duplicates_of(id), DirectoryFeed::Scim, origin);
            }
            if planned.update.deactivates {
                planned.update.brake = self.brake(client, id, planned.update.at, origin);
            }
            let outcome = self.directory.update_user(&planned.update, &planned.events).await;
            match outcome.map_err(ChangeError::Store)? {
                UpdateOutcome::Updated => return Ok(planned.update.user),
                UpdateOutcome::Braked => return Err(ChangeError::Braked.into()),
                // Another has the name since: the next look tells whether it is to be had.
                UpdateOutcome::Stale | UpdateOutcome::Taken => {}
            }
        }
        Err(ChangeError::Contended.into())
    }
}
