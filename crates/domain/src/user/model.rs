use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::UserId;
use crate::user::{EmailAddress, Phone};
use crate::verification::Fingerprint;

/// What a person may do on the platform as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "String")]
pub enum Role {
    /// Sees everyone, changes roles, reads the audit trail.
    Admin,
    /// Sees and changes what is their own.
    User,
}

impl Role {
    /// `admin` or `user`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Admin, Self::User].into_iter().find(|role| role.as_str() == name)
    }
}

/// Where a person's profile comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// The company directory, over SCIM or as a file.
    Scim,
    /// Made here: a break-glass account.
    Local,
}

impl Source {
    /// `scim` or `local`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scim => "scim",
            Self::Local => "local",
        }
    }

    /// The source of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Scim, Self::Local].into_iter().find(|source| source.as_str() == name)
    }
}

/// Contacts as the directory sent them, without invisible characters; each `None` where it is what was understood.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct GivenContacts {
    /// A text that is no e-mail address: then the person has none.
    pub email: Option<String>,
    /// A number as it was written, before it was normalized.
    pub phone: Option<String>,
}

/// A person, as the directory describes them and as Muster ranks them.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// The directory's own id of the person, unique when present.
    pub external_id: Option<String>,
    /// The sign-in name, unique without regard to case (see [`fold`]).
    pub user_name: String,
    /// The name to show.
    pub display_name: String,
    /// First name.
    pub given_name: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// Where e-mail goes.
    pub email: Option<EmailAddress>,
    /// Where text messages go.
    pub phone: Option<Phone>,
    /// What the directory sent as contacts, where it is not what was understood.
    pub given: GivenContacts,
    /// Keyed fingerprint of the normalized e-mail address; present exactly when `email` is.
    pub email_fingerprint: Option<Fingerprint>,
    /// Keyed fingerprint of the phone number; present exactly when `phone` is deliverable.
    pub phone_fingerprint: Option<Fingerprint>,
    /// The time zone as the directory names it; [`TimeZone::from_directory`](crate::preferences::TimeZone::from_directory)
    /// understands it.
    pub time_zone: Option<String>,
    /// BCP 47 language tag, as the directory gave it.
    pub locale: Option<String>,
    /// Platform role.
    pub role: Role,
    /// Whether the person may sign in and can be on call.
    pub active: bool,
    /// Where the profile comes from.
    pub source: Source,
    /// Whether a sign-in added the person, before the directory delivered them (`MUSTER_OIDC_CREATE_USERS`).
    pub signed_in_first: bool,
    /// Counts the profile's changes, and moves of its fingerprints to another key, from 1; what an optimistic writer
    /// compares.
    pub version: i64,
    /// When the person was first seen.
    pub created_at: OffsetDateTime,
    /// When the profile or role last changed.
    pub updated_at: OffsetDateTime,
}

impl User {
    /// Whether a sign-in added the person and the directory has not delivered them since. Every delivery raises
    /// `version`, also one that changes nothing else.
    #[must_use]
    pub fn awaits_directory(&self) -> bool {
        self.signed_in_first && self.version == 1
    }

    /// What must be known about the person on each request.
    #[must_use]
    pub fn account(&self) -> Account {
        Account { id: self.id, role: self.role, active: self.active, source: self.source }
    }

    /// Somebody active of whom nothing else is known yet, at version 0.
    pub(crate) fn nameless(id: UserId, source: Source, role: Role, now: OffsetDateTime) -> Self {
        Self {
            id,
            external_id: None,
            user_name: String::new(),
            display_name: String::new(),
            given_name: None,
            family_name: None,
            email: None,
            phone: None,
            given: GivenContacts::default(),
            email_fingerprint: None,
            phone_fingerprint: None,
            time_zone: None,
            locale: None,
            role,
            active: true,
            source,
            signed_in_first: false,
            version: 0,
            created_at: now,
            updated_at: now,
        }
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("version", &self.version).finish_non_exhaustive()
    }
}

/// What must be known about a person on each request: the role and whether they may act at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Who.
    pub id: UserId,
    /// Platform role, as it is now.
    pub role: Role,
    /// A deactivated person is refused, whatever token they hold.
    pub active: bool,
    /// Whether they are the directory's or a break-glass admin.
    pub source: Source,
}

/// Folds a user name or an e-mail address for comparison without case: trimmed, Unicode lower case.
/// Both engines compare the folded text byte by byte, so that they agree.
#[must_use]
pub fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

impl TryFrom<String> for Role {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::from_name(&name).ok_or("must be admin or user")
    }
}
