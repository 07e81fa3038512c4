use crate::audit::{DirectoryFeed, Origin};
use crate::directory::{ChangeError, DirectoryRecord, DirectoryService};
use crate::user::User;

impl DirectoryService {
    /// Adds somebody whom the directory delivers. Whoever it removed earlier under the same name is another person.
    ///
    /// # Errors
    /// [`ChangeError::Taken`] when somebody has that user name or external id, [`ChangeError::Store`].
    pub async fn create_user(&self, record: &DirectoryRecord, origin: &Origin) -> Result<User, ChangeError> {
        self.add(record, DirectoryFeed::Scim, origin).await?.ok_or(ChangeError::Taken)
    }
}
