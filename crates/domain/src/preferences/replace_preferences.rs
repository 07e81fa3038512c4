use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::preferences::{PreferenceService, Preferences, StoredPreferences};
use crate::{FieldError, StoreError, UserId};

/// What must be stored for a replacement to happen (RFC 9110, section 13.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// Anything.
    None,
    /// One of these versions.
    AnyOf(Vec<i64>),
}

/// Why preferences were not replaced.
#[derive(Debug, thiserror::Error)]
pub enum ReplacePreferencesError {
    /// The document breaks rules.
    #[error("the preferences break {} rules", .0.len())]
    Invalid(Vec<FieldError>),
    /// What is stored is not what the caller last saw.
    #[error("the stored preferences are at version {current}")]
    PreconditionFailed {
        /// The version that is stored.
        current: i64,
    },
    /// Others kept changing it meanwhile; the caller may try again.
    #[error("the preferences changed too often meanwhile")]
    Contended,
    /// The store failed.
    #[error("could not replace the preferences")]
    Store(#[from] StoreError),
}

impl PreferenceService {
    /// How often a replacement without a precondition is tried when others change the document at the same time.
    const TRIES: usize = 8;

    /// Replaces the whole document, records what it was and what it became, and returns what is stored now.
    /// A document equal to the stored one changes nothing and is not recorded.
    ///
    /// # Errors
    /// See [`ReplacePreferencesError`].
    pub async fn replace(
        &self,
        user_id: UserId,
        document: Preferences,
        precondition: &Precondition,
        origin: &Origin,
    ) -> Result<StoredPreferences, ReplacePreferencesError> {
        document.check(self.channels).map_err(ReplacePreferencesError::Invalid)?;
        for _ in 0..Self::TRIES {
            let stored = self.preferences.load(user_id).await?;
            let current = stored.unwrap_or_default();
            if let Precondition::AnyOf(versions) = precondition
                && !versions.contains(&current.version)
            {
                return Err(ReplacePreferencesError::PreconditionFailed { current: current.version });
            }
            if current.document == document {
                return Ok(current);
            }
            let change = AuditChange::PreferencesUpdated {
                before: Box::new(current.document),
                after: Box::new(document.clone()),
            };
            let event = AuditEvent::new(self.clock.now(), &*self.entropy, origin, Some(user_id), &change);
            if self.preferences.replace(user_id, current.version, &document, &event).await? {
                return Ok(StoredPreferences { version: current.version + 1, document });
            }
        }
        Err(ReplacePreferencesError::Contended)
    }
}
