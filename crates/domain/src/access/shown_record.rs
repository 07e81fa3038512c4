use crate::access::Principal;
use crate::audit::{Actor, AuditEvent};
use crate::user::Role;

impl Principal {
    /// A record as the caller may see it. Where a request came from (`ip`, `user_agent`) says much of the person behind it:
    /// a caller who may not read the whole trail sees it of what they did themselves, and of what was done to them without
    /// a valid credential.
    #[must_use]
    pub fn show(&self, mut event: AuditEvent) -> AuditEvent {
        let shown = match self {
            Self::User { role: Role::Admin, .. } | Self::BreakGlass { .. } | Self::Service { .. } => true,
            Self::User { id, role: Role::User } => match event.origin.actor {
                Actor::User { id: actor } => actor == *id,
                Actor::Anonymous => event.subject == Some(*id),
                Actor::Service { .. } | Actor::System { .. } => false,
            },
        };
        if !shown {
            event.origin.ip = None;
            event.origin.user_agent = None;
        }
        event
    }
}
