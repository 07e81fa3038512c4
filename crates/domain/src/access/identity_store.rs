use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::audit::AuditEvent;
use crate::directory::Duplicate;
use crate::user::{Account, User};
use crate::{StoreError, UserId};

/// What a token says of whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityKey {
    /// The provider (`iss`).
    pub issuer: String,
    /// The provider's id of the person (`sub`).
    pub subject: String,
    /// The user names that the person may have, the decisive one first.
    pub logins: Vec<String>,
    /// The verified e-mail address, folded.
    pub email: Option<String>,
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityKey(redacted)")
    }
}

/// A person whom a token may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The person.
    pub account: Account,
    /// See [`User::awaits_directory`].
    pub awaits_directory: bool,
    /// The person's version, for a change that depends on it.
    pub version: i64,
}

/// Everyone whom a token may mean. Which of them it is, the domain decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidates {
    /// The person of the directory whose external id is the subject.
    pub by_external_id: Option<Candidate>,
    /// The person that issuer and subject are bound to, active or not. Somebody whom the directory removed is not active.
    pub bound: Option<Candidate>,
    /// The people of the directory whose user name is one of the logins, in the order of the logins, each with the index
    /// of its login.
    pub by_user_name: Vec<(usize, Candidate)>,
}

/// What a token and a person have in common.
#[derive(Clone, PartialEq, Eq)]
pub enum Grounds {
    /// The person's external id is the token's subject.
    ExternalId,
    /// The person's user name is one that the token has.
    UserName {
        /// The name, as the token has it.
        name: String,
        /// When the token was made.
        issued_at: Option<OffsetDateTime>,
    },
}

impl Grounds {
    /// `externalId` or `userName`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::ExternalId => "externalId",
            Self::UserName { .. } => "userName",
        }
    }
}

impl fmt::Debug for Grounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grounds({})", self.as_str())
    }
}

/// A subject that is to stand for a person from now on.
#[derive(Clone, PartialEq, Eq)]
pub struct Binding {
    /// The provider.
    pub issuer: String,
    /// The provider's id of the person.
    pub subject: String,
    /// The person.
    pub user_id: UserId,
    /// Why.
    pub grounds: Grounds,
    /// The person that the subject is bound to now; `None` when it is bound to none.
    pub instead_of: Option<UserId>,
    /// That person, when they are a duplicate that goes away with it.
    pub duplicate: Option<Duplicate>,
    /// When.
    pub at: OffsetDateTime,
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("user_id", &self.user_id)
            .field("grounds", &self.grounds)
            .finish_non_exhaustive()
    }
}

/// What came of a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindOutcome {
    /// The subject stands for the person.
    Bound,
    /// Nothing is written: another person had the name, and the token is not known to be newer than that.
    Outdated,
    /// Nothing is written: the person, the duplicate or the subject's binding changed meanwhile.
    Stale,
}

/// What came of adding a person who signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdmitOutcome {
    /// The person is on record.
    Admitted,
    /// Nothing is written: a person of the directory has one of the names or the subject now.
    Known,
    /// Nothing is written: a name or the subject was another person's, or belongs to an account that the token cannot
    /// stand for.
    Refused,
}

/// Which subject of an identity provider stands for which person.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait IdentityStore: Send + Sync {
    /// Everyone whom a token may mean, in one round trip. External ids compare byte by byte, user names without regard
    /// to case. A local account is never a candidate. Never a stale answer: what another call has committed is seen.
    async fn candidates(&self, key: &IdentityKey) -> Result<Candidates, StoreError>;

    /// Binds a subject to an active person of the directory and writes `events`, all or nothing, while
    ///
    /// - the person still has the external id or the user name of `grounds`, else [`BindOutcome::Stale`];
    /// - the subject is bound to `instead_of` (to no person when that is `None`), else [`BindOutcome::Stale`];
    /// - a `duplicate` is at its version, else [`BindOutcome::Stale`]. It goes away as in
    ///   [`DirectoryStore::update_user`](crate::directory::DirectoryStore::update_user).
    ///
    /// A token speaks by a user name that another person had before only when it was made after that person lost the
    /// name, else the outcome is [`BindOutcome::Outdated`]. A token that does not say when it was made never does.
    ///
    /// Of many such calls at once for one subject that is bound to no person, exactly one is [`BindOutcome::Bound`].
    async fn bind(&self, binding: &Binding, events: &[AuditEvent]) -> Result<BindOutcome, StoreError>;

    /// Adds a person who signed in, binds issuer and subject to them, remembers the logins as names of theirs, and
    /// writes `events`: all or nothing, and only while of everyone else on record
    ///
    /// - no person has a login as user name or the subject as external id, and the subject is bound to no person, else
    ///   [`AdmitOutcome::Known`];
    /// - no person has the e-mail address as user name or e-mail address, has a login as e-mail address, or had one of
    ///   these or the subject before (removed or not), else [`AdmitOutcome::Refused`]. A login that is a local account's
    ///   user name is refused, too.
    ///
    /// However many such calls, renames, removals and deliveries run at once, these conditions hold at the moment of
    /// the addition.
    async fn admit(&self, person: &User, key: &IdentityKey, events: &[AuditEvent]) -> Result<AdmitOutcome, StoreError>;
}
