//! Conditions that are as large as any may be, and operands that the engines could choke on.

use muster_domain::break_glass::BreakGlassStore;
use muster_domain::directory::{
    Comparison, Condition, DirectoryQuery, DirectoryReader, DirectoryStore, GroupAttribute, Operand, UserAttribute,
};
use muster_testkit::Builders;
use time::Duration;

use super::{runtime, store};
use crate::Store;

/// How many terms a filter may have, and how deep it may be.
const TERMS: usize = 1_024;
const LEVELS: usize = 64;

type Asked = Condition<UserAttribute>;

fn text(attribute: UserAttribute, comparison: Comparison, operand: &str) -> Asked {
    Condition::Compare(attribute, comparison, Operand::Text(operand.to_owned()))
}

async fn total(store: &Store, filter: Asked) -> u64 {
    let query = DirectoryQuery { filter: Some(filter), sort: None, skip: 0, count: 10, counted: true };
    store.users(&query).await.unwrap().total
}

/// Ada, who has no external id, and two others.
async fn people(store: &Store) -> Builders {
    let make = Builders::default();
    for (name, external_id) in [("ada", None), ("grace", Some("00u1")), ("linus", Some("00u2"))] {
        let builder = make.user(name);
        let user = external_id.map_or(builder.clone(), |id| builder.external_id(id)).build();
        store.insert_user(&user, &make.event("test.user.created", Some(user.id))).await.unwrap();
    }
    make
}

async fn large_conditions_are_answered(store: &Store) {
    people(store).await;
    // Each has two values at the most, and what is compared is in none of them.
    let nobodys = |number: usize| match number % 4 {
        0 => text(UserAttribute::ExternalId, Comparison::EndsWith, &format!("x{number}")),
        1 => text(UserAttribute::GivenName, Comparison::Contains, &format!("x{number}")),
        2 => text(UserAttribute::Email, Comparison::Equal, &format!("x{number}")),
        _ => text(UserAttribute::Locale, Comparison::StartsWith, &format!("x{number}")),
    };
    let ada = || text(UserAttribute::UserName, Comparison::Equal, "Ada");
    let mut terms: Vec<Asked> = (1..TERMS).map(nobodys).collect();
    assert_eq!(total(store, Condition::Any(terms.clone())).await, 0);
    let none_of_them = terms.iter().cloned().map(|term| Condition::Not(Box::new(term))).collect();
    assert_eq!(total(store, Condition::All(none_of_them)).await, 3);
    terms.push(ada());
    assert_eq!(total(store, Condition::Any(terms.clone())).await, 1);

    // As deep as wide: each level has a share of the terms, and the next level after them.
    let share = TERMS / LEVELS;
    let deep = (0..LEVELS).fold(ada(), |inner, level| {
        let mut terms: Vec<Asked> = (0..share).map(|number| nobodys(level * share + number)).collect();
        terms.push(inner);
        Condition::Any(terms)
    });
    assert_eq!(total(store, deep).await, 1);
    let nested = |levels| (0..levels).fold(ada(), |inner, _| Condition::Not(Box::new(Condition::All(vec![inner]))));
    assert_eq!(total(store, nested(LEVELS)).await, 1);
    assert_eq!(total(store, nested(LEVELS + 1)).await, 2);
}

async fn odd_operands_are_answered(store: &Store) {
    let make = people(store).await;
    let by_name = |comparison, operand: &str| total(store, text(UserAttribute::DisplayName, comparison, operand));
    for comparison in [Comparison::Equal, Comparison::Contains, Comparison::StartsWith, Comparison::EndsWith] {
        assert_eq!(by_name(comparison, "grace Example\0").await, 0, "{comparison:?}");
        assert_eq!(by_name(comparison, "\0").await, 0, "{comparison:?}");
    }
    assert_eq!(by_name(Comparison::Greater, "grace Example\0").await, 1);
    assert_eq!(by_name(Comparison::GreaterOrEqual, "grace Example\0").await, 1);
    assert_eq!(by_name(Comparison::Less, "grace Example\0").await, 2);
    assert_eq!(by_name(Comparison::LessOrEqual, "grace Example\0").await, 2);
    for comparison in [Comparison::Contains, Comparison::StartsWith, Comparison::EndsWith] {
        assert_eq!(by_name(comparison, "").await, 3, "{comparison:?}");
        let present = total(store, text(UserAttribute::ExternalId, comparison, "")).await;
        assert_eq!(present, 2, "{comparison:?}");
    }
    for operand in ["%", "_race", "*", "[a-z]", "\\", "'", "GRACE"] {
        assert_eq!(by_name(Comparison::Contains, operand).await, 0, "{operand}");
    }

    let made_then = |comparison, nanoseconds| {
        let time = make.now() + Duration::nanoseconds(nanoseconds);
        total(store, Condition::Compare(UserAttribute::CreatedAt, comparison, Operand::Time(time)))
    };
    assert_eq!([made_then(Comparison::Equal, 0).await, made_then(Comparison::Equal, 1).await], [3, 0]);
    assert_eq!(
        [made_then(Comparison::GreaterOrEqual, 0).await, made_then(Comparison::GreaterOrEqual, 1).await],
        [3, 0]
    );
    assert_eq!([made_then(Comparison::Less, 0).await, made_then(Comparison::Less, 1).await], [0, 3]);

    // Operands of another kind, and what such values are not asked.
    for filter in [
        text(UserAttribute::Active, Comparison::Equal, "true"),
        text(UserAttribute::CreatedAt, Comparison::Equal, "2026"),
        text(UserAttribute::Id, Comparison::StartsWith, "0"),
        Condition::Compare(UserAttribute::Active, Comparison::Contains, Operand::Truth(true)),
        Condition::Compare(UserAttribute::UserName, Comparison::Equal, Operand::Truth(true)),
        Condition::Compare(UserAttribute::CreatedAt, Comparison::Contains, Operand::Time(make.now())),
    ] {
        assert_eq!(total(store, filter.clone()).await, 0);
        assert_eq!(total(store, Condition::Not(Box::new(filter))).await, 3);
    }
    assert_eq!(BreakGlassStore::find(store, "res\0cue").await.unwrap(), None);
    assert_eq!(store.record_refusal(&make.refusal(Some("res\0cue"))).await.unwrap(), 1);

    let member = Condition::Compare(GroupAttribute::Member, Comparison::Equal, Operand::Text("nobody".to_owned()));
    let query = DirectoryQuery { filter: Some(member), sort: None, skip: 0, count: 10, counted: true };
    assert_eq!(store.groups(&query, true).await.unwrap().total, 0);
}

#[test]
fn large_conditions_are_answered_on_sqlite() {
    let runtime = runtime();
    runtime.block_on(async {
        let (store, _folder) = store(runtime.handle()).await;
        large_conditions_are_answered(&store).await;
    });
}

#[test]
fn odd_operands_are_answered_on_sqlite() {
    let runtime = runtime();
    runtime.block_on(async {
        let (store, _folder) = store(runtime.handle()).await;
        odd_operands_are_answered(&store).await;
    });
}

#[cfg(feature = "postgres")]
mod on_postgres {
    use muster_testkit_postgres::database;
    use tokio::runtime::Handle;

    use crate::Store;

    async fn store() -> (Store, muster_testkit_postgres::Database) {
        let database = database(async |url: String| {
            Store::connect(&url, Handle::current()).unwrap().migrate().await.unwrap();
        });
        let database = database.await;
        (Store::connect(&database.url, Handle::current()).unwrap(), database)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn large_conditions_are_answered() {
        let (store, _database) = store().await;
        super::large_conditions_are_answered(&store).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn odd_operands_are_answered() {
        let (store, _database) = store().await;
        super::odd_operands_are_answered(&store).await;
    }
}
