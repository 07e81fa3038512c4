use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use muster_domain::audit::{Actor, AuditArea, AuditEvent, AuditKey, AuditQuery, Origin};
use muster_domain::page::Limit;
use muster_domain::{AuditId, UserId};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::contract::World;

pub async fn a_fresh_store_can_serve(world: World) {
    assert!(world.stores.health.check().await.is_ok());
}

pub async fn there_is_no_record_of_what_did_not_happen(world: World) {
    assert_eq!(world.stores.audit.list(&AuditQuery::default()).await.unwrap(), []);
}

pub async fn a_record_reads_back_as_it_was_written(world: World) {
    let id = UserId::new(world.make.now(), &*world.make.entropy);
    let plain = Origin { actor: Actor::Anonymous, ip: None, user_agent: None, request_id: None };
    let full = Origin {
        actor: Actor::User { id },
        ip: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        user_agent: Some("\u{1f9d1} agent \"quoted\" 'single'".to_owned()),
        request_id: Some("0192-abc".to_owned()),
    };
    let service = Origin {
        actor: Actor::Service { name: "pager".to_owned() },
        ip: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))),
        ..plain.clone()
    };
    let details = json!({ "text": "\u{1f980} \\ \" %", "number": -1.5, "big": 9_007_199_254_740_993_i64,
        "list": [1, null, true], "nested": { "z": {}, "a": [] } });
    for (origin, details, subject) in [
        (plain, json!({}), None),
        (full, details, Some(id)),
        (service, json!({ "a": 1 }), None),
        (Origin::system("import"), json!({}), None),
    ] {
        let event = AuditEvent { origin, details, subject, ..world.make.event("unheard.of.action", None) };
        write(&world, &event).await;
        world.assert_recorded(&event).await;
    }
}

pub async fn records_are_listed_newest_first_by_time_then_by_id(world: World) {
    let now = world.make.now();
    let mut expected = Vec::new();
    for (age, id) in [(1, 5), (0, 1), (1, 9), (2, 3), (0, 200), (1, 7)] {
        expected.push(write(&world, &at(&world, now - Duration::microseconds(age), id)).await);
    }
    expected.sort_by_key(|event| std::cmp::Reverse(AuditKey::of(event)));
    assert_eq!(world.trail().await, expected);
}

pub async fn a_list_returns_up_to_one_more_than_the_limit(world: World) {
    for _ in 0..5 {
        write(&world, &world.make.event("test.done", None)).await;
    }
    for limit in 1..=7 {
        let query = AuditQuery { limit: Limit::new(limit).unwrap(), ..AuditQuery::default() };
        assert_eq!(world.stores.audit.list(&query).await.unwrap().len(), usize::from(limit + 1).min(5));
    }
}

pub async fn all_pages_together_are_every_record_once(world: World) {
    let now = world.make.now();
    let mut expected = Vec::new();
    for number in 0..23_u8 {
        // Most share a microsecond with others: only the id tells them apart.
        let when = now + Duration::microseconds(i64::from(number / 6));
        expected.push(write(&world, &at(&world, when, number.reverse_bits())).await);
    }
    expected.sort_by_key(|event| std::cmp::Reverse(AuditKey::of(event)));
    for limit in [1, 2, 5, 22, 23, 24] {
        let query = AuditQuery { limit: Limit::new(limit).unwrap(), ..AuditQuery::default() };
        assert_eq!(world.events(&query).await, expected, "pages of {limit}");
    }
}

pub async fn every_filter_that_is_given_must_hold(world: World) {
    let now = world.make.now();
    let people = [1_u128, 2].map(|number| UserId(Uuid::from_u128(number)));
    let mut written = Vec::new();
    for hours in 0..3 {
        for subject in [None, Some(people[0]), Some(people[1])] {
            for actor in [Actor::User { id: people[0] }, Actor::User { id: people[1] }, Actor::Anonymous] {
                for action in ["test.done", "test.done.twice"] {
                    let origin = Origin { actor: actor.clone(), ..Origin::system("") };
                    let at = now + Duration::hours(hours);
                    let event = AuditEvent { at, origin, subject, ..world.make.event(action, None) };
                    written.push(write(&world, &event).await);
                }
            }
        }
    }
    written.sort_by_key(|event| std::cmp::Reverse(AuditKey::of(event)));
    let times = [None, Some(now + Duration::HOUR), Some(now + Duration::HOUR + Duration::MICROSECOND)];
    let nobody = UserId(Uuid::from_u128(3));
    for subject in [None, Some(people[0]), Some(nobody)] {
        for actor in [None, Some(people[1]), Some(nobody)] {
            for action in [None, Some("test.done"), Some("TEST.DONE"), Some("test.%")] {
                for from in times {
                    for to in times {
                        let query = AuditQuery {
                            subject,
                            actor,
                            action: action.map(str::to_owned),
                            area: None,
                            from,
                            to,
                            after: None,
                            limit: Limit::default(),
                        };
                        let matching = written.iter().filter(|event| matches(&query, event));
                        let expected: Vec<AuditEvent> = matching.cloned().collect();
                        assert_eq!(world.events(&query).await, expected, "{query:?}");
                    }
                }
            }
        }
    }
}

pub async fn an_area_leaves_the_records_of_its_actions(world: World) {
    let people = [1_u128, 2].map(|number| UserId(Uuid::from_u128(number)));
    let others = ["session.issued", "contact.verification", "device.registered.twice", "DEVICE.REMOVED"];
    let area = AuditArea::Channels;
    let actions = area.actions();
    let mut expected = Vec::new();
    for subject in people {
        for action in actions.iter().map(String::as_str).chain(others) {
            world.tick();
            let event = write(&world, &world.make.event(action, Some(subject))).await;
            if !others.contains(&action) {
                expected.push(event);
            }
        }
    }
    expected.reverse();
    let limit = Limit::new(7).unwrap();
    let query = AuditQuery { area: Some(area), limit, ..AuditQuery::default() };
    assert_eq!(world.events(&query).await, expected);
    let about = AuditQuery { subject: Some(people[0]), ..query };
    expected.retain(|event| event.subject == Some(people[0]));
    assert_eq!(world.events(&about).await, expected);
    let one = AuditQuery { action: Some("device.removed".to_owned()), ..about.clone() };
    expected.retain(|event| event.action == "device.removed");
    assert_eq!(world.events(&one).await, expected);
    let none = AuditQuery { action: Some("session.issued".to_owned()), ..about };
    assert_eq!(world.events(&none).await, [], "an action of another area");
}

/// Writes a record the way all are written: with a change of state.
async fn write(world: &World, event: &AuditEvent) -> AuditEvent {
    let team = world.make.team(&event.id.to_string());
    world.stores.directory.insert_team(&team, &[], std::slice::from_ref(event)).await.unwrap();
    event.clone()
}

fn at(world: &World, at: OffsetDateTime, id: u8) -> AuditEvent {
    AuditEvent { id: AuditId(Uuid::from_u128(u128::from(id) << 64)), at, ..world.make.event("test.done", None) }
}

fn matches(query: &AuditQuery, event: &AuditEvent) -> bool {
    query.subject.is_none_or(|subject| event.subject == Some(subject))
        && query.actor.is_none_or(|id| event.origin.actor == Actor::User { id })
        && query.action.as_ref().is_none_or(|action| event.action == *action)
        && query.from.is_none_or(|from| event.at >= from)
        && query.to.is_none_or(|to| event.at < to)
}
