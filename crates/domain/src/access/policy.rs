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

/// The one table of who may do what to whom.
///
/// | action | admin | user | break-glass | service with |
/// |---|---|---|---|---|
/// | use own account | yes | yes | – | – |
/// | read a user | any | self | any | `users:read` |
/// | list users | yes | – | yes | `users:read` |
/// | change a role | yes | – | yes | – |
/// | read teams | yes | yes | yes | `users:read`, `readiness:read` |
/// | change a role in a team | any | where they are a team admin | any | – |
/// | read the audit trail | yes | – | yes | `audit:read` |
/// | manage API keys | yes | – | yes | – |
/// | deliver the directory | – | – | – | `scim` |
///
/// # Errors
/// [`Denied`], which is the same whether or not what was asked for exists.
pub fn authorize(principal: &Principal, action: Action) -> Result<(), Denied> {
    let allowed = match principal {
        Principal::User { id, role } => {
            let admin = *role == Role::Admin;
            match action {
                Action::UseOwnAccount | Action::ReadTeams | Action::ChangeTeamRole => true,
                Action::ReadUser(subject) => admin || subject == *id,
                Action::ListUsers | Action::ChangeRole | Action::ReadAudit | Action::ManageKeys => admin,
                Action::DeliverDirectory => false,
            }
        }
        Principal::BreakGlass { .. } => !matches!(action, Action::UseOwnAccount | Action::DeliverDirectory),
        Principal::Service { scopes, .. } => match action {
            Action::ReadUser(_) | Action::ListUsers => scopes.contains(&Scope::UsersRead),
            Action::ReadTeams => scopes.contains(&Scope::UsersRead) || scopes.contains(&Scope::ReadinessRead),
            Action::DeliverDirectory => scopes.contains(&Scope::Scim),
            Action::ReadAudit => scopes.contains(&Scope::AuditRead),
            Action::UseOwnAccount | Action::ChangeRole | Action::ChangeTeamRole | Action::ManageKeys => false,
        },
    };
    if allowed { Ok(()) } else { Err(Denied) }
}
