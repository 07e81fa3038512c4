use serde::Serialize;
use utoipa::ToSchema;

use super::Id;

/// Who did something.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum Actor {
    /// A person.
    #[schema(title = "UserActor")]
    User {
        /// Who.
        id: Id,
    },
    /// Another service.
    #[schema(title = "ServiceActor")]
    Service {
        /// The name of its API key.
        #[schema(examples("Statuspage"))]
        name: String,
    },
    /// Muster itself, or its operator at the command line.
    #[schema(title = "SystemActor")]
    System {
        /// Which part.
        #[schema(examples("import"))]
        name: String,
    },
    /// Somebody who showed no valid credential.
    #[schema(title = "AnonymousActor")]
    Anonymous,
}

/// A part of what is on record about a person.
#[derive(Serialize, ToSchema)]
#[schema(rename_all = "lowercase", examples("channels"))]
pub(crate) enum AuditArea {
    Channels,
}

/// What an action tells of besides; [`audit_details`](mod@crate::openapi) says what it looks like.
#[derive(Serialize, ToSchema)]
#[schema(value_type = Object)]
pub(crate) struct AuditDetails(());
