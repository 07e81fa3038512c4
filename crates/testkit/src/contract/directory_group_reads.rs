use muster_domain::directory::{
    Comparison, Condition, DirectoryQuery, Found, Group, GroupAttribute, GroupUpdate, Operand, Order, UpdateOutcome,
};
use muster_domain::team::{Team, TeamRole};
use muster_domain::user::fold;
use muster_domain::{TeamId, UserId};
use time::Duration;

use crate::contract::World;
use crate::contract::directory_world::{COMPARISONS, everything, not, responders, text, text_compares};
use crate::contract::race::race;

pub async fn a_new_group_reads_back_as_it_was_inserted(world: World) {
    let people = [world.user("ada").await, world.insert(world.make.user("gone").deactivated()).await];
    let team = Team { external_id: Some("g\u{2126}1".to_owned()), ..world.make.team("Équipe \u{1f319}") };
    world.team(team.clone(), &[(&people[1], TeamRole::Observer), (&people[0], TeamRole::TeamAdmin)]).await;
    let mut members = people.map(|user| user.id).to_vec();
    members.sort_unstable();
    let expected = Group {
        id: team.id,
        external_id: team.external_id,
        name: team.name,
        version: 1,
        created_at: team.created_at,
        updated_at: team.created_at,
        members,
    };
    assert_eq!(read(&world, team.id, true).await, Some(expected.clone()));
    assert_eq!(all(&world, true).await.items, std::slice::from_ref(&expected));
    let without = Group { members: vec![], ..expected };
    assert_eq!(read(&world, team.id, false).await, Some(without.clone()), "nobody asked for the members");
    assert_eq!(all(&world, false).await.items, [without], "nobody asked for the members");
}

pub async fn no_team_is_a_group_that_is_not_the_directorys_or_not_active(world: World) {
    let ada = world.user("ada").await;
    let other = Team { synced_from_directory: false, ..world.make.team("other") };
    let inactive = Team { active: false, ..world.make.team("inactive") };
    for team in [other, inactive] {
        let team = world.team(team, &[(&ada, TeamRole::Responder)]).await;
        assert_eq!(read(&world, team.id, true).await, None, "{} was read", team.name);
        let among = world.stores.delivered.members_among(team.id, &[ada.id]).await.unwrap();
        assert_eq!(among, [], "{} has members", team.name);
    }
    let nobodys = TeamId::new(world.make.now(), &*world.make.entropy);
    assert_eq!(read(&world, nobodys, true).await, None);
    assert_eq!(all(&world, true).await, Found { total: 0, items: vec![] });
}

pub async fn a_groups_name_compares_without_case(world: World) {
    let names = ["Night", "ÉQUIPE", "100%", "1000", "a_b", "aXb", "a\\b", "o'neil \"x\""];
    for name in names {
        world.group(name, &[]).await;
    }
    for operand in names.into_iter().chain(["NIGHT", "équipe", "A_B", "AXB", "%", "_", "\\", "'", "", "z"]) {
        for comparison in COMPARISONS {
            let fits = |name: &&str| text_compares(&fold(name), comparison, &fold(operand));
            let mut expected: Vec<&str> = names.into_iter().filter(fits).collect();
            expected.sort_unstable();
            let found = world.which(text(GroupAttribute::Name, comparison, operand)).await;
            assert_eq!(found, expected, "{comparison:?} {operand:?}");
        }
    }
}

pub async fn a_groups_external_id_compares_byte_by_byte(world: World) {
    let ids = ["G1", "g1", "É", "é", "g%", "g_"];
    for (number, id) in ids.into_iter().enumerate() {
        world.team(Team { external_id: Some(id.to_owned()), ..world.make.team(&number.to_string()) }, &[]).await;
    }
    world.group("none", &[]).await;
    for operand in ids.into_iter().chain(["", "%", "_", "g"]) {
        for comparison in COMPARISONS {
            let fits = ids.into_iter().enumerate().filter(|(_, id)| text_compares(id, comparison, operand));
            let expected: Vec<String> = fits.map(|(number, _)| number.to_string()).collect();
            let found = world.which(text(GroupAttribute::ExternalId, comparison, operand)).await;
            assert_eq!(found, expected, "{comparison:?} {operand:?}");
        }
    }
    assert_eq!(world.which(not(Condition::Present(GroupAttribute::ExternalId))).await, ["none"]);
}

pub async fn a_groups_id_and_times_compare(world: World) {
    let now = world.make.now();
    let first = world.group("first", &[]).await;
    world.make.clock.advance(Duration::MICROSECOND);
    let second = world.group("second", &[]).await;
    for (id, expected) in [(first.id, "first"), (second.id, "second")] {
        assert_eq!(world.which(text(GroupAttribute::Id, Comparison::Equal, &id.to_string())).await, [expected]);
    }
    let upper = first.id.to_string().to_uppercase();
    assert_eq!(world.which(text(GroupAttribute::Id, Comparison::Equal, &upper)).await, [""; 0]);
    for attribute in [GroupAttribute::CreatedAt, GroupAttribute::UpdatedAt] {
        let expected: [(Comparison, &[&str]); 5] = [
            (Comparison::Equal, &["first"]),
            (Comparison::Greater, &["second"]),
            (Comparison::GreaterOrEqual, &["first", "second"]),
            (Comparison::Less, &[]),
            (Comparison::LessOrEqual, &["first"]),
        ];
        for (comparison, expected) in expected {
            let found = world.which(Condition::Compare(attribute, comparison, Operand::Time(now))).await;
            assert_eq!(found, expected, "{attribute:?} {comparison:?}");
        }
    }
}

pub async fn a_group_is_found_by_each_of_its_members(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    world.group("both", &[&ada, &grace]).await;
    world.group("one", &[&grace]).await;
    world.group("empty", &[]).await;
    let has = |id: UserId| text(GroupAttribute::Member, Comparison::Equal, &id.to_string());
    assert_eq!(world.which(has(ada.id)).await, ["both"]);
    assert_eq!(world.which(has(grace.id)).await, ["both", "one"]);
    assert_eq!(world.which(not(has(ada.id))).await, ["empty", "one"], "not with her is without her");
    assert_eq!(world.which(Condition::All(vec![has(ada.id), has(grace.id)])).await, ["both"]);
    assert_eq!(world.which(Condition::Present(GroupAttribute::Member)).await, ["both", "one"]);
    assert_eq!(world.which(not(Condition::Present(GroupAttribute::Member))).await, ["empty"]);
    let nobody = UserId::new(world.make.now(), &*world.make.entropy);
    assert_eq!(world.which(has(nobody)).await, [""; 0]);
    assert_eq!(world.which(text(GroupAttribute::Member, Comparison::Equal, "ada")).await, [""; 0]);
}

pub async fn groups_are_sorted_by_an_attribute_and_then_by_id(world: World) {
    let mut groups = Vec::new();
    for (number, name) in ["b", "Z", "É", "a", "éa", "\u{1f980}"].into_iter().enumerate() {
        world.make.clock.advance(Duration::milliseconds(if number % 2 == 0 { 3 } else { -2 }));
        let external_id = Some(["x", "Y", "é", "X"].get(number).map(|id| (*id).to_owned())).flatten();
        world.team(Team { external_id, ..world.make.team(name) }, &[]).await;
    }
    groups.extend(all(&world, true).await.items);
    assert!(groups.is_sorted_by_key(|group| group.id), "groups are in the order of their ids when nothing is said");
    let by = |attribute, order| DirectoryQuery { sort: Some((attribute, order)), ..everything() };
    for attribute in [
        GroupAttribute::Id,
        GroupAttribute::ExternalId,
        GroupAttribute::Name,
        GroupAttribute::CreatedAt,
        GroupAttribute::UpdatedAt,
    ] {
        let mut expected = groups.clone();
        expected.sort_by_cached_key(|group| {
            let text = match attribute {
                GroupAttribute::ExternalId => group.external_id.clone(),
                GroupAttribute::Name => Some(fold(&group.name)),
                GroupAttribute::CreatedAt => Some(group.created_at.unix_timestamp_nanos().to_string()),
                GroupAttribute::UpdatedAt => Some(group.updated_at.unix_timestamp_nanos().to_string()),
                GroupAttribute::Id | GroupAttribute::Member => None,
            };
            (text.is_none(), text, group.id)
        });
        assert_eq!(ask(&world, &by(attribute, Order::Ascending), true).await.items, expected, "by {attribute:?}");
        expected.reverse();
        let descending = ask(&world, &by(attribute, Order::Descending), true).await.items;
        assert_eq!(descending, expected, "descending by {attribute:?}");
    }
}

pub async fn a_page_of_groups_has_the_total_and_the_members_of_its_groups(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    for number in 0..5 {
        let people = [&ada, &grace];
        world.group(&format!("g{number}"), &people[..number % 3]).await;
    }
    let every = all(&world, true).await.items;
    for (skip, count) in [(0, 2), (2, 2), (4, 2), (5, 2), (0, 0), (1, u16::MAX)] {
        let page = ask(&world, &DirectoryQuery { skip, count, ..everything() }, true).await;
        let expected: Vec<Group> = every.iter().skip(skip as usize).take(count.into()).cloned().collect();
        assert_eq!(page, Found { total: 5, items: expected }, "skip {skip}, count {count}");
    }
}

pub async fn of_some_people_those_are_told_who_are_in_the_group(world: World) {
    let (ada, grace, linus) = (world.user("ada").await, world.user("grace").await, world.user("linus").await);
    let group = world.group("Night", &[&ada, &grace]).await;
    world.group("Day", &[&linus]).await;
    let nobody = UserId::new(world.make.now(), &*world.make.entropy);
    for (asked, expected) in [
        (vec![nobody, grace.id, linus.id], vec![grace.id]),
        (vec![ada.id, grace.id], vec![ada.id, grace.id]),
        (vec![linus.id], vec![]),
        (vec![], vec![]),
    ] {
        let mut among = world.stores.delivered.members_among(group.id, &asked).await.unwrap();
        among.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(among, expected);
    }
}

pub async fn a_group_and_its_members_are_of_one_moment(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let group = world.group("Night", &[&ada]).await;
    let seen = race(8, |number| {
        let (world, group, places) = (world.clone(), group.clone(), [ada.id, grace.id]);
        async move {
            let mut members = Vec::new();
            for turn in 0..20 {
                if number == 0 {
                    let mut update = world.regroup(&group);
                    update.expected_version = Some(turn + 1);
                    let at = usize::try_from(turn % 2).unwrap();
                    update.removed = vec![places[at]];
                    update.added = responders(&[places[1 - at]]);
                    world.update_group(&update).await;
                    continue;
                }
                let one = read(&world, group.id, true).await.unwrap();
                for group in all(&world, true).await.items.into_iter().chain([one]) {
                    members.push((group.version, group.members));
                }
            }
            members
        }
    })
    .await;
    for (version, members) in seen.into_iter().flatten() {
        let expected = if version % 2 == 1 { ada.id } else { grace.id };
        assert_eq!(members, [expected], "the members are not those of version {version}");
    }
}

pub async fn what_is_read_of_a_group_is_never_a_stale_answer(world: World) {
    let mut group = world.group("Night", &[]).await;
    for turn in 0..20 {
        world.tick();
        let ada = world.user(&format!("ada{turn}")).await;
        let update = GroupUpdate { added: responders(&[ada.id]), ..world.regroup(&group) };
        assert_eq!(world.update_group(&update).await, UpdateOutcome::Updated);
        let mut members = [group.members, vec![ada.id]].concat();
        members.sort_unstable();
        group = Group { version: group.version + 1, updated_at: update.at, members, ..group };
        let seen = race(4, |_| {
            let (world, id, ada) = (world.clone(), group.id, ada.id);
            async move {
                let among = world.stores.delivered.members_among(id, &[ada]).await.unwrap();
                let known = world.stores.delivered.known_among(&[ada]).await.unwrap();
                (read(&world, id, true).await, all(&world, true).await.items, among, known)
            }
        })
        .await;
        for answer in seen {
            let expected = (Some(group.clone()), vec![group.clone()], vec![ada.id], vec![ada.id]);
            assert_eq!(answer, expected, "a group shows as it was");
        }
    }
}

async fn read(world: &World, id: TeamId, with_members: bool) -> Option<Group> {
    world.stores.delivered.group(id, with_members).await.unwrap()
}

async fn all(world: &World, with_members: bool) -> Found<Group> {
    ask(world, &everything(), with_members).await
}

async fn ask(world: &World, query: &DirectoryQuery<GroupAttribute>, with_members: bool) -> Found<Group> {
    world.stores.delivered.groups(query, with_members).await.unwrap()
}
