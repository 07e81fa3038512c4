use crate::access::Denied;
use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::team::{MemberFacts, MemberRoleOutcome, RoleChange, RoleEvents, RoleGiver, TeamRole, TeamService};
use crate::{StoreError, TeamId, UserId};

/// Why a member's role was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeMemberRoleError {
    /// There is no such team, or the person is not in it.
    #[error("there is no such member")]
    NotMember,
    /// Who wants to give it is neither a platform admin nor an admin of that team.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error("could not change the member's role")]
    Store(#[from] StoreError),
}

impl TeamService {
    /// Gives a member of a team a role there and returns the member as they are now. Giving the role they have changes
    /// nothing.
    ///
    /// # Errors
    /// See [`ChangeMemberRoleError`].
    pub async fn change_member_role(
        &self,
        team_id: TeamId,
        user_id: UserId,
        role: TeamRole,
        by: RoleGiver,
        origin: &Origin,
    ) -> Result<MemberFacts, ChangeMemberRoleError> {
        let now = self.clock.now();
        let events = RoleEvents::of(|from| {
            let change = AuditChange::TeamRoleChanged { team_id, from, to: role };
            AuditEvent::new(now, &*self.entropy, origin, Some(user_id), &change)
        });
        let change = RoleChange { team_id, user_id, role, by, events };
        match self.teams.change_member_role(&change).await? {
            MemberRoleOutcome::Changed { .. } | MemberRoleOutcome::Unchanged => {
                let team = self.teams.team(team_id).await?.ok_or(ChangeMemberRoleError::NotMember)?;
                let member = team.members.into_iter().find(|member| member.id == user_id);
                member.ok_or(ChangeMemberRoleError::NotMember)
            }
            MemberRoleOutcome::NotMember => Err(ChangeMemberRoleError::NotMember),
            MemberRoleOutcome::Denied => Err(Denied.into()),
        }
    }
}
