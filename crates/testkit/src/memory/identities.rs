use async_trait::async_trait;
use muster_domain::access::{
    AdmitOutcome, BindOutcome, Binding, Candidate, Candidates, Grounds, IdentityKey, IdentityStore,
};
use muster_domain::audit::AuditEvent;
use muster_domain::directory::{KnownPeople, PersonKey};
use muster_domain::user::{EmailAddress, User, fold};
use muster_domain::{StoreError, UserId};
use time::OffsetDateTime;

use crate::MemoryStore;
use crate::memory::State;

/// A name of a person beside those that they have now, folded unless it is an external id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KnownName {
    kind: Kind,
    name: String,
    user_id: UserId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    UserName,
    ExternalId,
    Email,
}

#[async_trait]
impl IdentityStore for MemoryStore {
    async fn candidates(&self, key: &IdentityKey) -> Result<Candidates, StoreError> {
        let state = self.open()?;
        let bound = state.bound_to(&key.subject, &key.issuer);
        let by_external_id = state.delivered().find(|user| user.external_id.as_ref() == Some(&key.subject));
        let named = |login: &String| state.delivered().find(|user| fold(&user.user_name) == fold(login));
        let by_user_name = key.logins.iter().enumerate();
        Ok(Candidates {
            by_external_id: by_external_id.map(candidate),
            bound: bound.and_then(|id| state.users.get(&id)).map(candidate),
            by_user_name: by_user_name.filter_map(|(n, login)| Some((n, candidate(named(login)?)))).collect(),
        })
    }

    async fn bind(&self, binding: &Binding, events: &[AuditEvent]) -> Result<BindOutcome, StoreError> {
        let mut state = self.open()?;
        let Some(person) = state.delivered_user(binding.user_id).filter(|user| user.active) else {
            return Ok(BindOutcome::Stale);
        };
        let still_has = match &binding.grounds {
            Grounds::ExternalId => person.external_id.as_ref() == Some(&binding.subject),
            Grounds::UserName { name, .. } => fold(&person.user_name) == fold(name),
        };
        let duplicate_changed =
            binding.duplicate.is_some_and(|other| state.user_at(other.id, other.expected_version).is_none());
        if !still_has || duplicate_changed {
            return Ok(BindOutcome::Stale);
        }
        if let Grounds::UserName { name, issued_at } = &binding.grounds {
            let people = [Some(binding.user_id), binding.instead_of];
            let had = |(known, lost_at): (&KnownName, &OffsetDateTime)| {
                known.kind != Kind::ExternalId
                    && known.name == fold(name)
                    && !people.contains(&Some(known.user_id))
                    && issued_at.is_none_or(|issued_at| *lost_at >= issued_at)
            };
            if state.known_names.iter().any(had) {
                return Ok(BindOutcome::Outdated);
            }
        }
        if state.bound_to(&binding.subject, &binding.issuer) != binding.instead_of {
            return Ok(BindOutcome::Stale);
        }
        if let Some(duplicate) = binding.duplicate {
            state.remove(duplicate.id, binding.at);
            state.unbind(duplicate.id);
        }
        state.identities.insert((binding.subject.clone(), binding.issuer.clone()), binding.user_id);
        state.trail.extend_from_slice(events);
        Ok(BindOutcome::Bound)
    }

    async fn admit(&self, person: &User, key: &IdentityKey, events: &[AuditEvent]) -> Result<AdmitOutcome, StoreError> {
        let mut state = self.open()?;
        if let Some(outcome) = state.who_is_known(key) {
            return Ok(outcome);
        }
        state.users.insert(person.id, person.clone());
        state.identities.insert((key.subject.clone(), key.issuer.clone()), person.id);
        for login in key.logins.iter().filter(|login| fold(login) != fold(&person.user_name)) {
            state.remember(Kind::UserName, fold(login), person.id, person.created_at);
        }
        state.trail.extend_from_slice(events);
        Ok(AdmitOutcome::Admitted)
    }
}

impl State {
    pub(super) fn find_people(&self, key: &PersonKey) -> KnownPeople {
        let has_name = |name: &str| self.named().find(|user| fold(&user.user_name) == fold(name)).cloned();
        let awaited = |is_right: &dyn Fn(&User) -> bool| {
            self.named().find(|user| user.awaits_directory() && is_right(user)).cloned()
        };
        let signed_in_as = |user: &User| {
            let name = KnownName { kind: Kind::UserName, name: fold(&key.user_name), user_id: user.id };
            self.known_names.contains_key(&name)
        };
        let is_bound = |user: &User| {
            let of_subject = |((subject, _), id): (&(String, String), &UserId)| {
                key.external_id.as_ref() == Some(subject) && *id == user.id
            };
            self.identities.iter().any(of_subject)
        };
        let has_id = |user: &&User| key.external_id.is_some() && user.external_id == key.external_id;
        KnownPeople {
            by_external_id: self.named().find(has_id).cloned(),
            by_user_name: has_name(&key.user_name),
            by_subject: awaited(&is_bound),
            by_login: awaited(&signed_in_as),
            by_email: key.email.as_deref().and_then(has_name).filter(User::awaits_directory),
        }
    }

    /// Notes each name that somebody has and the changed person has no more.
    pub(super) fn remember_former(&mut self, after: &User, at: OffsetDateTime) {
        let Some(before) = self.users.get(&after.id) else {
            return;
        };
        let kept = names_of(after);
        for (kind, name) in names_of(before).into_iter().filter(|name| !kept.contains(name)) {
            self.remember(kind, name, after.id, at);
        }
    }

    /// Notes every name that somebody has.
    pub(super) fn remember_all(&mut self, id: UserId, at: OffsetDateTime) {
        for (kind, name) in self.users.get(&id).map(names_of).unwrap_or_default() {
            self.remember(kind, name, id, at);
        }
    }

    /// The subjects of removed people whose last external id it was stand for this person from now on.
    pub(super) fn inherit_identities(&mut self, id: UserId, external_id: Option<&str>) {
        let Some(external_id) = external_id else {
            return;
        };
        for bound in self.identities.values_mut() {
            if self.removed.get(bound).is_some_and(|former| former.as_deref() == Some(external_id)) {
                *bound = id;
            }
        }
    }

    /// A person's subjects stand for no person from now on.
    pub(super) fn unbind(&mut self, id: UserId) {
        self.identities.retain(|_, bound| *bound != id);
    }

    fn remember(&mut self, kind: Kind, name: String, user_id: UserId, at: OffsetDateTime) {
        self.known_names.insert(KnownName { kind, name, user_id }, at);
    }

    fn bound_to(&self, subject: &str, issuer: &str) -> Option<UserId> {
        self.identities.get(&(subject.to_owned(), issuer.to_owned())).copied()
    }

    /// What keeps somebody who signs in from being added, if anything does.
    fn who_is_known(&self, key: &IdentityKey) -> Option<AdmitOutcome> {
        let logins: Vec<String> = key.logins.iter().map(|login| fold(login)).collect();
        let names: Vec<String> = logins.iter().cloned().chain(key.email.as_deref().map(fold)).collect();
        let is_known =
            |user: &User| logins.contains(&fold(&user.user_name)) || user.external_id.as_ref() == Some(&key.subject);
        if self.bound_to(&key.subject, &key.issuer).is_some() || self.delivered().any(is_known) {
            return Some(AdmitOutcome::Known);
        }
        let has_name = |user: &User| {
            let mut theirs = names_of(user).into_iter().filter(|(kind, _)| *kind != Kind::ExternalId);
            theirs.any(|(_, name)| names.contains(&name))
        };
        let was_named = |known: &KnownName| match known.kind {
            Kind::ExternalId => known.name == key.subject,
            Kind::UserName | Kind::Email => names.contains(&known.name),
        };
        let is_refused = self.named().any(has_name) || self.known_names.keys().any(was_named);
        is_refused.then_some(AdmitOutcome::Refused)
    }
}

fn candidate(user: &User) -> Candidate {
    Candidate { account: user.account(), awaits_directory: user.awaits_directory(), version: user.version }
}

fn names_of(user: &User) -> Vec<(Kind, String)> {
    let email = user.email.as_ref().map(EmailAddress::normalized);
    let names = [
        (Kind::UserName, Some(fold(&user.user_name))),
        (Kind::ExternalId, user.external_id.clone()),
        (Kind::Email, email),
    ];
    names.into_iter().filter_map(|(kind, name)| Some((kind, name?))).collect()
}
