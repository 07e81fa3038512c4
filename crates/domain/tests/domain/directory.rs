use muster_domain::audit::DirectoryFeed;
use muster_domain::directory::{Applied, ApplyRecordError, Change, CreateTeamError, DirectoryStore, RawRecord};
use muster_domain::team::{Member, TeamRole};
use muster_domain::user::{Role, Source, User, UserQuery};
use muster_domain::verification::{ChannelSet, Method};
use muster_domain::{StoreError, Text, UserId};
use serde_json::json;
use time::Duration;

use crate::house::{House, raw, record};

const ADA: &str = "ada@example.com";

async fn apply(house: &House, raw: RawRecord) -> Result<Applied, ApplyRecordError> {
    house.directory.apply_record(&record(raw), DirectoryFeed::Scim, &house.origin).await
}

/// Ada on record with e-mail and phone proven.
async fn proven_ada(house: &House) -> UserId {
    let id = apply(house, raw(ADA)).await.unwrap().user_id;
    let ada = house.profile(id).await.user;
    house.prove(&ada, Method::Email).await;
    house.prove(&ada, Method::Sms).await;
    id
}

async fn proven(house: &House, id: UserId) -> (bool, bool) {
    let status = house.status(id).await;
    (status.email.verified_at.is_some(), status.sms.verified_at.is_some())
}

#[tokio::test]
async fn a_person_who_is_new_is_added() {
    let house = House::new();
    let given = RawRecord {
        external_id: Some("00u1".to_owned()),
        given_name: Some("Ada".to_owned()),
        family_name: Some("Lovelace".to_owned()),
        ..raw(ADA)
    };
    let applied = apply(&house, given).await.unwrap();
    assert_eq!(applied.change, Change::Added);
    let user = house.profile(applied.user_id).await.user;
    assert_eq!((user.user_name.as_str(), user.display_name.as_str()), (ADA, "Ada Lovelace"));
    assert_eq!((user.role, user.active, user.source, user.version), (Role::User, true, Source::Scim, 1));
    assert_eq!((user.created_at, user.updated_at), (house.now(), house.now()));
    assert_eq!(user.external_id.as_deref(), Some("00u1"));
    assert!(user.email_fingerprint.is_some() && user.phone_fingerprint.is_some());
    assert_eq!(house.actions_since(0), ["scim.user.created"]);
    assert_eq!(house.last_event().details, json!({ "userName": "ad***@example.com" }));
}

#[tokio::test]
async fn the_feed_names_the_action() {
    let house = House::new();
    for (feed, action) in [
        (DirectoryFeed::Import, "import.user.created"),
        (DirectoryFeed::Scim, "scim.user.created"),
        (DirectoryFeed::Seed, "seed.user.created"),
    ] {
        let record = record(raw(&format!("{action}@example.com")));
        house.directory.apply_record(&record, feed, &house.origin).await.unwrap();
        assert_eq!(house.last_event().action, action);
    }
}

#[tokio::test]
async fn saying_the_same_again_changes_nothing() {
    let house = House::new();
    let id = apply(&house, raw(ADA)).await.unwrap().user_id;
    let (before, mark) = (house.profile(id).await, house.mark());
    house.clock.advance(Duration::DAY);
    let again = apply(&house, raw(ADA)).await.unwrap();
    assert_eq!(again, Applied { user_id: id, change: Change::Unchanged });
    assert_eq!(house.profile(id).await, before);
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn a_change_of_formatting_keeps_the_proof() {
    let house = House::new();
    let id = proven_ada(&house).await;
    let mark = house.mark();
    let reformatted = RawRecord { phone: Some("tel:+1-202-555-0143".to_owned()), ..raw(ADA) };
    assert_eq!(apply(&house, reformatted).await.unwrap().change, Change::Updated { fields: vec!["phone"] });
    assert_eq!(proven(&house, id).await, (true, true));
    assert_eq!(house.actions_since(mark), ["scim.user.updated"]);
}

#[tokio::test]
async fn a_change_of_case_is_taken_over_and_keeps_the_proof() {
    let house = House::new();
    let id = proven_ada(&house).await;
    let mark = house.mark();
    let recased = RawRecord { email: Some("ADA@Example.com".to_owned()), ..raw(ADA) };
    let applied = apply(&house, recased).await.unwrap();
    assert_eq!(applied, Applied { user_id: id, change: Change::Updated { fields: vec!["email"] } });
    assert_eq!(house.profile(id).await.user.email.unwrap().as_str(), "ADA@Example.com");
    assert_eq!(proven(&house, id).await, (true, true));
    assert_eq!(house.actions_since(mark), ["scim.user.updated"]);
    assert_eq!(house.last_event().details, json!({ "fields": ["email"] }));
}

#[tokio::test]
async fn a_changed_destination_loses_its_own_proof_and_no_other() {
    let house = House::new();
    let id = proven_ada(&house).await;
    let mark = house.mark();
    let moved = RawRecord { phone: Some("+1 202 555 0199".to_owned()), ..raw(ADA) };
    let applied = apply(&house, moved.clone()).await.unwrap();
    assert_eq!(applied.change, Change::Updated { fields: vec!["phone"] });
    assert_eq!(proven(&house, id).await, (true, false));
    assert_eq!(house.actions_since(mark), ["scim.user.updated", "contact.verification.lost"]);
    assert_eq!(house.last_event().details, json!({ "method": "sms", "reason": "destinationChanged" }));

    let mark = house.mark();
    apply(&house, RawRecord { email: None, ..moved }).await.unwrap();
    assert_eq!(proven(&house, id).await, (false, false));
    assert_eq!(house.actions_since(mark), ["scim.user.updated", "contact.verification.lost"]);
}

#[tokio::test]
async fn a_number_that_became_undeliverable_loses_its_proof() {
    let house = House::new();
    let id = proven_ada(&house).await;
    apply(&house, RawRecord { phone: Some("reception".to_owned()), ..raw(ADA) }).await.unwrap();
    assert_eq!(proven(&house, id).await, (true, false));
    let user = house.profile(id).await.user;
    assert_eq!((user.phone.unwrap().as_str(), user.phone_fingerprint), ("reception", None));
}

#[tokio::test]
async fn a_bad_contact_keeps_nobody_active_and_is_kept_unproven_with_a_reason() {
    let house = House::new();
    let id = proven_ada(&house).await;
    let leaver = RawRecord {
        email: Some("ada@nowhere".to_owned()),
        phone: Some("\u{202d}+1 415 555 267O\u{202c}".to_owned()),
        active: Some(false),
        ..raw(ADA)
    };
    apply(&house, leaver).await.unwrap();
    let facts = house.profile(id).await;
    assert!(!facts.user.active);
    assert_eq!((facts.user.email.is_none(), facts.user.given.email.as_deref()), (true, Some("ada@nowhere")));
    assert_eq!(facts.user.phone.as_ref().unwrap().as_str(), "+1 415 555 267O");
    let status = facts.verification(ChannelSet::ALL, house.make.now());
    for channel in [&status.email, &status.sms] {
        assert!(channel.malformed && channel.verified_at.is_none());
    }
    assert!(!status.push.malformed);
}

#[tokio::test]
async fn what_the_directory_sent_is_kept_where_it_is_not_what_was_understood() {
    let house = House::new();
    let written = |phone: &str| RawRecord { phone: Some(phone.to_owned()), ..raw(ADA) };
    let id = apply(&house, written("+1 (202) 555-0143")).await.unwrap().user_id;
    let user = house.profile(id).await.user;
    assert_eq!(user.phone.unwrap().as_str(), "+12025550143");
    assert_eq!(user.given.phone.as_deref(), Some("+1 (202) 555-0143"));

    let again = apply(&house, written("+1 (202) 555-0143")).await.unwrap();
    assert_eq!(again.change, Change::Unchanged);
    let applied = apply(&house, written("+12025550143")).await.unwrap();
    assert_eq!(applied.change, Change::Updated { fields: vec!["phone"] });
    assert_eq!(house.profile(id).await.user.given.phone, None);
}

#[tokio::test]
async fn a_first_destination_loses_nothing() {
    let house = House::new();
    let id = apply(&house, RawRecord { phone: None, ..raw(ADA) }).await.unwrap().user_id;
    let mark = house.mark();
    apply(&house, raw(ADA)).await.unwrap();
    assert!(house.profile(id).await.user.phone_fingerprint.is_some());
    assert_eq!(house.actions_since(mark), ["scim.user.updated"]);
}

#[tokio::test]
async fn every_changed_field_is_named() {
    let house = House::new();
    let id = apply(&house, raw(ADA)).await.unwrap().user_id;
    let text = |text: &str| Some(text.to_owned());
    let all = RawRecord {
        external_id: text("00u1"),
        user_name: text(ADA),
        display_name: text("The Countess"),
        given_name: text("Ada"),
        family_name: text("King"),
        email: text("countess@example.com"),
        phone: text("+1 202 555 0199"),
        time_zone: text("Europe/Paris"),
        locale: text("fr"),
        active: Some(true),
    };
    let fields = vec!["externalId", "displayName", "givenName", "familyName", "email", "phone", "timeZone", "locale"];
    let applied = apply(&house, all.clone()).await.unwrap();
    assert_eq!(applied, Applied { user_id: id, change: Change::Updated { fields } });
    house.clock.advance(Duration::SECOND);
    let renamed = RawRecord { user_name: text("countess@example.com"), ..all };
    assert_eq!(apply(&house, renamed).await.unwrap().change, Change::Updated { fields: vec!["userName"] });
    let user = house.profile(id).await.user;
    assert_eq!((user.version, user.updated_at), (3, house.now()));
    assert_eq!(user.created_at, house.now() - Duration::SECOND);
}

#[tokio::test]
async fn deactivation_and_return_are_recorded_and_delete_nothing() {
    let house = House::new();
    let id = proven_ada(&house).await;
    let mark = house.mark();
    let inactive = RawRecord { active: Some(false), ..raw(ADA) };
    assert_eq!(apply(&house, inactive.clone()).await.unwrap().change, Change::Deactivated { fields: vec![] });
    assert_eq!(house.actions_since(mark), ["scim.user.updated", "scim.user.deactivated"]);
    assert_eq!(apply(&house, inactive).await.unwrap().change, Change::Unchanged);
    assert_eq!(apply(&house, raw(ADA)).await.unwrap().change, Change::Unchanged, "what is left out stays");
    let back = RawRecord { active: Some(true), display_name: Some("Countess".to_owned()), ..raw(ADA) };
    assert_eq!(apply(&house, back).await.unwrap().change, Change::Reactivated { fields: vec!["displayName"] });
    assert_eq!(house.actions_since(mark + 2), ["scim.user.updated", "scim.user.reactivated"]);
    assert_eq!(proven(&house, id).await, (true, true));
    assert_eq!(house.profile(id).await.user.version, 3);
}

#[tokio::test]
async fn a_person_who_is_added_deactivated_may_not_sign_in() {
    let house = House::new();
    let applied = apply(&house, RawRecord { active: Some(false), ..raw(ADA) }).await.unwrap();
    assert_eq!(applied.change, Change::Added);
    assert!(!house.profile(applied.user_id).await.user.active);
}

#[tokio::test]
async fn the_external_id_finds_a_person_whose_user_name_changed() {
    let house = House::new();
    let with_id = |name| RawRecord { external_id: Some("00u1".to_owned()), ..raw(name) };
    let id = apply(&house, with_id(ADA)).await.unwrap().user_id;
    let applied = apply(&house, with_id("countess@example.com")).await.unwrap();
    assert_eq!(applied.user_id, id);
    let kept = apply(&house, raw("countess@example.com")).await.unwrap();
    assert_eq!(kept, Applied { user_id: id, change: Change::Unchanged }, "a known external id is left alone");
}

#[tokio::test]
async fn a_user_name_with_another_external_id_is_a_conflict() {
    let house = House::new();
    let with_id = |id: &str, name| RawRecord { external_id: Some(id.to_owned()), ..raw(name) };
    apply(&house, with_id("00u1", ADA)).await.unwrap();
    apply(&house, with_id("00u2", "grace@example.com")).await.unwrap();
    let mark = house.mark();
    for refused in [with_id("00u3", ADA), with_id("00u1", "GRACE@example.com")] {
        assert!(matches!(apply(&house, refused).await, Err(ApplyRecordError::Conflict)));
    }
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn the_directory_does_not_touch_the_platform_role() {
    let house = House::new();
    let id = apply(&house, raw(ADA)).await.unwrap().user_id;
    house.users.change_role(id, Role::Admin, &house.origin).await.unwrap();
    apply(&house, RawRecord { locale: Some("fr".to_owned()), ..raw(ADA) }).await.unwrap();
    assert_eq!(house.profile(id).await.user.role, Role::Admin);
}

#[tokio::test]
async fn a_failing_store_is_told() {
    let house = House::new();
    house.store.set_unavailable(true);
    let refused = apply(&house, raw(ADA)).await;
    assert!(matches!(refused, Err(ApplyRecordError::Store(StoreError::Unavailable(_)))));
}

#[tokio::test]
async fn a_team_is_made_with_its_members() {
    let house = House::new();
    let ada = house.user("ada").await;
    let members = [Member { user_id: ada.id, role: TeamRole::Responder }];
    let name = Text::parse("Night shift").unwrap();
    let mark = house.mark();
    let team = house.directory.create_team(name.clone(), &members, DirectoryFeed::Import, &house.origin).await.unwrap();
    assert_eq!((team.name.as_str(), team.active, team.synced_from_directory), ("Night shift", true, true));
    let membership = house.profile(ada.id).await.teams.remove(0);
    assert_eq!((membership.id, membership.role), (team.id, TeamRole::Responder));
    assert_eq!(house.actions_since(mark), ["import.team.created"]);

    let taken = house.directory.create_team(name, &[], DirectoryFeed::Import, &house.origin).await;
    assert!(matches!(taken, Err(CreateTeamError::NameTaken)));
    assert_eq!(house.mark(), mark + 1);
}

#[tokio::test]
async fn an_account_that_is_not_the_directorys_is_out_of_its_reach() {
    let house = House::new();
    let local = User { source: Source::Local, ..house.make.user("rescue@example.com").build() };
    let event = house.make.event("test", Some(local.id));
    house.store.insert_user(&local, &event).await.unwrap();
    let mark = house.mark();
    let leaver = RawRecord { active: Some(false), ..raw("RESCUE@example.com") };
    assert!(matches!(apply(&house, leaver).await, Err(ApplyRecordError::Conflict)));
    assert!(house.profile(local.id).await.user.active);
    assert_eq!(house.mark(), mark);
}

#[test]
fn debug_shows_no_contact() {
    let house = House::new();
    let unchecked = RawRecord { email: Some("ada@example.com".to_owned()), ..raw(ADA) };
    let user = house.make.user("ada@example.com").build();
    let query = UserQuery { search: Some("ada@example.com".to_owned()), ..UserQuery::default() };
    let shown = format!("{unchecked:?} {:?} {user:?} {query:?}", record(unchecked.clone()));
    assert!(!shown.contains('@') && !shown.contains("555"), "{shown}");
}
