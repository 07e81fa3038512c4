use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::access::Scope;
use crate::device::{DeviceLoss, Platform};
use crate::preferences::Preferences;
use crate::team::TeamRole;
use crate::user::Role;
use crate::verification::{Delivery, Masked, Method, RefusalReason};
use crate::{ApiKeyId, AuditId, ChallengeId, DeviceId, Entropy, SessionId, TeamId, UserId};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Actor {
    /// A person.
    User {
        /// Who.
        id: UserId,
    },
    /// Another service, by the name of its API key.
    Service {
        /// The key's name.
        name: String,
    },
    /// Muster itself or its operator at the command line.
    System {
        /// Which part, for example `import`.
        name: String,
    },
    /// Somebody who showed no valid credential.
    Anonymous,
}

/// Where a change came from: who, and the request that carried it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Who did it.
    pub actor: Actor,
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// The client's `User-Agent`, at most 256 characters.
    pub user_agent: Option<String>,
    /// The request's id, as in the `x-request-id` header.
    pub request_id: Option<String>,
}

impl Origin {
    /// Something that Muster or its operator does without a request.
    pub fn system(name: impl Into<String>) -> Self {
        Self { actor: Actor::System { name: name.into() }, ip: None, user_agent: None, request_id: None }
    }

    /// The same request, done by that person.
    #[must_use]
    pub fn by_user(&self, id: UserId) -> Self {
        Self { actor: Actor::User { id }, ..self.clone() }
    }
}

/// Through which door the directory's news came; the first word of the record's action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectoryFeed {
    /// A file at the command line.
    Import,
    /// The SCIM protocol.
    Scim,
    /// The demo directory of development mode.
    Seed,
    /// The identity provider, of somebody who signed in for the first time.
    SignIn,
}

impl DirectoryFeed {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Import, Self::Scim, Self::Seed, Self::SignIn];

    /// `import`, `scim`, `seed` or `signin`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Scim => "scim",
            Self::Seed => "seed",
            Self::SignIn => "signin",
        }
    }
}

/// Why a contact lost its proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ProofLoss {
    /// The directory has another destination now.
    DestinationChanged,
}

/// Why a session ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RevokeReason {
    /// The app signed out with its own token.
    SignedOut,
    /// The owner ended it from a list of sessions.
    RevokedByOwner,
    /// The operator ended it at the command line.
    RevokedByOperator,
    /// A token was used whose successor was already in use (RFC 9700, section 4.14.2).
    Replayed,
    /// The directory deactivated the person.
    Deactivated,
    /// The person opened more sessions than they may have; this one was used longest ago.
    TooMany,
    /// The owner removed the device that the session runs on.
    DeviceRemoved,
    /// The device that the session runs on belongs to another person now.
    DeviceReleased,
}

impl RevokeReason {
    /// The name that is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signedOut",
            Self::RevokedByOwner => "revokedByOwner",
            Self::RevokedByOperator => "revokedByOperator",
            Self::Replayed => "replayed",
            Self::Deactivated => "deactivated",
            Self::TooMany => "tooMany",
            Self::DeviceRemoved => "deviceRemoved",
            Self::DeviceReleased => "deviceReleased",
        }
    }
}

/// What changed. Contacts appear only as [`Masked`]; codes and tokens have no variant that could hold them.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each variant's fields are what its action's record shows, under the same names")]
pub enum AuditChange {
    UserCreated { feed: DirectoryFeed, user_name: Masked },
    UserUpdated { feed: DirectoryFeed, fields: Vec<&'static str> },
    UserDeactivated { feed: DirectoryFeed },
    UserReactivated { feed: DirectoryFeed },
    UserRemoved { feed: DirectoryFeed },
    UserDelivered { feed: DirectoryFeed },
    UserMerged { feed: DirectoryFeed, into: UserId },
    IdentityBound { issuer: String, by: &'static str },
    TeamCreated { feed: DirectoryFeed, team_id: TeamId, name: String, members: usize },
    TeamUpdated { feed: DirectoryFeed, team_id: TeamId, name: String, fields: Vec<&'static str> },
    TeamRemoved { feed: DirectoryFeed, team_id: TeamId, name: String },
    TeamMemberAdded { feed: DirectoryFeed, team_id: TeamId, role: TeamRole },
    TeamMemberRemoved { feed: DirectoryFeed, team_id: TeamId },
    TeamMembersSkipped { feed: DirectoryFeed, team_id: TeamId, user_ids: Vec<UserId>, count: usize },
    BrakeEngaged { client: String },
    BrakeReleased { client: String },
    DeactivationRefused { client: String },
    NoticeSent { notice: &'static str, channel: Method, delivery: Delivery },
    BreakGlassCreated { account: String },
    BreakGlassRevoked { account: String },
    BreakGlassSignedIn { account: String, told: usize },
    BreakGlassRefused { account: Option<String> },
    BreakGlassFlooded { account: Option<String>, attempts: u64, told: usize },
    ProofLost { method: Method, reason: ProofLoss },
    RoleChanged { from: Role, to: Role },
    TeamRoleChanged { team_id: TeamId, from: TeamRole, to: TeamRole },
    PreferencesUpdated { before: Box<Preferences>, after: Box<Preferences> },
    ChallengeOpened { challenge_id: ChallengeId, method: Method, destination: Masked },
    ChallengeSent { challenge_id: ChallengeId, method: Method, destination: Masked, delivery: Delivery },
    ChallengeFailed { challenge_id: ChallengeId, method: Method },
    SendRefused { method: Method, reason: RefusalReason },
    ChallengeCompleted { challenge_id: ChallengeId, method: Method, destination: Masked },
    DeviceRegistered { device_id: DeviceId, platform: Platform },
    DeviceUpdated { device_id: DeviceId, platform: Platform },
    DeviceReleased { platform: Platform },
    DeviceRemoved { device_id: DeviceId, reason: DeviceLoss },
    DeviceExpired { device_id: DeviceId, platform: Platform },
    ApiKeyCreated { key_id: ApiKeyId, name: String, prefix: String, scopes: Vec<Scope> },
    ApiKeyRotated { key_id: ApiKeyId, successor: ApiKeyId, prefix: String, old_until: OffsetDateTime },
    ApiKeyRevoked { key_id: ApiKeyId },
    SessionIssued { session_id: SessionId },
    SessionRefreshed { session_id: SessionId },
    SessionReplayed { session_id: SessionId },
    SessionRevoked { session_id: SessionId, reason: RevokeReason },
    AuditForgotten { through: u64, records: usize },
}

impl AuditChange {
    /// The action's name, `noun.verb`. Stable: clients filter by it.
    #[must_use]
    pub fn action(&self) -> String {
        let fixed = match self {
            Self::UserCreated { feed, .. } => return format!("{}.user.created", feed.as_str()),
            Self::UserUpdated { feed, .. } => return format!("{}.user.updated", feed.as_str()),
            Self::UserDeactivated { feed } => return format!("{}.user.deactivated", feed.as_str()),
            Self::UserReactivated { feed } => return format!("{}.user.reactivated", feed.as_str()),
            Self::UserRemoved { feed } => return format!("{}.user.removed", feed.as_str()),
            Self::UserDelivered { feed } => return format!("{}.user.delivered", feed.as_str()),
            Self::UserMerged { feed, .. } => return format!("{}.user.merged", feed.as_str()),
            Self::IdentityBound { .. } => "identity.bound",
            Self::TeamCreated { feed, .. } => return format!("{}.team.created", feed.as_str()),
            Self::TeamUpdated { feed, .. } => return format!("{}.team.updated", feed.as_str()),
            Self::TeamRemoved { feed, .. } => return format!("{}.team.removed", feed.as_str()),
            Self::TeamMemberAdded { feed, .. } => return format!("{}.team.member.added", feed.as_str()),
            Self::TeamMemberRemoved { feed, .. } => return format!("{}.team.member.removed", feed.as_str()),
            Self::TeamMembersSkipped { feed, .. } => return format!("{}.team.members.skipped", feed.as_str()),
            Self::BrakeEngaged { .. } => "directory.brake.engaged",
            Self::BrakeReleased { .. } => "directory.brake.released",
            Self::DeactivationRefused { .. } => "directory.deactivation.refused",
            Self::NoticeSent { .. } => "notice.sent",
            Self::BreakGlassCreated { .. } => "breakglass.created",
            Self::BreakGlassRevoked { .. } => "breakglass.revoked",
            Self::BreakGlassSignedIn { .. } => "breakglass.used",
            Self::BreakGlassRefused { .. } => "breakglass.refused",
            Self::BreakGlassFlooded { .. } => "breakglass.flooded",
            Self::ProofLost { .. } => "contact.verification.lost",
            Self::RoleChanged { .. } => "role.changed",
            Self::TeamRoleChanged { .. } => "team.role.changed",
            Self::PreferencesUpdated { .. } => "preferences.updated",
            Self::ChallengeOpened { .. } => "contact.verification.opened",
            Self::ChallengeSent { .. } => "contact.verification.sent",
            Self::ChallengeFailed { .. } => "contact.verification.failed",
            Self::ChallengeCompleted { .. } => "contact.verification.completed",
            Self::SendRefused { .. } => "contact.verification.refused",
            Self::DeviceRegistered { .. } => "device.registered",
            Self::DeviceUpdated { .. } => "device.updated",
            Self::DeviceReleased { .. } => "device.released",
            Self::DeviceRemoved { .. } => "device.removed",
            Self::DeviceExpired { .. } => "device.expired",
            Self::ApiKeyCreated { .. } => "key.created",
            Self::ApiKeyRotated { .. } => "key.rotated",
            Self::ApiKeyRevoked { .. } => "key.revoked",
            Self::SessionIssued { .. } => "session.issued",
            Self::SessionRefreshed { .. } => "session.refreshed",
            Self::SessionReplayed { .. } => "session.replayed",
            Self::SessionRevoked { .. } => "session.revoked",
            Self::AuditForgotten { .. } => "audit.forgotten",
        };
        fixed.to_owned()
    }

    /// The record's details, a JSON object.
    #[must_use]
    pub fn details(&self) -> Value {
        match self {
            Self::UserCreated { user_name, .. } => json!({ "userName": user_name }),
            Self::UserUpdated { fields, .. } => json!({ "fields": fields }),
            Self::UserDeactivated { .. }
            | Self::UserReactivated { .. }
            | Self::UserRemoved { .. }
            | Self::UserDelivered { .. } => json!({}),
            Self::UserMerged { into, .. } => json!({ "into": into }),
            Self::IdentityBound { issuer, by } => json!({ "issuer": issuer, "by": by }),
            Self::TeamUpdated { team_id, name, fields, .. } => {
                json!({ "teamId": team_id, "name": name, "fields": fields })
            }
            Self::TeamRemoved { team_id, name, .. } => json!({ "teamId": team_id, "name": name }),
            Self::TeamMemberAdded { team_id, role, .. } => json!({ "teamId": team_id, "role": role }),
            Self::TeamMemberRemoved { team_id, .. } => json!({ "teamId": team_id }),
            Self::TeamMembersSkipped { team_id, user_ids, count, .. } => {
                json!({ "teamId": team_id, "userIds": user_ids, "count": count })
            }
            Self::BrakeEngaged { client } => json!({ "client": client, "severity": "high" }),
            Self::BrakeReleased { client } | Self::DeactivationRefused { client } => json!({ "client": client }),
            Self::NoticeSent { notice, channel, delivery } => {
                json!({ "notice": notice, "channel": channel, "sendSuccess": delivery.is_success(), "delivery": delivery })
            }
            Self::BreakGlassCreated { account } | Self::BreakGlassRevoked { account } => {
                json!({ "account": account, "severity": "high" })
            }
            Self::BreakGlassSignedIn { account, told } => {
                json!({ "account": account, "adminsTold": told, "severity": "high" })
            }
            Self::BreakGlassRefused { account } => json!({ "account": account, "severity": "high" }),
            Self::BreakGlassFlooded { account, attempts, told } => {
                json!({ "account": account, "attempts": attempts, "adminsTold": told, "severity": "high" })
            }
            Self::TeamCreated { team_id, name, members, .. } => {
                json!({ "teamId": team_id, "name": name, "members": members })
            }
            Self::SendRefused { method, reason } => json!({ "method": method, "reason": reason }),
            Self::ProofLost { method, reason } => json!({ "method": method, "reason": reason }),
            Self::RoleChanged { from, to } => json!({ "from": from, "to": to }),
            Self::TeamRoleChanged { team_id, from, to } => json!({ "teamId": team_id, "from": from, "to": to }),
            Self::PreferencesUpdated { before, after } => json!({ "before": before, "after": after }),
            Self::ChallengeOpened { challenge_id, method, destination }
            | Self::ChallengeCompleted { challenge_id, method, destination } => {
                json!({ "challengeId": challenge_id, "method": method, "destination": destination })
            }
            Self::ChallengeSent { challenge_id, method, destination, delivery } => json!({
                "challengeId": challenge_id, "method": method, "destination": destination,
                "sendSuccess": delivery.is_success(), "delivery": delivery,
            }),
            Self::ChallengeFailed { challenge_id, method } => json!({ "challengeId": challenge_id, "method": method }),
            Self::DeviceRegistered { device_id, platform }
            | Self::DeviceUpdated { device_id, platform }
            | Self::DeviceExpired { device_id, platform } => {
                json!({ "deviceId": device_id, "platform": platform })
            }
            Self::DeviceReleased { platform } => json!({ "platform": platform }),
            Self::DeviceRemoved { device_id, reason } => json!({ "deviceId": device_id, "reason": reason.as_str() }),
            Self::ApiKeyCreated { key_id, name, prefix, scopes } => {
                json!({ "keyId": key_id, "name": name, "prefix": prefix, "scopes": scopes })
            }
            Self::ApiKeyRotated { key_id, successor, prefix, old_until } => {
                let until = old_until.format(&Rfc3339).unwrap_or_default();
                json!({ "keyId": key_id, "successor": successor, "prefix": prefix, "oldUntil": until })
            }
            Self::ApiKeyRevoked { key_id } => json!({ "keyId": key_id }),
            Self::SessionIssued { session_id }
            | Self::SessionRefreshed { session_id }
            | Self::SessionReplayed { session_id } => json!({ "sessionId": session_id }),
            Self::SessionRevoked { session_id, reason } => json!({ "sessionId": session_id, "reason": reason }),
            Self::AuditForgotten { through, records } => json!({ "throughPosition": through, "records": records }),
        }
    }
}

/// One record of the audit trail, as it is written and as it is read back.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// The record's id; ids sort by time.
    pub id: AuditId,
    /// When it happened.
    pub at: OffsetDateTime,
    /// What happened, `noun.verb`. Text, because a store may hold actions of a newer version.
    pub action: String,
    /// Whom it concerns, when it concerns a person.
    pub subject: Option<UserId>,
    /// The action's own details, a JSON object with masked values only.
    pub details: Value,
    /// Who did it and from where.
    pub origin: Origin,
}

impl AuditEvent {
    /// Records `change` as of `at`.
    #[must_use]
    pub fn new(
        at: OffsetDateTime,
        entropy: &dyn Entropy,
        origin: &Origin,
        subject: Option<UserId>,
        change: &AuditChange,
    ) -> Self {
        Self {
            id: AuditId::new(at, entropy),
            at,
            action: change.action(),
            subject,
            details: change.details(),
            origin: origin.clone(),
        }
    }

    /// A copy for the thing of that number among several that one change concerns, with `value` under `key` in its
    /// details. Number 0 keeps the id, each further copy has the id of that many more: a store learns only inside its
    /// transaction how many records there are, and has no source of ids. 62 bits of an id are random, so that ids stay
    /// unique.
    #[must_use]
    pub fn copy_for(&self, number: u32, key: &str, value: impl Into<Value>) -> Self {
        let mut copy = self.clone();
        copy.id = AuditId(Uuid::from_u128(self.id.0.as_u128().wrapping_add(number.into())));
        if let Some(details) = copy.details.as_object_mut() {
            details.insert(key.to_owned(), value.into());
        }
        copy
    }
}
