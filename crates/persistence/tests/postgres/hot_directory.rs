//! What the directory's client asks and changes all day, held to the same as the rest of [`crate::hot_queries`].

use std::net::{IpAddr, Ipv4Addr};

use muster_domain::break_glass::{AttemptLimit, BreakGlassStore};
use muster_domain::directory::{
    BrakePolicy, Comparison, Condition, DirectoryQuery, DirectoryReader, DirectoryStore, GroupAttribute, InsertOutcome,
    Operand, Order, Position, UpdateOutcome, UserAttribute, UserUpdate,
};
use muster_domain::notice::{Due, NoticeStore};
use muster_domain::user::User;
use muster_testkit::Builders;
use time::Duration;

use crate::hot_queries::{hold, person};
use crate::plans::Filled;

pub(crate) async fn all(filled: &Filled) {
    people(filled).await;
    groups(filled).await;
    changes(filled).await;
    notices_and_attempts(filled).await;
}

fn equal<A>(attribute: A, operand: &str) -> Condition<A> {
    Condition::Compare(attribute, Comparison::Equal, Operand::Text(operand.to_owned()))
}

fn page<A>(filter: Condition<A>) -> DirectoryQuery<A> {
    DirectoryQuery { filter: Some(filter), sort: None, skip: 0, count: 100, counted: true }
}

async fn people(filled: &Filled) {
    let store = &filled.store;
    let id = person().to_string();
    let active = || Condition::Compare(UserAttribute::Active, Comparison::Equal, Operand::Truth(true));
    for (what, filter) in [
        ("userName eq", equal(UserAttribute::UserName, "Person-050000")),
        ("emails eq", equal(UserAttribute::Email, "Person-050000@example.com")),
        ("externalId eq", equal(UserAttribute::ExternalId, "external-50000")),
        ("id eq", equal(UserAttribute::Id, &id)),
        (
            "userName eq or emails eq",
            Condition::Any(vec![
                equal(UserAttribute::UserName, "person-050000"),
                equal(UserAttribute::Email, "person-050000@example.com"),
            ]),
        ),
        ("userName eq and active", Condition::All(vec![equal(UserAttribute::UserName, "person-050000"), active()])),
    ] {
        let query = page(filter);
        let scans = filled.scans(async || assert_eq!(store.users(&query).await.unwrap().total, 1)).await;
        hold(what, &scans, &["users"], 2.0);
    }

    // A page by cursor in the middle looks at no more people than it has.
    let somebody = store.user(person()).await.unwrap().unwrap();
    let by_name = |order| Some((UserAttribute::UserName, order));
    for sort in [None, by_name(Order::Ascending), by_name(Order::Descending)] {
        let position = Position::of(&somebody, sort).unwrap();
        let query = DirectoryQuery { filter: None, sort, skip: 0, count: 101, counted: true };
        for beside in [query.clone().after(&position), query.before(&position)] {
            let scans = filled.scans(async || assert_eq!(store.users(&beside).await.unwrap().items.len(), 101)).await;
            hold(&format!("people by cursor, {sort:?}"), &scans, &["users"], 105.0);
        }
    }

    let scans = filled.scans(async || store.user(person()).await.unwrap().unwrap()).await;
    hold("a person of the directory's", &scans, &["users"], 1.0);

    let asked = [person()];
    let scans = filled.scans(async || assert_eq!(store.known_among(&asked).await.unwrap(), asked)).await;
    hold("who is on record", &scans, &["users"], 1.0);

    let scans = filled.scans(async || assert_eq!(store.admins().await.unwrap().len(), 100)).await;
    hold("admins who are told", &scans, &["users"], 100.0);
}

async fn groups(filled: &Filled) {
    let store = &filled.store;
    let by_name = page(equal(GroupAttribute::Name, "TEAM 7"));
    let found = store.groups(&by_name, false).await.unwrap().items.remove(0);
    let scans = filled.scans(async || store.groups(&by_name, true).await.unwrap()).await;
    hold("a group by name, with its members", &scans, &["teams", "team_members"], 100.0);

    let by_external_id = page(equal(GroupAttribute::ExternalId, "group-7"));
    let scans =
        filled.scans(async || assert_eq!(store.groups(&by_external_id, false).await.unwrap().items[0], found)).await;
    hold("a group by external id", &scans, &["teams"], 1.0);

    let of_a_person = page(equal(GroupAttribute::Member, &person().to_string()));
    let scans = filled.scans(async || assert_eq!(store.groups(&of_a_person, false).await.unwrap().total, 1)).await;
    hold("a person's groups", &scans, &["teams", "team_members"], 1.0);

    let asked = [person()];
    let scans = filled.scans(async || store.members_among(found.id, &asked).await.unwrap()).await;
    hold("who is in a group", &scans, &["team_members"], 1.0);
}

/// Each time with somebody new.
async fn changes(filled: &Filled) {
    let store = &filled.store;
    let make = Builders::default();
    let newcomer = async |name: &str| {
        let number = u32::from_le_bytes(*make.token().hash.0.first_chunk().unwrap());
        let user = make.user(&format!("{name}-{number}")).build();
        let event = make.event("test.user.created", Some(user.id));
        assert_eq!(store.insert_user(&user, &event).await.unwrap(), InsertOutcome::Inserted);
        user
    };
    let brake = |user: &User| Some(make.brake("idp", BrakePolicy { percent: 10, free: 10 }, user.id));
    let deactivate = async || {
        let before = newcomer("leaver").await;
        let user = User {
            active: false,
            version: 2,
            ..make.edit(&before).user_name(&format!("{}x", before.user_name)).build()
        };
        let update = UserUpdate {
            user,
            expected_version: 1,
            lost_proofs: Vec::new(),
            deactivates: true,
            brake: brake(&before),
            duplicates: vec![],
            notices: Vec::new(),
            at: make.now(),
        };
        assert_eq!(store.update_user(&update, &[]).await.unwrap(), UpdateOutcome::Updated);
    };
    let scans = filled.scans(deactivate).await;
    hold("a deactivation", &scans, &["users", "directory_deactivations", "sessions"], 20.0);

    let remove = async || {
        let user = newcomer("removed").await;
        assert_eq!(store.remove_user(&make.removal(&user), &[]).await.unwrap(), UpdateOutcome::Updated);
    };
    let scans = filled.scans(remove).await;
    let tables = ["users", "team_members", "devices", "challenges", "proofs", "notices", "sessions"];
    hold("a removal", &scans, &tables, 1.0);
}

async fn notices_and_attempts(filled: &Filled) {
    let store = &filled.store;
    let now = Builders::default().now();
    let due = Due { now, again_at: now + Duration::MINUTE, limit: 16 };
    let scans = filled.scans(async || assert!(store.claim(due).await.unwrap().is_empty())).await;
    hold("notices that are due", &scans, &["notices"], 1.0);

    let limit = AttemptLimit { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), max: 1, window: Duration::HOUR };
    let scans = filled.scans(async || assert!(store.count_attempt(&limit, now).await.unwrap().is_some())).await;
    hold("an attempt to sign in", &scans, &["sign_in_attempts"], 1.0);
}
