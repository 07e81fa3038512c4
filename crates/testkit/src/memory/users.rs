use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::user::{
    Account, EmailAddress, ProfileFacts, Role, RoleOutcome, User, UserKey, UserQuery, UserStore, UserSummary, fold,
};
use muster_domain::verification::ChannelSet;
use muster_domain::{StoreError, UserId};
use time::OffsetDateTime;

use crate::MemoryStore;
use crate::memory::State;

#[async_trait]
impl UserStore for MemoryStore {
    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        Ok(self.open()?.users.get(&id).map(User::account))
    }

    async fn find_login(&self, login: &str) -> Result<Option<Account>, StoreError> {
        let state = self.open()?;
        let login = fold(login);
        if let Some(user) = state.delivered().find(|user| fold(&user.user_name) == login) {
            return Ok(Some(user.account()));
        }
        let email_fits = |user: &&User| user.email.as_ref().map(EmailAddress::normalized).as_ref() == Some(&login);
        let mut fitting = state.delivered().filter(email_fits);
        Ok(fitting.next().filter(|_| fitting.next().is_none()).map(User::account))
    }

    async fn list(&self, query: &UserQuery) -> Result<Vec<UserSummary>, StoreError> {
        let state = self.open()?;
        let mut people: Vec<UserSummary> = state
            .delivered()
            .filter(|user| matches(query, user) && state.is_member(query, user.id))
            .filter_map(|user| state.profile(user.id).map(|facts| summary(facts, query.required)))
            .filter(|user| query.can_be_on_call.is_none_or(|can| can == user.can_be_on_call))
            .collect();
        people.sort_by_cached_key(|user| fold(&user.user_name));
        people.truncate(usize::from(query.limit.get()) + 1);
        Ok(people)
    }

    async fn change_role(
        &self,
        id: UserId,
        role: Role,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<RoleOutcome, StoreError> {
        let mut state = self.open()?;
        let active_admins = state.active_admins().count();
        if state.delivered_user(id).is_none() {
            return Ok(RoleOutcome::NotFound);
        }
        let Some(user) = state.users.get_mut(&id) else {
            return Ok(RoleOutcome::NotFound);
        };
        if user.role == role {
            return Ok(RoleOutcome::Unchanged);
        }
        if role == Role::User && user.active && active_admins == 1 {
            return Ok(RoleOutcome::LastAdmin);
        }
        user.role = role;
        user.updated_at = at;
        state.trail.push(event.clone());
        Ok(RoleOutcome::Changed)
    }
}

impl State {
    /// Those of the directory's.
    pub(super) fn active_admins(&self) -> impl Iterator<Item = &User> {
        self.delivered().filter(|user| user.active && user.role == Role::Admin)
    }

    fn is_member(&self, query: &UserQuery, id: UserId) -> bool {
        query.team.is_none_or(|team| {
            let active = self.teams.get(&team).filter(|kept| kept.team.active);
            active.is_some_and(|kept| kept.members.iter().any(|member| member.user_id == id))
        })
    }
}

fn matches(query: &UserQuery, user: &User) -> bool {
    let texts =
        [Some(user.user_name.as_str()), Some(&user.display_name), user.email.as_ref().map(EmailAddress::as_str)];
    let contains = |search: &String| texts.into_iter().flatten().any(|text| fold(text).contains(&fold(search)));
    query.search.as_ref().is_none_or(contains)
        && query.role.is_none_or(|role| user.role == role)
        && query.active.is_none_or(|active| user.active == active)
        && query.after.as_ref().is_none_or(|after| UserKey::of(&user.user_name) > *after)
}

fn summary(facts: ProfileFacts, required: ChannelSet) -> UserSummary {
    // No time enters into it: a proof does not age.
    let can_be_on_call = facts.verification(required, facts.user.created_at).can_be_on_call();
    let ProfileFacts { user, teams, .. } = facts;
    UserSummary {
        id: user.id,
        user_name: user.user_name,
        display_name: user.display_name,
        email: user.email.map(|address| address.as_str().to_owned()),
        role: user.role,
        active: user.active,
        can_be_on_call,
        teams,
    }
}
