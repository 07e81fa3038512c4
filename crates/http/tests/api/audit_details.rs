//! The details of each change that the domain records are as the document says for its action.

use std::collections::BTreeSet;

use muster_domain::access::Scope;
use muster_domain::audit::{AuditChange, DirectoryFeed, ProofLoss, RevokeReason};
use muster_domain::device::{DeviceLoss, Platform};
use muster_domain::preferences::Preferences;
use muster_domain::team::TeamRole;
use muster_domain::user::Role;
use muster_domain::verification::{Delivery, Masked, Method, RefusalReason};
use muster_domain::{ApiKeyId, ChallengeId, DeviceId, SessionId, TeamId, UserId};
use muster_testkit::Builders;
use serde_json::Value;

use crate::conformance;

/// How many variants there are. A new one does not compile here until it is counted, and then has to be among the samples.
const VARIANTS: usize = 45;

fn number(change: &AuditChange) -> usize {
    use AuditChange as C;
    match change {
        C::UserCreated { .. } => 0,
        C::UserUpdated { .. } => 1,
        C::UserDeactivated { .. } => 2,
        C::UserReactivated { .. } => 3,
        C::UserRemoved { .. } => 4,
        C::UserDelivered { .. } => 5,
        C::UserMerged { .. } => 6,
        C::IdentityBound { .. } => 7,
        C::TeamCreated { .. } => 8,
        C::TeamUpdated { .. } => 9,
        C::TeamRemoved { .. } => 10,
        C::TeamMemberAdded { .. } => 11,
        C::TeamMemberRemoved { .. } => 12,
        C::TeamMembersSkipped { .. } => 13,
        C::BrakeEngaged { .. } => 14,
        C::BrakeReleased { .. } => 15,
        C::DeactivationRefused { .. } => 16,
        C::NoticeSent { .. } => 17,
        C::BreakGlassCreated { .. } => 18,
        C::BreakGlassRevoked { .. } => 19,
        C::BreakGlassSignedIn { .. } => 20,
        C::BreakGlassRefused { .. } => 21,
        C::BreakGlassFlooded { .. } => 22,
        C::ProofLost { .. } => 23,
        C::RoleChanged { .. } => 24,
        C::TeamRoleChanged { .. } => 25,
        C::PreferencesUpdated { .. } => 26,
        C::ChallengeOpened { .. } => 27,
        C::ChallengeSent { .. } => 28,
        C::ChallengeFailed { .. } => 29,
        C::SendRefused { .. } => 30,
        C::ChallengeCompleted { .. } => 31,
        C::DeviceRegistered { .. } => 32,
        C::DeviceUpdated { .. } => 33,
        C::DeviceReleased { .. } => 34,
        C::DeviceRemoved { .. } => 35,
        C::DeviceExpired { .. } => 36,
        C::ApiKeyCreated { .. } => 37,
        C::ApiKeyRotated { .. } => 38,
        C::ApiKeyRevoked { .. } => 39,
        C::SessionIssued { .. } => 40,
        C::SessionRefreshed { .. } => 41,
        C::SessionReplayed { .. } => 42,
        C::SessionRevoked { .. } => 43,
        C::AuditForgotten { .. } => 44,
    }
}

/// What the directory does, by one of its feeds.
fn of_the_directory(feed: DirectoryFeed, make: &Builders) -> Vec<AuditChange> {
    let id = UserId::new(make.now(), &*make.entropy);
    let team_id = TeamId::new(make.now(), &*make.entropy);
    let name = || "Night".to_owned();
    vec![
        AuditChange::UserCreated { feed, user_name: Masked::login("grace@example.com") },
        AuditChange::UserUpdated { feed, fields: vec!["email", "phone"] },
        AuditChange::UserDeactivated { feed },
        AuditChange::UserReactivated { feed },
        AuditChange::UserRemoved { feed },
        AuditChange::UserDelivered { feed },
        AuditChange::UserMerged { feed, into: id },
        AuditChange::TeamCreated { feed, team_id, name: name(), members: 2 },
        AuditChange::TeamUpdated { feed, team_id, name: name(), fields: vec!["displayName"] },
        AuditChange::TeamRemoved { feed, team_id, name: name() },
        AuditChange::TeamMemberAdded { feed, team_id, role: TeamRole::Responder },
        AuditChange::TeamMemberRemoved { feed, team_id },
        AuditChange::TeamMembersSkipped { feed, team_id, user_ids: vec![id], count: 1 },
    ]
}

fn of_operators(make: &Builders) -> Vec<AuditChange> {
    let id = || ApiKeyId::new(make.now(), &*make.entropy);
    let (client, account, name) = (|| "Okta".to_owned(), || "safe".to_owned(), || "Pager".to_owned());
    let prefix = || "mst_key_0PUY".to_owned();
    vec![
        AuditChange::BrakeEngaged { client: client() },
        AuditChange::BrakeReleased { client: client() },
        AuditChange::DeactivationRefused { client: client() },
        AuditChange::BreakGlassCreated { account: account() },
        AuditChange::BreakGlassRevoked { account: account() },
        AuditChange::BreakGlassSignedIn { account: account(), told: 2 },
        AuditChange::BreakGlassRefused { account: None },
        AuditChange::BreakGlassRefused { account: Some(account()) },
        AuditChange::BreakGlassFlooded { account: None, attempts: 10, told: 2 },
        AuditChange::ApiKeyCreated { key_id: id(), name: name(), prefix: prefix(), scopes: Scope::ALL.to_vec() },
        AuditChange::ApiKeyRotated { key_id: id(), successor: id(), prefix: prefix(), old_until: make.now() },
        AuditChange::ApiKeyRevoked { key_id: id() },
        AuditChange::AuditForgotten { through: 9, records: 9 },
        AuditChange::RoleChanged { from: Role::User, to: Role::Admin },
    ]
}

fn of_a_person(make: &Builders) -> Vec<AuditChange> {
    let challenge_id = ChallengeId::new(make.now(), &*make.entropy);
    let device_id = DeviceId::new(make.now(), &*make.entropy);
    let session_id = SessionId::new(make.now(), &*make.entropy);
    let team_id = TeamId::new(make.now(), &*make.entropy);
    let (method, platform) = (Method::Sms, Platform::Ios);
    let destination = || Masked::phone("+12025550100");
    let preferences = || Box::new(Preferences::default());
    let mut all = vec![
        AuditChange::IdentityBound { issuer: "https://login.example".to_owned(), by: "externalId" },
        AuditChange::ProofLost { method, reason: ProofLoss::DestinationChanged },
        AuditChange::TeamRoleChanged { team_id, from: TeamRole::Observer, to: TeamRole::TeamAdmin },
        AuditChange::PreferencesUpdated { before: preferences(), after: preferences() },
        AuditChange::ChallengeOpened { challenge_id, method, destination: destination() },
        AuditChange::ChallengeFailed { challenge_id, method },
        AuditChange::ChallengeCompleted { challenge_id, method, destination: destination() },
        AuditChange::DeviceRegistered { device_id, platform },
        AuditChange::DeviceUpdated { device_id, platform },
        AuditChange::DeviceReleased { platform },
        AuditChange::DeviceRemoved { device_id, reason: DeviceLoss::RemovedByOwner },
        AuditChange::DeviceExpired { device_id, platform },
        AuditChange::SessionIssued { session_id },
        AuditChange::SessionRefreshed { session_id },
        AuditChange::SessionReplayed { session_id },
        AuditChange::SessionRevoked { session_id, reason: RevokeReason::TooMany },
    ];
    let reasons = [
        RefusalReason::TooSoon,
        RefusalReason::DestinationQuota,
        RefusalReason::UserQuota,
        RefusalReason::InstallationQuota,
        RefusalReason::DestinationNotAllowed,
    ];
    all.extend(reasons.map(|reason| AuditChange::SendRefused { method, reason }));
    for delivery in [
        Delivery::Accepted { provider_message_id: Some("1".to_owned()) },
        Delivery::Accepted { provider_message_id: None },
        Delivery::Captured,
        Delivery::Rejected,
        Delivery::Gone,
        Delivery::Throttled,
        Delivery::Unavailable,
        Delivery::TimedOut,
    ] {
        all.push(AuditChange::NoticeSent { notice: "contactChanged", channel: method, delivery: delivery.clone() });
        all.push(AuditChange::ChallengeSent { challenge_id, method, destination: destination(), delivery });
    }
    all
}

#[test]
fn the_details_of_each_change_fit_the_form_that_names_its_action_and_no_other() {
    let make = Builders::default();
    let document = muster_http::openapi(false);
    let schemas = &document["components"]["schemas"];
    let forms: Vec<(&str, &Value)> = schemas["AuditDetails"]["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|form| form["$ref"].as_str().unwrap().rsplit_once('/').unwrap().1)
        .map(|name| (name, &schemas[name]))
        .collect();
    let mut changes: Vec<AuditChange> =
        DirectoryFeed::ALL.into_iter().flat_map(|feed| of_the_directory(feed, &make)).collect();
    changes.extend(of_operators(&make));
    changes.extend(of_a_person(&make));
    let mut met = BTreeSet::new();
    for change in &changes {
        let (action, details) = (change.action(), change.details());
        let fitting: Vec<&str> = forms
            .iter()
            .filter(|(_, form)| conformance::faults(form, &details, "").is_empty())
            .map(|(name, _)| *name)
            .collect();
        let named: Vec<&str> = forms
            .iter()
            .filter(|(_, form)| form["x-actions"].as_array().unwrap().contains(&action.as_str().into()))
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(named.len(), 1, "{action} is named by {named:?}");
        assert_eq!(fitting, named, "{action}: {details}");
        met.insert(action);
    }
    let numbers: BTreeSet<usize> = changes.iter().map(number).collect();
    assert_eq!(numbers, (0..VARIANTS).collect(), "not every variant is among the samples");
    let named = forms.iter().flat_map(|(_, form)| form["x-actions"].as_array().unwrap());
    let named: BTreeSet<String> = named.map(|action| action.as_str().unwrap().to_owned()).collect();
    assert_eq!(named, met, "a form names an action that nothing has");
}

/// A client that passes over unknown members and takes the first form that fits finds the one that has all of them.
#[test]
fn forms_with_more_members_come_first() {
    let document = muster_http::openapi(false);
    let schemas = &document["components"]["schemas"];
    let forms = schemas["AuditDetails"]["oneOf"].as_array().unwrap().iter();
    let names = forms.map(|form| form["$ref"].as_str().unwrap().rsplit_once('/').unwrap().1);
    let members: Vec<usize> = names.map(|name| schemas[name]["required"].as_array().unwrap().len()).collect();
    assert!(members.is_sorted_by(|more, fewer| more >= fewer), "{members:?}");
}
