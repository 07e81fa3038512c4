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
    /// Read the audit trail.
    ReadAudit,
    /// Make, list, rotate and revoke API keys.
    ManageKeys,
}

/// The caller may not do that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the caller may not do that")]
pub struct Denied;

/// The one table of who may do what to whom.
///
/// | action | admin | user | service with |
/// |---|---|---|---|
/// | use own account | yes | yes | – |
/// | read a user | any | self | `users:read` |
/// | list users | yes | – | `users:read` |
/// | change a role | yes | – | – |
/// | read the audit trail | yes | – | `audit:read` |
/// | manage API keys | yes | – | – |
///
/// # Errors
/// [`Denied`], which is the same whether or not what was asked for exists.
pub fn authorize(principal: &Principal, action: Action) -> Result<(), Denied> {
    let allowed = match principal {
        Principal::User { id, role } => {
            let admin = *role == Role::Admin;
            match action {
                Action::UseOwnAccount => true,
                Action::ReadUser(subject) => admin || subject == *id,
                Action::ListUsers | Action::ChangeRole | Action::ReadAudit | Action::ManageKeys => admin,
            }
        }
        Principal::Service { scopes, .. } => match action {
            Action::ReadUser(_) | Action::ListUsers => scopes.contains(&Scope::UsersRead),
            Action::ReadAudit => scopes.contains(&Scope::AuditRead),
            Action::UseOwnAccount | Action::ChangeRole | Action::ManageKeys => false,
        },
    };
    if allowed { Ok(()) } else { Err(Denied) }
}
