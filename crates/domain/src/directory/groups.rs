use std::collections::BTreeSet;

use time::OffsetDateTime;

use crate::audit::{AuditChange, AuditEvent, DirectoryFeed, Origin};
use crate::directory::{ChangeError, DirectoryService, Group, GroupRecord, GroupUpdate, InsertOutcome, UpdateOutcome};
use crate::team::{Member, Team, TeamRole};
use crate::{TeamId, Text, UserId};

/// What a group is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupChange {
    /// The directory's own id of it.
    pub external_id: Option<Text<255>>,
    /// Its name.
    pub name: Text<200>,
    /// Who is in it.
    pub members: MembersChange,
}

/// What becomes of a group's members. Naming somebody twice is naming them once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MembersChange {
    /// These are in it and nobody else.
    Replace(Vec<UserId>),
    /// These come in and those go; nobody is in both.
    Adjust {
        /// Who is in it afterwards.
        add: Vec<UserId>,
        /// Who is not.
        remove: Vec<UserId>,
    },
}

const FEED: DirectoryFeed = DirectoryFeed::Scim;
/// The most ids of people who are left out that one audit record has; it counts all of them.
const MAX_SKIPPED_IN_A_RECORD: usize = 100;
/// What somebody does in a team whose group they are in, until an admin says otherwise.
const ROLE: TeamRole = TeamRole::Responder;

impl DirectoryService {
    /// Makes a team of a group of the directory. Its members are responders. Members who are not on record are left out and
    /// returned beside the group: a directory does not repeat a push that was refused, so one stale member must not keep
    /// the others out. The audit trail has them too.
    ///
    /// # Errors
    /// [`ChangeError::Taken`], [`ChangeError::Store`].
    pub async fn create_group(
        &self,
        record: &GroupRecord,
        origin: &Origin,
    ) -> Result<(Group, Vec<UserId>), ChangeError> {
        let now = self.clock.now();
        let people: BTreeSet<UserId> = record.members.iter().copied().collect();
        let (people, skipped) = self.known(people).await?;
        let team = Team {
            id: TeamId::new(now, &*self.entropy),
            name: record.name.clone().into(),
            external_id: record.external_id.clone().map(String::from),
            active: true,
            synced_from_directory: true,
            created_at: now,
        };
        let (id, name) = (team.id, team.name.clone());
        let change = AuditChange::TeamCreated { feed: FEED, team_id: id, name, members: people.len() };
        let mut events = vec![AuditEvent::new(now, &*self.entropy, origin, None, &change)];
        events.extend(self.memberships(id, &people, &BTreeSet::new(), now, origin));
        events.extend(self.skipped(id, &skipped, now, origin));
        match self.directory.insert_team(&team, &members(&people), &events).await? {
            InsertOutcome::Taken => Err(ChangeError::Taken),
            InsertOutcome::Inserted => {
                let group = Group {
                    id,
                    external_id: team.external_id,
                    name: team.name,
                    version: 1,
                    created_at: now,
                    updated_at: now,
                    members: people.into_iter().collect(),
                };
                Ok((group, skipped))
            }
        }
    }

    /// Makes of a group what `change` makes of it (as it is, without its members), all of it or nothing. Who comes in is
    /// a responder; who stays keeps the role that an admin gave them. With `one_version` it is done only while the group is
    /// at the version that `change` saw; without, others may take people in and out meanwhile. Returns the new members who
    /// are not on record and are left out, as [`Self::create_group`] does.
    ///
    /// # Errors
    /// Those of `change`, and of [`ChangeError`] all but `Braked`.
    pub async fn amend_group<E: From<ChangeError>>(
        &self,
        id: TeamId,
        one_version: bool,
        origin: &Origin,
        change: impl Fn(&Group) -> Result<GroupChange, E> + Send + Sync,
    ) -> Result<Vec<UserId>, E> {
        for _ in 0..Self::TRIES {
            let before = self.reader.group(id, false).await.map_err(ChangeError::Store)?;
            let before = before.ok_or(ChangeError::NotFound)?;
            let change = change(&before)?;
            let (outcome, skipped) = self.change_group(&before, change, one_version, origin).await?;
            match outcome {
                UpdateOutcome::Updated => return Ok(skipped),
                UpdateOutcome::Taken => return Err(ChangeError::Taken.into()),
                UpdateOutcome::Stale | UpdateOutcome::Braked => {}
            }
        }
        Err(ChangeError::Contended.into())
    }

    /// Takes a group of the directory out of sight, and everybody out of it.
    ///
    /// # Errors
    /// [`ChangeError::NotFound`], [`ChangeError::PreconditionFailed`], [`ChangeError::Contended`],
    /// [`ChangeError::Store`].
    pub async fn remove_group(&self, id: TeamId, expected: Option<i64>, origin: &Origin) -> Result<(), ChangeError> {
        for _ in 0..Self::TRIES {
            let group = self.reader.group(id, true).await?.ok_or(ChangeError::NotFound)?;
            if expected.is_some_and(|version| version != group.version) {
                return Err(ChangeError::PreconditionFailed);
            }
            let now = self.clock.now();
            let people = group.members.into_iter().collect();
            let mut events = self.memberships(id, &BTreeSet::new(), &people, now, origin);
            let change = AuditChange::TeamRemoved { feed: FEED, team_id: id, name: group.name };
            events.push(AuditEvent::new(now, &*self.entropy, origin, None, &change));
            if self.directory.remove_group(id, group.version, now, &events).await? == UpdateOutcome::Updated {
                return Ok(());
            }
        }
        Err(ChangeError::Contended)
    }

    async fn change_group(
        &self,
        before: &Group,
        change: GroupChange,
        one_version: bool,
        origin: &Origin,
    ) -> Result<(UpdateOutcome, Vec<UserId>), ChangeError> {
        let adjusts = matches!(change.members, MembersChange::Adjust { .. });
        let (added, removed) = match change.members {
            MembersChange::Replace(wanted) => {
                let now = self.reader.group(before.id, true).await?;
                let Some(now) = now.filter(|now| now.version == before.version) else {
                    return Ok((UpdateOutcome::Stale, Vec::new()));
                };
                let (is, wanted): (BTreeSet<_>, BTreeSet<_>) = (set(now.members), set(wanted));
                (wanted.difference(&is).copied().collect(), is.difference(&wanted).copied().collect())
            }
            MembersChange::Adjust { add, remove } => {
                let (add, remove): (BTreeSet<_>, BTreeSet<_>) = (set(add), set(remove));
                let named: Vec<UserId> = add.union(&remove).copied().collect();
                let is =
                    if named.is_empty() { Vec::new() } else { self.reader.members_among(before.id, &named).await? };
                let is = set(is);
                (add.difference(&is).copied().collect(), remove.intersection(&is).copied().collect::<BTreeSet<_>>())
            }
        };
        let (added, skipped) = self.known(added).await?;
        let (external_id, name) = (change.external_id.map(String::from), String::from(change.name));
        let mut fields = Vec::new();
        if external_id != before.external_id {
            fields.push("externalId");
        }
        if name != before.name {
            fields.push("displayName");
        }
        if fields.is_empty() && added.is_empty() && removed.is_empty() && skipped.is_empty() {
            return Ok((UpdateOutcome::Updated, skipped));
        }
        let commutes = adjusts && !one_version && fields.is_empty();
        let now = self.clock.now();
        let mut events = Vec::new();
        if !fields.is_empty() {
            let change = AuditChange::TeamUpdated { feed: FEED, team_id: before.id, name: name.clone(), fields };
            events.push(AuditEvent::new(now, &*self.entropy, origin, None, &change));
        }
        events.extend(self.memberships(before.id, &added, &removed, now, origin));
        events.extend(self.skipped(before.id, &skipped, now, origin));
        let update = GroupUpdate {
            id: before.id,
            expected_version: (!commutes).then_some(before.version),
            external_id,
            name,
            added: members(&added),
            removed: removed.into_iter().collect(),
            at: now,
        };
        Ok((self.directory.update_group(&update, &events).await?, skipped))
    }

    /// Those of these people who are on record, and the others.
    async fn known(&self, people: BTreeSet<UserId>) -> Result<(BTreeSet<UserId>, Vec<UserId>), ChangeError> {
        if people.is_empty() {
            return Ok((people, Vec::new()));
        }
        let asked: Vec<UserId> = people.iter().copied().collect();
        let known = set(self.reader.known_among(&asked).await?);
        let unknown = people.difference(&known).copied().collect();
        Ok((known, unknown))
    }

    /// The record of members who are left out, if there are any.
    fn skipped(&self, team_id: TeamId, people: &[UserId], now: OffsetDateTime, origin: &Origin) -> Option<AuditEvent> {
        let user_ids = people.iter().copied().take(MAX_SKIPPED_IN_A_RECORD).collect();
        let change = AuditChange::TeamMembersSkipped { feed: FEED, team_id, user_ids, count: people.len() };
        (!people.is_empty()).then(|| AuditEvent::new(now, &*self.entropy, origin, None, &change))
    }

    fn memberships(
        &self,
        team_id: TeamId,
        added: &BTreeSet<UserId>,
        removed: &BTreeSet<UserId>,
        now: OffsetDateTime,
        origin: &Origin,
    ) -> Vec<AuditEvent> {
        let event = |user_id, change: &AuditChange| AuditEvent::new(now, &*self.entropy, origin, Some(user_id), change);
        let came = AuditChange::TeamMemberAdded { feed: FEED, team_id, role: ROLE };
        let went = AuditChange::TeamMemberRemoved { feed: FEED, team_id };
        let came = added.iter().map(|id| event(*id, &came));
        let went = removed.iter().map(|id| event(*id, &went));
        came.chain(went).collect()
    }
}

fn set(people: Vec<UserId>) -> BTreeSet<UserId> {
    people.into_iter().collect()
}

fn members(people: &BTreeSet<UserId>) -> Vec<Member> {
    people.iter().map(|id| Member { user_id: *id, role: ROLE }).collect()
}
