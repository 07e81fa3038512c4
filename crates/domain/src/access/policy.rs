use crate::UserId;
use crate::access::{Principal, Scope};
use crate::user::Role;

/// Something that a caller wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Read or change what is the caller's own: profile, preferences, contacts, devices, sessions.
    UseOwnAccount,
    /// Read one person's profile.
    ReadUser(UserId),
    /// Read the audit records about one person.
    ReadUserAudit(UserId),
    /// List people.
    ListUsers,
    /// Change a person's platform role.
    ChangeRole,
    /// Read teams, their members, and who of them can be on call.
    ReadTeams,
    /// Change what a member does in a team. In which teams a user may is decided by the store as it writes, see
    /// [`RoleGiver`](crate::team::RoleGiver).
    ChangeTeamRole,
    /// Read the audit trail.
    ReadAudit,
    /// Make, list, rotate and revoke API keys.
    ManageKeys,
    /// Deliver people and groups as the company directory.
    DeliverDirectory,
}

/// The caller may not do that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the caller may not do that")]
pub struct Denied;

/// What the role and the scopes of a caller decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The caller may.
    Allowed,
    /// The caller may while they are a team admin of a team that the person is in, which the store knows.
    IfTeamAdmin {
        /// The caller.
        admin: UserId,
        /// The person.
        member: UserId,
    },
    /// The caller may not.
    Denied,
}

impl From<bool> for Decision {
    fn from(allowed: bool) -> Self {
        if allowed { Self::Allowed } else { Self::Denied }
    }
}

/// The one table of who may do what to whom.
///
/// | action | admin | user | break-glass | service with |
/// |---|---|---|---|---|
/// | use own account | yes | yes | – | – |
/// | read a user | any | self, members of a team where they are a team admin | any | `users:read` |
/// | read the audit records about a user | any | self, members of a team where they are a team admin | any | `audit:read` |
/// | list users | yes | – | yes | `users:read` |
/// | change a role | yes | – | yes | – |
/// | read teams | yes | yes | yes | `users:read`, `readiness:read` |
/// | change a role in a team | any | where they are a team admin | any | – |
/// | read the whole audit trail | yes | – | yes | `audit:read` |
/// | manage API keys | yes | – | yes | – |
/// | deliver the directory | – | – | – | `scim` |
///
/// [`TeamService::authorize`](crate::team::TeamService::authorize) also asks the store where it must.
#[must_use]
pub fn decide(principal: &Principal, action: Action) -> Decision {
    match principal {
        Principal::User { id, role } => {
            let admin = *role == Role::Admin;
            match action {
                Action::UseOwnAccount | Action::ReadTeams | Action::ChangeTeamRole => Decision::Allowed,
                Action::ReadUser(subject) | Action::ReadUserAudit(subject) => {
                    if admin || subject == *id {
                        Decision::Allowed
                    } else {
                        Decision::IfTeamAdmin { admin: *id, member: subject }
                    }
                }
                Action::ListUsers | Action::ChangeRole | Action::ReadAudit | Action::ManageKeys => admin.into(),
                Action::DeliverDirectory => Decision::Denied,
            }
        }
        Principal::BreakGlass { .. } => (!matches!(action, Action::UseOwnAccount | Action::DeliverDirectory)).into(),
        Principal::Service { scopes, .. } => {
            let has = |scope| scopes.contains(&scope);
            match action {
                Action::ReadUser(_) | Action::ListUsers => has(Scope::UsersRead).into(),
                Action::ReadTeams => (has(Scope::UsersRead) || has(Scope::ReadinessRead)).into(),
                Action::DeliverDirectory => has(Scope::Scim).into(),
                Action::ReadAudit | Action::ReadUserAudit(_) => has(Scope::AuditRead).into(),
                Action::UseOwnAccount | Action::ChangeRole | Action::ChangeTeamRole | Action::ManageKeys => {
                    Decision::Denied
                }
            }
        }
    }
}

/// Whether the caller may, by [`decide`] alone: what only a team admin may is denied.
///
/// # Errors
/// [`Denied`], which is the same whether or not what was asked for exists.
pub fn authorize(principal: &Principal, action: Action) -> Result<(), Denied> {
    match decide(principal, action) {
        Decision::Allowed => Ok(()),
        Decision::IfTeamAdmin { .. } | Decision::Denied => Err(Denied),
    }
}
