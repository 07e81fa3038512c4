use serde::{Deserialize, Serialize};

use crate::UserId;
use crate::audit::Actor;
use crate::user::{Account, Role, Source};

/// What an API key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum Scope {
    /// Reading people and lists.
    UsersRead,
    /// Asking who can be on call.
    ReadinessRead,
    /// Reading the audit trail.
    AuditRead,
    /// Speaking SCIM.
    Scim,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::UsersRead, Self::ReadinessRead, Self::AuditRead, Self::Scim];

    /// The scope of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// `users:read`, `readiness:read`, `audit:read` or `scim`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UsersRead => "users:read",
            Self::ReadinessRead => "readiness:read",
            Self::AuditRead => "audit:read",
            Self::Scim => "scim",
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::from_name(&name).ok_or("must be users:read, readiness:read, audit:read or scim")
    }
}

impl From<Scope> for &'static str {
    fn from(scope: Scope) -> Self {
        scope.as_str()
    }
}

/// A caller whose credential was checked and whose account, looked up in the store, is active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A person.
    User {
        /// Who.
        id: UserId,
        /// Their platform role, as the store has it now.
        role: Role,
    },
    /// An admin of last resort, who has no contacts, devices or sessions of their own.
    BreakGlass {
        /// Who.
        id: UserId,
    },
    /// Another service.
    Service {
        /// Its API key's name.
        name: String,
        /// What the key may be used for.
        scopes: Vec<Scope>,
    },
}

impl Principal {
    /// An active account, by what kind it is.
    #[must_use]
    pub fn of(account: Account) -> Self {
        match account.source {
            Source::Scim => Self::User { id: account.id, role: account.role },
            Source::Local => Self::BreakGlass { id: account.id },
        }
    }

    /// How the audit trail names the caller.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self {
            Self::User { id, .. } | Self::BreakGlass { id } => Actor::User { id: *id },
            Self::Service { name, .. } => Actor::Service { name: name.clone() },
        }
    }
}
