use muster_domain::directory::{Comparison, DirectoryQuery, GroupAttribute, Order, Position, UserAttribute};
use muster_domain::user::User;
use time::Duration;

use crate::contract::World;
use crate::contract::directory_order::{ATTRIBUTES, mixed};
use crate::contract::directory_world::{everything, text};

pub async fn pages_after_positions_are_the_whole_in_its_order(world: World) {
    mixed(&world).await;
    for sort in orders() {
        let all = whole(&world, sort).await;
        for count in [1, 3, 8] {
            let mut walked: Vec<User> = Vec::new();
            while let Some(page) = beside(&world, sort, count, walked.last(), DirectoryQuery::after).await {
                assert!(page.len() <= usize::from(count));
                walked.extend(page);
            }
            assert_eq!(names(&walked), names(&all), "by {sort:?} in pages of {count}");
        }
    }
}

pub async fn pages_before_positions_are_the_whole_the_nearest_first(world: World) {
    mixed(&world).await;
    for sort in orders() {
        let mut all = whole(&world, sort).await;
        let mut walked = vec![all.pop().unwrap()];
        all.reverse();
        while let Some(page) = beside(&world, sort, 3, walked.last(), DirectoryQuery::before).await {
            walked.extend(page);
        }
        assert_eq!(names(&walked[1..]), names(&all), "by {sort:?}");
    }
}

pub async fn a_page_beside_a_position_is_of_those_who_match_and_tells_no_total(world: World) {
    mixed(&world).await;
    let filter = Some(text(UserAttribute::GivenName, Comparison::Equal, "same"));
    let query = DirectoryQuery { filter, sort: Some((UserAttribute::DisplayName, Order::Ascending)), ..everything() };
    let matching = world.stores.delivered.users(&query).await.unwrap().items;
    assert_eq!(matching.len(), 3);
    let position = Position::of(&matching[0], query.sort).unwrap();
    let found = world.stores.delivered.users(&query.clone().after(&position)).await.unwrap();
    assert_eq!((names(&found.items), found.total), (names(&matching[1..]), 0));
    let uncounted = DirectoryQuery { counted: false, count: 2, ..query };
    let found = world.stores.delivered.users(&uncounted).await.unwrap();
    assert_eq!((names(&found.items), found.total), (names(&matching[..2]), 0), "a total nobody asked for");
}

pub async fn a_position_holds_when_the_one_that_stood_there_is_gone(world: World) {
    let people = [world.user("ada").await, world.user("grace").await, world.user("linus").await];
    let sort = Some((UserAttribute::UserName, Order::Ascending));
    let position = Position::of(&people[1], sort).unwrap();
    world.removed(&people[1]).await;
    let query = DirectoryQuery { sort, ..everything() };
    let after = world.stores.delivered.users(&query.clone().after(&position)).await.unwrap();
    assert_eq!(names(&after.items), names(&people[2..]));
    let before = world.stores.delivered.users(&query.before(&position)).await.unwrap();
    assert_eq!(names(&before.items), names(&people[..1]));
}

pub async fn pages_of_groups_beside_positions_are_the_whole_with_its_members(world: World) {
    let ada = world.user("ada").await;
    for (number, name) in ["b", "Z", "É", "a", "éa"].into_iter().enumerate() {
        world.make.clock.advance(Duration::milliseconds(if number % 2 == 0 { 3 } else { -2 }));
        world.group(name, &[&ada][..number % 2]).await;
    }
    let sorts = [
        None,
        Some((GroupAttribute::Id, Order::Descending)),
        Some((GroupAttribute::Name, Order::Ascending)),
        Some((GroupAttribute::ExternalId, Order::Ascending)),
        Some((GroupAttribute::CreatedAt, Order::Descending)),
    ];
    for sort in sorts {
        let query = DirectoryQuery { sort, ..everything() };
        let all = world.stores.delivered.groups(&query, true).await.unwrap().items;
        for (at, group) in all.iter().enumerate() {
            let position = Position::of(group, sort).unwrap();
            let after = world.stores.delivered.groups(&query.clone().after(&position), true).await.unwrap();
            assert_eq!(after.items, all[at + 1..], "after {} by {sort:?}", group.name);
            let mut before = world.stores.delivered.groups(&query.clone().before(&position), true).await.unwrap().items;
            before.reverse();
            assert_eq!(before, all[..at], "before {} by {sort:?}", group.name);
        }
    }
}

pub async fn what_is_no_id_is_neither_before_nor_after_one(world: World) {
    let id = world.user("ada").await.id.to_string();
    for comparison in [Comparison::Greater, Comparison::GreaterOrEqual, Comparison::Less, Comparison::LessOrEqual] {
        for operand in ["", "ada", "~", &id.to_uppercase(), &id[..35]] {
            let found = world.who(text(UserAttribute::Id, comparison, operand)).await;
            assert_eq!(found, [""; 0], "{comparison:?} {operand:?}");
        }
    }
}

type Sort = Option<(UserAttribute, Order)>;

fn orders() -> impl Iterator<Item = Sort> {
    let both = ATTRIBUTES
        .into_iter()
        .flat_map(|attribute| [Order::Ascending, Order::Descending].map(|order| (attribute, order)));
    both.map(Some).chain([None])
}

async fn whole(world: &World, sort: Sort) -> Vec<User> {
    world.stores.delivered.users(&DirectoryQuery { sort, ..everything() }).await.unwrap().items
}

/// The page beside somebody, the first when there is nobody; `None` when it has no one.
async fn beside(
    world: &World,
    sort: Sort,
    count: u16,
    who: Option<&User>,
    side: fn(DirectoryQuery<UserAttribute>, &Position) -> DirectoryQuery<UserAttribute>,
) -> Option<Vec<User>> {
    let query = DirectoryQuery { sort, count, ..everything() };
    let query = match who {
        None => query,
        Some(who) => side(query, &Position::of(who, sort).unwrap()),
    };
    let page = world.stores.delivered.users(&query).await.unwrap().items;
    (!page.is_empty()).then_some(page)
}

fn names(people: &[User]) -> Vec<&str> {
    people.iter().map(|user| user.user_name.as_str()).collect()
}
