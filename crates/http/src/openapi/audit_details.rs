//! What the details of audit records look like, by action. The domain's `AuditChange::details` writes them, and a test holds
//! each of its variants to the schema that names its action.

use muster_domain::audit::DirectoryFeed;
use serde_json::{Map, Value, json};

/// One form of details.
struct Details {
    name: &'static str,
    /// What happened.
    about: &'static str,
    /// Whose details they are; `*` stands for each feed of the directory.
    actions: &'static [&'static str],
    /// What [`member`] knows, and the names of enums for `reason`.
    members: &'static [&'static str],
}

const fn of(
    name: &'static str,
    about: &'static str,
    actions: &'static [&'static str],
    members: &'static [&'static str],
) -> Details {
    Details { name, about, actions, members }
}

/// Each value fits one of them. Those with more members come first: a client that passes over unknown members and takes the
/// first that fits then loses none.
#[rustfmt::skip]
const ALL: [Details; 34] = [
    of("ChallengeSentDetails", "A code was handed to its provider.", &["contact.verification.sent"],
        &["challengeId", "method", "destination", "sendSuccess", "delivery"]),
    of("NoticeSentDetails", "A notice was handed to its provider.", &["notice.sent"],
        &["notice", "channel", "sendSuccess", "delivery"]),
    of("BreakGlassFloodedDetails", "Wrong passwords for an account of last resort are a flood.", &["breakglass.flooded"],
        &["account", "attempts", "adminsTold", "severity"]),
    of("ApiKeyCreatedDetails", "An API key was made.", &["key.created"], &["keyId", "name", "prefix", "scopes"]),
    of("ApiKeyRotatedDetails", "An API key got a successor.", &["key.rotated"],
        &["keyId", "successor", "prefix", "oldUntil"]),
    of("TeamCreatedDetails", "A team was put on record.", &["*.team.created"], &["teamId", "name", "members"]),
    of("TeamUpdatedDetails", "What is on record about a team changed.", &["*.team.updated"],
        &["teamId", "name", "fields"]),
    of("TeamMembersSkippedDetails", "New members of a team are not on record and were left out.",
        &["*.team.members.skipped"], &["teamId", "userIds", "count"]),
    of("BreakGlassUsedDetails", "Somebody signed in with an account of last resort.", &["breakglass.used"],
        &["account", "adminsTold", "severity"]),
    of("TeamRoleChangedDetails", "A member of a team was given another role there.", &["team.role.changed"],
        &["teamId", "from:TeamRole", "to:TeamRole"]),
    of("ChallengeDetails", "A code was made, or the right one was given.",
        &["contact.verification.opened", "contact.verification.completed"], &["challengeId", "method", "destination"]),
    of("TeamRemovedDetails", "A team was removed.", &["*.team.removed"], &["teamId", "name"]),
    of("TeamMemberAddedDetails", "A person came into a team.", &["*.team.member.added"], &["teamId", "role"]),
    of("IdentityBoundDetails", "A subject of the identity provider stands for the person from now on.",
        &["identity.bound"], &["issuer", "by"]),
    of("BrakeEngagedDetails", "The brake on deactivations was engaged.", &["directory.brake.engaged"],
        &["client", "severity"]),
    of("BreakGlassDetails", "An account of last resort was made or revoked, or a sign-in with it was refused.",
        &["breakglass.created", "breakglass.revoked", "breakglass.refused"], &["account", "severity"]),
    of("ProofLostDetails", "A channel lost its proof.", &["contact.verification.lost"],
        &["method", "reason:destinationChanged"]),
    of("SendRefusedDetails", "A limit refused a code.", &["contact.verification.refused"],
        &["method", "reason:tooSoon,destinationQuota,userQuota,installationQuota,destinationNotAllowed"]),
    of("RoleChangedDetails", "A person was given another role on the platform.", &["role.changed"],
        &["from:Role", "to:Role"]),
    of("PreferencesUpdatedDetails", "A person replaced their notification preferences.", &["preferences.updated"],
        &["before", "after"]),
    of("ChallengeFailedDetails", "A wrong code was given.", &["contact.verification.failed"],
        &["challengeId", "method"]),
    of("DeviceDetails", "A device was registered, registered again, or removed because it is gone.",
        &["device.registered", "device.updated", "device.expired"], &["deviceId", "platform"]),
    of("DeviceRemovedDetails", "A device was removed.", &["device.removed"], &["deviceId", "reason"]),
    of("SessionRevokedDetails", "A phone session was ended.", &["session.revoked"], &["sessionId", "reason"]),
    of("AuditForgottenDetails", "The oldest audit records were removed.", &["audit.forgotten"],
        &["throughPosition", "records"]),
    of("UserCreatedDetails", "A person was put on record.", &["*.user.created"], &["userName"]),
    of("UserUpdatedDetails", "What is on record about a person changed.", &["*.user.updated"], &["fields"]),
    of("UserMergedDetails", "A person turned out to be another one, and was removed.", &["*.user.merged"], &["into"]),
    of("TeamMemberRemovedDetails", "A person left a team.", &["*.team.member.removed"], &["teamId"]),
    of("DirectoryClientDetails", "The brake on deactivations was released, or refused one.",
        &["directory.brake.released", "directory.deactivation.refused"], &["client"]),
    of("DeviceReleasedDetails", "A device's token moved to another person.", &["device.released"], &["platform"]),
    of("ApiKeyRevokedDetails", "An API key was revoked.", &["key.revoked"], &["keyId"]),
    of("SessionDetails", "A phone session was opened or refreshed, or one of its tokens was replayed.",
        &["session.issued", "session.refreshed", "session.replayed"], &["sessionId"]),
    of("NoDetails", "The action says it all.",
        &["*.user.deactivated", "*.user.reactivated", "*.user.removed", "*.user.delivered"], &[]),
];

/// Adds the schemas: each form, and `AuditDetails`, which is one of them.
pub(super) fn add(schemas: &mut Map<String, Value>) {
    for details in &ALL {
        let members: Map<String, Value> = details.members.iter().map(|spec| member(spec)).collect();
        let required: Vec<&String> = members.keys().collect();
        let schema = json!({
            "type": "object",
            "description": details.about,
            "x-actions": actions(details),
            "required": required,
            "properties": members,
            "additionalProperties": false,
        });
        schemas.insert(details.name.to_owned(), schema);
    }
    let references = ALL.iter().map(|details| json!({ "$ref": format!("#/components/schemas/{}", details.name) }));
    let details = json!({
        "description": "What the action tells of besides. The record's `action` says which of the forms it is: each \
            lists its own in `x-actions`.",
        "oneOf": references.collect::<Vec<_>>(),
    });
    schemas.insert("AuditDetails".to_owned(), details);
    schemas.insert("Delivery".to_owned(), delivery());
}

fn actions(details: &Details) -> Vec<String> {
    let each = |action: &&str| match action.strip_prefix('*') {
        Some(rest) => DirectoryFeed::ALL.map(|feed| format!("{}{rest}", feed.as_str())).to_vec(),
        None => vec![(*action).to_owned()],
    };
    details.actions.iter().flat_map(each).collect()
}

/// A member's name and schema. After a colon stands the schema that it refers to, or the values that it may have.
fn member(spec: &str) -> (String, Value) {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let text = |about: &str, example: &str| json!({ "type": "string", "description": about, "examples": [example] });
    let count = |about: &str| json!({ "type": "integer", "minimum": 0, "description": about, "examples": [3] });
    let (name, form) = spec.split_once(':').unwrap_or((spec, ""));
    let schema = match name {
        "from" | "to" => reference(form),
        "reason" if !form.is_empty() => {
            json!({ "type": "string", "description": "Why.", "enum": form.split(',').collect::<Vec<_>>() })
        }
        "reason" => text("Why: `removedByOwner`, or the reason why the session was ended.", "signedOut"),
        "userIds" => json!({ "type": "array", "description": "The first of them.", "items": reference("Id") }),
        "fields" => json!({ "type": "array", "description": "Which fields.", "items": { "type": "string" } }),
        "scopes" => json!({ "type": "array", "items": reference("Scope") }),
        "role" => reference("TeamRole"),
        "method" | "channel" => reference("Channel"),
        "platform" => reference("Platform"),
        "before" | "after" => reference("Preferences"),
        "delivery" => reference("Delivery"),
        "oldUntil" => reference("Time"),
        "sendSuccess" => json!({ "type": "boolean", "description": "Whether the message is on its way." }),
        "severity" => json!({ "type": "string", "enum": ["high"] }),
        "account" => json!({
            "type": ["string", "null"], "examples": ["safe"],
            "description": "The account's name; null when the name that was tried cannot be one.",
        }),
        "attempts" => count("How many within 15 minutes."),
        "adminsTold" => count("How many admins were told."),
        "members" => count("How many members it began with."),
        "count" => count("How many."),
        "records" => count("How many records."),
        "throughPosition" => count("Up to which place in the chain."),
        "userName" => text("The sign-in name, masked.", "gr***@example.com"),
        "destination" => text("Where the code goes, masked.", "***0100"),
        "notice" => text("Which notice.", "contactChanged"),
        "issuer" => text("The identity provider's issuer.", "https://login.example.com"),
        "by" => text("What told that it is this person.", "externalId"),
        "client" => text("Which client of the directory.", "Okta"),
        "prefix" => text("How the new key begins.", "mst_key_0PUY"),
        "name" => text("The name.", "Platform"),
        _ => reference("Id"),
    };
    (name.to_owned(), schema)
}

/// What came of handing a message to its provider.
fn delivery() -> Value {
    json!({
        "type": "object",
        "description": "What came of handing the message to its provider.",
        "required": ["outcome"],
        "properties": {
            "outcome": {
                "type": "string",
                "enum": ["accepted", "captured", "rejected", "gone", "throttled", "unavailable", "timedOut"],
            },
            "providerMessageId": {
                "type": ["string", "null"],
                "description": "The provider's own id of the message, when it took the message and gave one.",
            },
        },
        "additionalProperties": false,
    })
}
