use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::audit::AuditEvent;
use crate::directory::{Brake, DirectoryQuery, EngagedBrake, Found, Group, GroupAttribute, UserAttribute};
use crate::notice::Notice;
use crate::team::{Member, Team};
use crate::user::User;
use crate::verification::Method;
use crate::{StoreError, TeamId, UserId};

/// How a directory record names a person.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonKey {
    /// The directory's own id, which decides when it is known.
    pub external_id: Option<String>,
    /// The sign-in name.
    pub user_name: String,
    /// The e-mail address.
    pub email: Option<String>,
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonKey(redacted)")
    }
}

/// Everyone whom a directory record may mean; see [`KnownPeople::target`]. Nobody whom the directory removed. The last three
/// are people who [await the directory](User::awaits_directory).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownPeople {
    /// The person who has the external id.
    pub by_external_id: Option<User>,
    /// The person who has the user name, without regard to case.
    pub by_user_name: Option<User>,
    /// A person to whom a subject is bound that is the external id.
    pub by_subject: Option<User>,
    /// A person who signed in with the user name as one of several names, and has another as user name.
    pub by_login: Option<User>,
    /// The person whose user name is the e-mail address.
    pub by_email: Option<User>,
}

/// A person who signed in before the directory delivered them under another name, and whom the directory does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duplicate {
    /// Which person.
    pub id: UserId,
    /// The version at which they were found.
    pub expected_version: i64,
}

/// What came of adding a person or a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertOutcome {
    /// It is on record.
    Inserted,
    /// Nothing is written: another has that name or external id.
    Taken,
}

/// A change to a person and what follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct UserUpdate {
    /// The person as they are to be, with `version` one more than the stored one. The platform role is not written: it
    /// is not the directory's.
    pub user: User,
    /// The version that the change was worked out from.
    pub expected_version: i64,
    /// The methods whose destination is another one now: their proofs go and their challenges are cancelled.
    pub lost_proofs: Vec<Method>,
    /// Whether the person is deactivated: every live session of theirs ends.
    pub deactivates: bool,
    /// What the deactivation is held to, if it is one and held to anything.
    pub brake: Option<Brake>,
    /// What the person is told about it.
    pub notices: Vec<Notice>,
    /// People who turned out to be this person.
    pub duplicates: Vec<Duplicate>,
    /// When.
    pub at: OffsetDateTime,
}

/// What came of changing a person or a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// The change and everything that follows from it is on record.
    Updated,
    /// Nothing is written: it changed meanwhile, or is gone.
    Stale,
    /// Nothing is written: another has that name or external id.
    Taken,
    /// Nothing is changed, for the client's brake holds; at most the records of [`Brake`] are written.
    Braked,
}

/// A person whom the directory removes.
#[derive(Debug, Clone, PartialEq)]
pub struct UserRemoval {
    /// Who.
    pub id: UserId,
    /// The version that the removal was worked out from.
    pub expected_version: i64,
    /// What the removal of somebody active is held to.
    pub brake: Option<Brake>,
    /// When.
    pub at: OffsetDateTime,
}

/// A change to a team that is a group of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupUpdate {
    /// Which.
    pub id: TeamId,
    /// The version that the change was worked out from. `None` for one that only takes people in and out: it commutes
    /// with others of its kind, and is stale only where `external_id` or `name` is another now, somebody of `added` is in
    /// the group already, or somebody of `removed` is not.
    pub expected_version: Option<i64>,
    /// The directory's own id of it, as it is to be.
    pub external_id: Option<String>,
    /// Its name, as it is to be.
    pub name: String,
    /// Who comes in, with which role; nobody who is in it.
    pub added: Vec<Member>,
    /// Who goes; only who is in it.
    pub removed: Vec<UserId>,
    /// When.
    pub at: OffsetDateTime,
}

/// Keeps people and teams as the directory describes them.
///
/// # Brakes
/// A deactivation or removal of somebody active that bears a [`Brake`] is [`UpdateOutcome::Braked`] while the client's
/// brake is engaged, and engages it when the people whom the client deactivated or removed after `since` and after the
/// last release, this one included and each counted once, would be more than [`Brake::allowed`] of those active before
/// them: the directory's active people now, and those counted, but of both only who was on record at `since`, so that
/// nobody makes room by adding people first. However many run at once, on however many servers, no more than that get
/// through. Whether or not it is the first that is refused, `refused` is written once for each
/// person until the release; `engaged` when the brake engages.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait DirectoryStore: Send + Sync {
    /// How many people are on record, active or not.
    async fn count_users(&self) -> Result<u64, StoreError>;

    /// Everyone whom a record may mean, in one round trip, so that a person who is renamed meanwhile is not missed.
    async fn find_people(&self, key: &PersonKey) -> Result<KnownPeople, StoreError>;

    /// Adds a person and writes `event`, both or neither. Subjects that are bound to a removed person who had, to the
    /// last, the new person's external id are bound to the new person from now on. Of many such calls at once for one
    /// user name, exactly one is [`InsertOutcome::Inserted`].
    async fn insert_user(&self, user: &User, event: &AuditEvent) -> Result<InsertOutcome, StoreError>;

    /// Changes a person while they are still at `expected_version`, removes the proofs and cancels the challenges of
    /// `lost_proofs`, ends the live sessions of somebody who is deactivated and
    /// removes the devices that those are on (the records in `events` stand for both), adds `notices`, and writes `events`: all or
    /// nothing. See [Brakes](DirectoryStore#brakes).
    ///
    /// A user name, external id or e-mail address that the person had before is remembered as theirs. An external id
    /// that is new brings the subjects of removed people along as in [`insert_user`](Self::insert_user).
    ///
    /// Each of `duplicates` goes away as if it were [removed](Self::remove_user), while it is still at its version, else
    /// the outcome is [`UpdateOutcome::Stale`]. Its names are free for this very change, and its subjects are bound to
    /// no person from now on. No brake holds that.
    async fn update_user(&self, update: &UserUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError>;

    /// Deactivates a person, ends their live sessions, takes their contacts and preferences, their proofs, challenges,
    /// devices, places in teams, notices and the role of admin, hides them from the directory, from lists and from sign-in, frees their user name and
    /// external id for others, and writes `events`: all or nothing, and only while they are at `expected_version`. The
    /// row stays, with the names, for the audit trail; the names, the e-mail address and the subjects are remembered as
    /// theirs. See [Brakes](DirectoryStore#brakes).
    async fn remove_user(&self, removal: &UserRemoval, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError>;

    /// The brakes that are engaged, by client.
    async fn engaged_brakes(&self) -> Result<Vec<EngagedBrake>, StoreError>;

    /// Releases a client's brake, begins its count anew, and writes `event`, all or nothing. `false`, and nothing
    /// written, when it is not engaged.
    async fn release_brake(&self, client: &str, at: OffsetDateTime, event: &AuditEvent) -> Result<bool, StoreError>;

    /// Adds a team with its members and writes `events`, all or nothing. [`InsertOutcome::Taken`], and nothing written,
    /// when there is a team of that name (without regard to case) or external id. Every member must be on record.
    async fn insert_team(
        &self,
        team: &Team,
        members: &[Member],
        events: &[AuditEvent],
    ) -> Result<InsertOutcome, StoreError>;

    /// Changes a group while it is as [`GroupUpdate::expected_version`] says, raises its version by one, and writes
    /// `events`: all or nothing. Of many calls at once without an expected version that name different people, each is
    /// [`UpdateOutcome::Updated`]. The roles of members who stay are left alone. Every member must be on record.
    async fn update_group(&self, update: &GroupUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError>;

    /// Makes a group inactive, which is then shown nowhere, takes its members out of it, frees its name and external id
    /// for others, and writes `events`: all or nothing, and only while it is at `expected_version`.
    async fn remove_group(
        &self,
        id: TeamId,
        expected_version: i64,
        at: OffsetDateTime,
        events: &[AuditEvent],
    ) -> Result<UpdateOutcome, StoreError>;
}

/// Reads people and groups as the directory delivered them: nobody whom it removed, no local account, no team that is
/// not the directory's or not active. Never a stale answer: what another call has committed is seen.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait DirectoryReader: Send + Sync {
    /// The person with that id.
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// The people who match; the total and the page are of one moment.
    async fn users(&self, query: &DirectoryQuery<UserAttribute>) -> Result<Found<User>, StoreError>;

    /// The group with that id, with its members or without.
    async fn group(&self, id: TeamId, with_members: bool) -> Result<Option<Group>, StoreError>;

    /// The groups that match, with their members or without; the total, the page and the members are of one moment.
    async fn groups(
        &self,
        query: &DirectoryQuery<GroupAttribute>,
        with_members: bool,
    ) -> Result<Found<Group>, StoreError>;

    /// Of these people, those who are in the group.
    async fn members_among(&self, id: TeamId, people: &[UserId]) -> Result<Vec<UserId>, StoreError>;

    /// Of these people, those who are on record.
    async fn known_among(&self, people: &[UserId]) -> Result<Vec<UserId>, StoreError>;
}
