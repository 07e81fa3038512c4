use muster_domain::directory::{Comparison, DirectoryQuery, Found, Order, UserAttribute};
use muster_domain::user::{EmailAddress, Phone, User, fold};
use muster_domain::{UserId, to_micros};
use time::Duration;

use crate::contract::World;
use crate::contract::directory_world::{everything, text};
use crate::contract::race::race;

pub async fn people_are_in_the_order_of_their_ids_when_nothing_is_said(world: World) {
    let mut expected = mixed(&world).await;
    expected.sort_by_key(|user| user.id);
    assert_eq!(ask(&world, &everything()).await.items, expected);
}

pub async fn people_are_sorted_by_an_attribute_and_then_by_id_and_who_has_none_comes_last(world: World) {
    let people = mixed(&world).await;
    for attribute in ATTRIBUTES {
        let mut expected = people.clone();
        expected.sort_by_cached_key(|user| {
            let value = value(user, attribute);
            (value.is_none(), value, user.id)
        });
        let query = DirectoryQuery { sort: Some((attribute, Order::Ascending)), ..everything() };
        let found = ask(&world, &query).await;
        assert_eq!(ids(&found.items), ids(&expected), "by {attribute:?}");
        assert_eq!(found.items, expected);
    }
}

pub async fn descending_is_the_exact_reverse(world: World) {
    mixed(&world).await;
    for attribute in ATTRIBUTES {
        let by = |order| DirectoryQuery { sort: Some((attribute, order)), ..everything() };
        let mut ascending = ask(&world, &by(Order::Ascending)).await.items;
        ascending.reverse();
        let descending = ask(&world, &by(Order::Descending)).await.items;
        assert_eq!(ids(&descending), ids(&ascending), "by {attribute:?}");
    }
}

pub async fn a_page_leaves_out_what_is_skipped_and_holds_no_more_than_its_count(world: World) {
    mixed(&world).await;
    for sort in
        [None, Some((UserAttribute::GivenName, Order::Ascending)), Some((UserAttribute::Locale, Order::Descending))]
    {
        let all = ask(&world, &DirectoryQuery { sort, ..everything() }).await.items;
        for skip in [0, 1, 3, 7, 8, 9, u32::MAX] {
            for count in [1, 2, 8, u16::MAX] {
                let page = ask(&world, &DirectoryQuery { sort, skip, count, ..everything() }).await;
                let expected: Vec<User> = all.iter().skip(skip as usize).take(count.into()).cloned().collect();
                assert_eq!(ids(&page.items), ids(&expected), "skip {skip}, count {count}");
                assert_eq!(page.total, all.len() as u64, "what was skipped or left over does not count");
            }
        }
    }
}

pub async fn with_a_count_of_none_only_the_total_is_told(world: World) {
    mixed(&world).await;
    for skip in [0, 3, 100] {
        let found = ask(&world, &DirectoryQuery { skip, count: 0, ..everything() }).await;
        assert_eq!(found, Found { total: 8, items: vec![] });
    }
}

pub async fn the_total_is_of_those_who_match(world: World) {
    mixed(&world).await;
    let filter = Some(text(UserAttribute::GivenName, Comparison::Equal, "same"));
    for count in [0, 1, 2, 10] {
        let found = ask(&world, &DirectoryQuery { filter: filter.clone(), count, ..everything() }).await;
        assert_eq!((found.total, found.items.len()), (3, usize::from(count.min(3))));
    }
    let nobody = Some(text(UserAttribute::GivenName, Comparison::Equal, "nobody's"));
    let found = ask(&world, &DirectoryQuery { filter: nobody, ..everything() }).await;
    assert_eq!(found, Found { total: 0, items: vec![] });
}

pub async fn the_total_and_the_page_are_of_one_moment(world: World) {
    let mismatches = race(16, |number| {
        let world = world.clone();
        async move {
            let mut mismatches = 0;
            for turn in 0..20 {
                if number % 4 == 0 {
                    world.user(&format!("u{number}-{turn}")).await;
                    continue;
                }
                let found = ask(&world, &everything()).await;
                mismatches += usize::from(found.total != found.items.len() as u64);
            }
            mismatches
        }
    })
    .await;
    assert_eq!(mismatches.iter().sum::<usize>(), 0, "a total was not that of its page's moment");
    assert_eq!(ask(&world, &everything()).await.total, 80);
}

pub(super) const ATTRIBUTES: [UserAttribute; 13] = [
    UserAttribute::Id,
    UserAttribute::ExternalId,
    UserAttribute::UserName,
    UserAttribute::DisplayName,
    UserAttribute::GivenName,
    UserAttribute::FamilyName,
    UserAttribute::Email,
    UserAttribute::Phone,
    UserAttribute::TimeZone,
    UserAttribute::Locale,
    UserAttribute::Active,
    UserAttribute::CreatedAt,
    UserAttribute::UpdatedAt,
];

/// Eight people whose every attribute orders them otherwise: by bytes and by case, with some who have the same and some
/// who have none.
pub(super) async fn mixed(world: &World) -> Vec<User> {
    let texts = ["Zoe", "zoe", "émile", "Émile", "\u{1f980}", "a b", "a-b", "ab"];
    let mut people = Vec::new();
    for ((number, micros), name) in (0_usize..).zip(0_i64..).zip(texts) {
        // Ids that are in no order of their making.
        world.make.clock.advance(Duration::milliseconds(if number % 2 == 0 { 1500 } else { -500 }));
        let unique = format!("{name}{}", (number * 5) % 8);
        let other = texts[(number * 3) % 8];
        let address = format!("{}@example.com", ["B", "a", "b1", "É", "é1", "_", "c", "C1"][number]);
        let builder = world.make.user(&unique).display_name(other);
        let builder = if number % 3 == 0 { builder } else { builder.external_id(&unique) };
        let builder = if number == 5 { builder.deactivated() } else { builder };
        let built = builder.build();
        let user = User {
            email: EmailAddress::parse(&address).ok().filter(|_| number != 2),
            phone: Some(Phone::from_stored(texts[7 - number], false)).filter(|_| number % 4 != 1),
            given_name: Some(if number > 4 { "same" } else { name }.to_owned()),
            family_name: Some(other.to_owned()).filter(|_| number % 2 == 0),
            time_zone: Some(texts[(number * 7) % 8].to_owned()).filter(|_| number != 0),
            locale: None,
            created_at: world.make.now() + Duration::microseconds((micros * 3) % 8 / 2),
            updated_at: world.make.now() + Duration::microseconds((micros * 5) % 8),
            ..built
        };
        let user = world.make.edit(&user).build();
        world.insert(world.make.edit(&user)).await;
        people.push(user);
    }
    people
}

/// What orders somebody, as text that compares by its bytes.
fn value(user: &User, attribute: UserAttribute) -> Option<String> {
    let time = |at: time::OffsetDateTime| Some(format!("{:024}", to_micros(at).unix_timestamp_nanos()));
    match attribute {
        UserAttribute::Id => Some(user.id.to_string()),
        UserAttribute::ExternalId => user.external_id.clone(),
        UserAttribute::UserName => Some(fold(&user.user_name)),
        UserAttribute::DisplayName => Some(user.display_name.clone()),
        UserAttribute::GivenName => user.given_name.clone(),
        UserAttribute::FamilyName => user.family_name.clone(),
        UserAttribute::Email => user.email.as_ref().map(EmailAddress::normalized),
        UserAttribute::Phone => user.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        UserAttribute::TimeZone => user.time_zone.clone(),
        UserAttribute::Locale => user.locale.clone(),
        UserAttribute::Active => Some(u8::from(user.active).to_string()),
        UserAttribute::CreatedAt => time(user.created_at),
        UserAttribute::UpdatedAt => time(user.updated_at),
    }
}

fn ids(people: &[User]) -> Vec<UserId> {
    people.iter().map(|user| user.id).collect()
}

async fn ask(world: &World, query: &DirectoryQuery<UserAttribute>) -> Found<User> {
    world.stores.delivered.users(query).await.unwrap()
}
