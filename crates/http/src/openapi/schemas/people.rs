use serde::Serialize;
use utoipa::ToSchema;

use super::Id;

/// What a person may do on the platform as a whole: an admin sees everyone, changes roles and reads the audit trail, a
/// user sees and changes what is their own.
#[derive(Serialize, ToSchema)]
#[schema(rename_all = "lowercase", examples("user"))]
pub(crate) enum Role {
    Admin,
    User,
}

/// Where a profile comes from: the company directory (`scim`), or a break-glass account that was made here (`local`).
#[derive(Serialize, ToSchema)]
#[schema(rename_all = "lowercase", examples("scim"))]
pub(crate) enum Source {
    Scim,
    Local,
}

/// What a person does in a team: an observer reads along, a responder is paged, a team admin is paged and gives the team's
/// roles.
#[derive(Serialize, ToSchema)]
#[schema(rename_all = "snake_case", examples("responder"))]
pub(crate) enum TeamRole {
    Observer,
    Responder,
    TeamAdmin,
}

/// A person's place in a team.
#[derive(Serialize, ToSchema)]
pub(crate) struct Membership {
    /// The team's id.
    id: Id,
    /// The team's name.
    #[schema(examples("Platform"))]
    name: String,
    /// What the person does there.
    role: TeamRole,
}

/// A channel over which a person can be reached, and so the method of proving it.
#[derive(Serialize, ToSchema)]
#[schema(rename_all = "lowercase", examples("sms"))]
pub(crate) enum Channel {
    Email,
    Sms,
    Push,
}

/// Whose push service carries messages to a device: Apple's, Google's, or the browser vendor's.
#[derive(Serialize, ToSchema)]
#[schema(rename_all = "lowercase", examples("ios"))]
pub(crate) enum Platform {
    Ios,
    Android,
    Web,
}

/// What an API key may be used for: reading people and lists, asking who can be on call, reading the audit trail, speaking
/// SCIM.
#[derive(Serialize, ToSchema)]
#[schema(examples("users:read"))]
pub(crate) enum Scope {
    #[schema(rename = "users:read")]
    UsersRead,
    #[schema(rename = "readiness:read")]
    ReadinessRead,
    #[schema(rename = "audit:read")]
    AuditRead,
    #[schema(rename = "scim")]
    Scim,
}
