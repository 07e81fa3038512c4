use muster_domain::UserId;
use muster_domain::audit::{Actor, AuditArea, AuditKey, AuditQuery, AuditReader, DirectoryFeed, Origin};
use muster_domain::directory::RawRecord;
use muster_domain::verification::Method;
use muster_testkit::Builders;
use serde_json::{json, to_value};
use time::Duration;

use crate::house::{House, raw, record};

#[test]
fn a_request_keeps_its_trace_when_it_turns_out_whose_it_is() {
    let make = Builders::default();
    let id = UserId::new(make.now(), &*make.entropy);
    let anonymous = Origin {
        actor: Actor::Anonymous,
        ip: Some([192, 0, 2, 7].into()),
        user_agent: Some("agent".to_owned()),
        request_id: Some("r-1".to_owned()),
    };
    assert_eq!(anonymous.by_user(id), Origin { actor: Actor::User { id }, ..anonymous });
}

#[test]
fn actors_have_the_form_that_stores_keep() {
    let make = Builders::default();
    let id = UserId::new(make.now(), &*make.entropy);
    let cases = [
        (Actor::User { id }, json!({ "type": "user", "id": id.to_string() })),
        (Actor::Service { name: "pager".to_owned() }, json!({ "type": "service", "name": "pager" })),
        (Actor::System { name: "import".to_owned() }, json!({ "type": "system", "name": "import" })),
        (Actor::Anonymous, json!({ "type": "anonymous" })),
    ];
    for (actor, form) in cases {
        assert_eq!(to_value(&actor).unwrap(), form);
        assert_eq!(serde_json::from_value::<Actor>(form).unwrap(), actor);
    }
}

#[tokio::test]
async fn the_history_of_channels_has_what_happened_to_contacts_and_devices() {
    let house = House::new();
    let ada = house.user("ada").await;
    let device = house.device(&ada, "token").await;
    house.prove(&ada, Method::Push).await;
    house.sessions.issue(ada.id, None, None, Some(device.id), &house.origin).await.unwrap();
    for raw in [
        RawRecord { user_name: Some("ada".to_owned()), email: Some("ada@example.org".to_owned()), ..raw("ada") },
        RawRecord { active: Some(false), ..raw("ada") },
    ] {
        house.directory.apply_record(&record(raw), DirectoryFeed::Import, &house.origin).await.unwrap();
    }
    let query = AuditQuery { subject: Some(ada.id), area: Some(AuditArea::Channels), ..AuditQuery::default() };
    let listed = AuditReader::list(&house.store, &query).await.unwrap();
    let mut listed: Vec<&str> = listed.iter().map(|event| event.action.as_str()).collect();
    listed.sort_unstable();
    listed.dedup();
    let expected = [
        "contact.verification.completed",
        "contact.verification.lost",
        "contact.verification.opened",
        "contact.verification.sent",
        "device.registered",
        "import.user.deactivated",
        "import.user.updated",
    ];
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn every_change_of_a_busy_day_is_on_record_in_order() {
    let house = House::new();
    let ada = house.user("ada").await;
    let mark = house.mark();
    let tick = || house.clock.advance(Duration::SECOND);
    tick();
    let device = house.device(&ada, "token").await;
    tick();
    house.prove(&ada, Method::Push).await;
    tick();
    let issued = house.sessions.issue(ada.id, None, None, Some(device.id), &house.origin).await.unwrap();
    tick();
    house.sessions.refresh(&issued.refresh_token, &house.origin).await.unwrap();
    tick();
    assert!(house.devices.remove(ada.id, Some(issued.id), device.id, &house.origin).await.unwrap());
    tick();
    assert!(house.sessions.revoke(ada.id, issued.id, &house.origin).await.unwrap());
    let expected = [
        "device.registered",
        "contact.verification.opened",
        "contact.verification.sent",
        "contact.verification.completed",
        "session.issued",
        "session.refreshed",
        "device.removed",
        "session.revoked",
    ];
    assert_eq!(house.actions_since(mark), expected);
    let query = AuditQuery { subject: Some(ada.id), ..AuditQuery::default() };
    let listed = AuditReader::list(&house.store, &query).await.unwrap();
    assert!(listed.is_sorted_by_key(|event| std::cmp::Reverse(AuditKey::of(event))));
    assert_eq!(listed.len(), expected.len() + mark);
}
