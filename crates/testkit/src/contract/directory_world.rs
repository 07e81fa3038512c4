//! What cases about the directory set up and ask for.

use muster_domain::access::{Candidates, IdentityKey};
use muster_domain::break_glass::PasswordHash;
use muster_domain::directory::{
    Comparison, Condition, DirectoryQuery, Group, GroupAttribute, GroupUpdate, InsertOutcome, Operand, PersonKey,
    UpdateOutcome, UserAttribute,
};
use muster_domain::notice::{Due, Notice};
use muster_domain::team::{Member, TeamRole};
use muster_domain::user::User;
use muster_domain::{TeamId, UserId};
use time::Duration;

use crate::contract::World;

/// Everything that there is to compare with.
pub(super) const COMPARISONS: [Comparison; 8] = [
    Comparison::Equal,
    Comparison::Contains,
    Comparison::StartsWith,
    Comparison::EndsWith,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
    Comparison::Less,
    Comparison::LessOrEqual,
];

/// What a comparison of two texts comes to.
pub(super) fn text_compares(value: &str, comparison: Comparison, operand: &str) -> bool {
    match comparison {
        Comparison::Equal => value == operand,
        Comparison::Contains => value.contains(operand),
        Comparison::StartsWith => value.starts_with(operand),
        Comparison::EndsWith => value.ends_with(operand),
        Comparison::Greater => value > operand,
        Comparison::GreaterOrEqual => value >= operand,
        Comparison::Less => value < operand,
        Comparison::LessOrEqual => value <= operand,
    }
}

/// One page with all that there are.
pub(super) fn everything<A>() -> DirectoryQuery<A> {
    DirectoryQuery { filter: None, sort: None, skip: 0, count: u16::MAX, counted: true }
}

pub(super) fn text<A>(attribute: A, comparison: Comparison, operand: &str) -> Condition<A> {
    Condition::Compare(attribute, comparison, Operand::Text(operand.to_owned()))
}

pub(super) fn not<A>(condition: Condition<A>) -> Condition<A> {
    Condition::Not(Box::new(condition))
}

/// What names somebody who has no external id, or whose external id nobody knows.
pub(super) fn named(user_name: &str) -> PersonKey {
    PersonKey { external_id: None, user_name: user_name.to_owned(), email: None }
}

/// What a token of the usual provider says of whose it is.
pub(super) fn identity(subject: &str, logins: &[&str]) -> IdentityKey {
    IdentityKey {
        issuer: ISSUER.to_owned(),
        subject: subject.to_owned(),
        logins: logins.iter().map(|login| (*login).to_owned()).collect(),
        email: None,
    }
}

pub(super) const ISSUER: &str = "https://login.example";

impl World {
    /// Everyone whom a token may mean.
    pub(super) async fn candidates(&self, subject: &str, logins: &[&str]) -> Candidates {
        self.stores.identities.candidates(&identity(subject, logins)).await.unwrap()
    }

    /// Whom a record means.
    pub(super) async fn find_user(&self, key: &PersonKey) -> Option<User> {
        self.stores.directory.find_people(key).await.unwrap().target().cloned()
    }

    /// The user names of those for whom a condition holds, in their order by bytes.
    pub(super) async fn who(&self, condition: Condition<UserAttribute>) -> Vec<String> {
        let query = DirectoryQuery { filter: Some(condition), ..everything() };
        let found = self.stores.delivered.users(&query).await.unwrap();
        assert_eq!(found.total, found.items.len() as u64, "the total is of others than those who are found");
        let mut names: Vec<String> = found.items.into_iter().map(|user| user.user_name).collect();
        names.sort_unstable();
        names
    }

    /// The names of the groups for which a condition holds, in their order by bytes.
    pub(super) async fn which(&self, condition: Condition<GroupAttribute>) -> Vec<String> {
        let query = DirectoryQuery { filter: Some(condition), ..everything() };
        let found = self.stores.delivered.groups(&query, false).await.unwrap();
        assert_eq!(found.total, found.items.len() as u64, "the total is of others than those that are found");
        let mut names: Vec<String> = found.items.into_iter().map(|group| group.name).collect();
        names.sort_unstable();
        names
    }

    /// A group of the directory with these people as responders.
    pub(super) async fn group(&self, name: &str, members: &[&User]) -> Group {
        let members: Vec<(&User, TeamRole)> = members.iter().map(|user| (*user, TeamRole::Responder)).collect();
        let team = self.team(self.make.team(name), &members).await;
        self.read_group(team.id).await.unwrap()
    }

    pub(super) async fn read_group(&self, id: TeamId) -> Option<Group> {
        self.stores.delivered.group(id, true).await.unwrap()
    }

    /// An update that leaves a group as it is.
    pub(super) fn regroup(&self, group: &Group) -> GroupUpdate {
        GroupUpdate {
            id: group.id,
            expected_version: Some(group.version),
            external_id: group.external_id.clone(),
            name: group.name.clone(),
            added: vec![],
            removed: vec![],
            at: self.make.now(),
        }
    }

    pub(super) async fn update_group(&self, update: &GroupUpdate) -> UpdateOutcome {
        let event = self.make.event("test.group.updated", None);
        self.stores.directory.update_group(update, &[event]).await.unwrap()
    }

    pub(super) async fn remove_group(&self, group: &Group) -> UpdateOutcome {
        let (event, at) = (self.make.event("test.group.removed", None), self.make.now());
        self.stores.directory.remove_group(group.id, group.version, at, &[event]).await.unwrap()
    }

    /// Removes somebody as they are.
    pub(super) async fn remove(&self, user: &User) -> UpdateOutcome {
        let event = self.make.event("test.user.removed", Some(user.id));
        self.stores.directory.remove_user(&self.make.removal(user), &[event]).await.unwrap()
    }

    pub(super) async fn removed(&self, user: &User) {
        assert_eq!(self.remove(user).await, UpdateOutcome::Updated);
    }

    /// A break-glass account that works.
    pub(super) async fn account(&self, name: &str) -> (User, PasswordHash) {
        let (user, hash) = (self.make.break_glass_admin(name), self.make.password_hash());
        let event = self.make.event("test.account.created", Some(user.id));
        let outcome =
            self.stores.break_glass.insert(&user, name, &hash, self.make.password_tag(), &event).await.unwrap();
        assert_eq!(outcome, InsertOutcome::Inserted);
        (user, hash)
    }

    /// Writes notices for somebody, with a change of theirs.
    pub(super) async fn notify(&self, user: &User, notices: &[Notice]) -> User {
        let mut update = self.next(user.clone(), &[]);
        update.notices = notices.to_vec();
        self.apply(&update).await
    }

    /// Takes the notices that are due now, for a minute.
    pub(super) async fn claim(&self, limit: u16) -> Vec<Notice> {
        let now = self.make.now();
        self.stores.notices.claim(Due { now, again_at: now + Duration::MINUTE, limit }).await.unwrap()
    }
}

pub(super) fn responders(people: &[UserId]) -> Vec<Member> {
    people.iter().map(|id| Member { user_id: *id, role: TeamRole::Responder }).collect()
}
