use muster_domain::directory::{Group, GroupUpdate, InsertOutcome, UpdateOutcome};
use muster_domain::team::{Member, MemberRoleOutcome, RoleChange, RoleEvents, RoleGiver, Team, TeamRole};
use muster_domain::user::UserQuery;
use muster_domain::{TeamId, UserId};

use crate::contract::World;
use crate::contract::directory_world::{everything, responders};
use crate::contract::race::{RACERS, count, race};

pub async fn a_group_is_inserted_with_every_record(world: World) {
    let events = [world.make.event("test.one", None), world.make.event("test.two", None)];
    let outcome = world.stores.directory.insert_team(&world.make.team("Night"), &[], &events).await.unwrap();
    assert_eq!(outcome, InsertOutcome::Inserted);
    for event in &events {
        world.assert_recorded(event).await;
    }
}

pub async fn no_group_is_inserted_whose_external_id_is_taken(world: World) {
    let named = |name: &str, id: &str| Team { external_id: Some(id.to_owned()), ..world.make.team(name) };
    world.team(named("Night", "g1"), &[]).await;
    let before = world.snapshot().await;
    let event = world.make.event("test.team", None);
    let outcome = world.stores.directory.insert_team(&named("Day", "g1"), &[], &[event]).await.unwrap();
    assert_eq!(outcome, InsertOutcome::Taken);
    world.assert_nothing_written(&before).await;
    world.team(named("Day", "G1"), &[]).await;
    world.group("no external id", &[]).await;
    world.group("nor this", &[]).await;
}

pub async fn of_many_groups_of_one_external_id_at_once_exactly_one_is_inserted(world: World) {
    let outcomes = race(RACERS, |number| {
        let team = Team { external_id: Some("g1".to_owned()), ..world.make.team(&format!("t{number}")) };
        let (world, event) = (world.clone(), world.make.event("test.raced", None));
        async move { world.stores.directory.insert_team(&team, &[], &[event]).await.unwrap() }
    })
    .await;
    assert_eq!(count(&outcomes, &InsertOutcome::Inserted), 1);
    assert_eq!(world.recorded("test.raced").await, 1);
}

pub async fn an_updated_group_reads_back_as_it_was_given_one_version_up(world: World) {
    let (ada, grace, linus) = (world.user("ada").await, world.user("grace").await, world.user("linus").await);
    let before = world.group("Night", &[&ada, &grace]).await;
    let other = world.group("Other", &[&ada]).await;
    world.tick();
    let update = GroupUpdate {
        external_id: Some("g\u{2126}1".to_owned()),
        name: "Équipe".to_owned(),
        added: vec![Member { user_id: linus.id, role: TeamRole::Observer }],
        removed: vec![ada.id],
        ..world.regroup(&before)
    };
    let events = [world.make.event("test.one", None), world.make.event("test.two", Some(linus.id))];
    let outcome = world.stores.directory.update_group(&update, &events).await.unwrap();
    assert_eq!(outcome, UpdateOutcome::Updated);
    for event in &events {
        world.assert_recorded(event).await;
    }
    let mut members = vec![grace.id, linus.id];
    members.sort_unstable();
    let expected = Group {
        external_id: update.external_id.clone(),
        name: update.name.clone(),
        version: 2,
        updated_at: update.at,
        members,
        ..before.clone()
    };
    assert_eq!(world.read_group(before.id).await, Some(expected.clone()));
    assert_eq!(world.read_group(other.id).await, Some(other), "another group changed");
    assert_eq!(role_of(&world, before.id, linus.id).await, Some(TeamRole::Observer));

    let cleared = GroupUpdate { external_id: None, ..world.regroup(&expected) };
    assert_eq!(world.update_group(&cleared).await, UpdateOutcome::Updated);
    assert_eq!(world.read_group(before.id).await.unwrap().external_id, None, "an external id cannot be dropped");
}

pub async fn members_who_stay_keep_the_roles_that_they_have(world: World) {
    let (ada, grace, linus) = (world.user("ada").await, world.user("grace").await, world.user("linus").await);
    let group = world.group("Night", &[&ada, &grace]).await;
    promote(&world, group.id, ada.id).await;
    let renamed = GroupUpdate {
        name: "Day".to_owned(),
        added: responders(&[linus.id]),
        removed: vec![grace.id],
        ..world.regroup(&world.read_group(group.id).await.unwrap())
    };
    assert_eq!(world.update_group(&renamed).await, UpdateOutcome::Updated);
    let stays = "somebody who stayed lost the role that an admin gave";
    assert_eq!(role_of(&world, group.id, ada.id).await, Some(TeamRole::TeamAdmin), "{stays}");
    assert_eq!(role_of(&world, group.id, linus.id).await, Some(TeamRole::Responder));
    assert_eq!(role_of(&world, group.id, grace.id).await, None);
}

pub async fn who_comes_back_has_the_role_that_they_come_with(world: World) {
    let ada = world.user("ada").await;
    let group = world.group("Night", &[&ada]).await;
    promote(&world, group.id, ada.id).await;
    for (added, removed) in [(vec![], vec![ada.id]), (responders(&[ada.id]), vec![])] {
        let now = world.read_group(group.id).await.unwrap();
        let update = GroupUpdate { added, removed, ..world.regroup(&now) };
        assert_eq!(world.update_group(&update).await, UpdateOutcome::Updated);
    }
    assert_eq!(role_of(&world, group.id, ada.id).await, Some(TeamRole::Responder), "a role outlived its place");
}

pub async fn an_update_of_a_group_that_changed_meanwhile_is_stale(world: World) {
    let ada = world.user("ada").await;
    let group = world.group("Night", &[]).await;
    let unknown = Group { id: TeamId::new(world.make.now(), &*world.make.entropy), ..group.clone() };
    let newer = Group { version: 2, ..group.clone() };
    let older = Group { version: 0, ..group.clone() };
    let before = world.snapshot().await;
    for other in [unknown, newer, older] {
        let update = GroupUpdate { name: "Day".to_owned(), added: responders(&[ada.id]), ..world.regroup(&other) };
        assert_eq!(world.update_group(&update).await, UpdateOutcome::Stale);
        world.assert_nothing_written(&before).await;
    }
    assert_eq!(world.update_group(&world.regroup(&group)).await, UpdateOutcome::Updated);
    let before = world.snapshot().await;
    assert_eq!(world.update_group(&world.regroup(&group)).await, UpdateOutcome::Stale, "one version was changed twice");
    world.assert_nothing_written(&before).await;
}

pub async fn an_update_to_a_taken_name_or_external_id_of_a_group_writes_nothing(world: World) {
    world.team(Team { external_id: Some("g1".to_owned()), ..world.make.team("Équipe") }, &[]).await;
    world.team(Team { synced_from_directory: false, ..world.make.team("Ours") }, &[]).await;
    let group = world.group("Night", &[]).await;
    let before = world.snapshot().await;
    let refused = [
        GroupUpdate { name: "éQUIPE".to_owned(), ..world.regroup(&group) },
        GroupUpdate { name: "ours".to_owned(), ..world.regroup(&group) },
        GroupUpdate { external_id: Some("g1".to_owned()), ..world.regroup(&group) },
    ];
    for update in refused {
        assert_eq!(world.update_group(&update).await, UpdateOutcome::Taken);
        world.assert_nothing_written(&before).await;
    }
    let cased = GroupUpdate { name: "NIGHT".to_owned(), ..world.regroup(&group) };
    assert_eq!(world.update_group(&cased).await, UpdateOutcome::Updated, "its own name is not taken");
}

pub async fn nobody_comes_into_a_group_who_is_not_on_record(world: World) {
    let (ada, gone) = (world.user("ada").await, world.user("gone").await);
    world.removed(&gone).await;
    let group = world.group("Night", &[]).await;
    let local = world.insert(world.make.user("local").local()).await;
    let (rescue, _) = world.account("rescue").await;
    let nobody = UserId::new(world.make.now(), &*world.make.entropy);
    let before = world.snapshot().await;
    for other in [nobody, gone.id, local.id, rescue.id] {
        let update = GroupUpdate { added: responders(&[ada.id, other]), ..world.regroup(&group) };
        let event = world.make.event("test.group.updated", None);
        let outcome = world.stores.directory.update_group(&update, &[event]).await;
        assert!(outcome.is_err(), "somebody who is not on record came into a group: {outcome:?}");
        world.assert_nothing_written(&before).await;
        let event = world.make.event("test.team", None);
        let members = responders(&[ada.id, other]);
        let outcome = world.stores.directory.insert_team(&world.make.team("Day"), &members, &[event]).await;
        assert!(outcome.is_err(), "a team was made with somebody who is not on record: {outcome:?}");
        world.assert_nothing_written(&before).await;
    }
}

pub async fn of_many_updates_at_once_from_one_version_of_a_group_exactly_one_is_written(world: World) {
    let mut people = Vec::new();
    for number in 0..RACERS {
        people.push(world.user(&format!("u{number}")).await.id);
    }
    let group = world.group("Night", &[]).await;
    let outcomes = race(RACERS, |number| {
        let update = GroupUpdate { added: responders(&[people[number]]), ..world.regroup(&group) };
        let world = world.clone();
        async move { world.update_group(&update).await }
    })
    .await;
    assert_eq!(count(&outcomes, &UpdateOutcome::Updated), 1, "not exactly one update was written");
    assert_eq!(count(&outcomes, &UpdateOutcome::Stale), RACERS - 1);
    let after = world.read_group(group.id).await.unwrap();
    assert_eq!((after.version, after.members.len()), (2, 1));
    assert_eq!(world.recorded("test.group.updated").await, 1);
}

pub async fn of_many_at_once_who_come_into_or_leave_a_group_each_is_written(world: World) {
    let mut people = Vec::new();
    for number in 0..RACERS {
        people.push(world.user(&format!("u{number}")).await);
    }
    let (leaving, coming) = people.split_at(RACERS / 2);
    let group = world.group("Night", &leaving.iter().collect::<Vec<_>>()).await;
    let outcomes = race(RACERS, |number| {
        let (id, comes) = (people[number].id, number >= RACERS / 2);
        let (added, removed) = if comes { (responders(&[id]), vec![]) } else { (vec![], vec![id]) };
        let update = GroupUpdate { expected_version: None, added, removed, ..world.regroup(&group) };
        let world = world.clone();
        async move { world.update_group(&update).await }
    })
    .await;
    assert_eq!(count(&outcomes, &UpdateOutcome::Updated), RACERS, "changes that commute refused each other");
    let after = world.read_group(group.id).await.unwrap();
    let mut expected: Vec<UserId> = coming.iter().map(|user| user.id).collect();
    expected.sort_unstable();
    assert_eq!(after.members, expected);
    assert_eq!(after.version, 1 + i64::try_from(RACERS).unwrap(), "each is a version of its own");
    assert_eq!(world.recorded("test.group.updated").await, RACERS);
}

pub async fn who_is_in_a_group_does_not_come_into_it_again(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let group = world.group("Night", &[&ada]).await;
    promote(&world, group.id, ada.id).await;
    let before = world.snapshot().await;
    let at_any = || GroupUpdate { expected_version: None, ..world.regroup(&group) };
    let stale = [
        GroupUpdate { added: responders(&[ada.id]), ..at_any() },
        GroupUpdate { added: responders(&[grace.id, ada.id]), ..at_any() },
        GroupUpdate { removed: vec![grace.id], ..at_any() },
        GroupUpdate { name: "Day".to_owned(), added: responders(&[grace.id]), ..at_any() },
        GroupUpdate { external_id: Some("g1".to_owned()), added: responders(&[grace.id]), ..at_any() },
        GroupUpdate { id: TeamId::new(world.make.now(), &*world.make.entropy), ..at_any() },
    ];
    for update in stale {
        assert_eq!(world.update_group(&update).await, UpdateOutcome::Stale, "{update:?}");
        world.assert_nothing_written(&before).await;
    }
    assert_eq!(role_of(&world, group.id, ada.id).await, Some(TeamRole::TeamAdmin));
    let swap = GroupUpdate { added: responders(&[grace.id]), removed: vec![ada.id], ..at_any() };
    assert_eq!(world.update_group(&swap).await, UpdateOutcome::Updated);
    assert_eq!(world.read_group(group.id).await.unwrap().members, [grace.id]);
}

pub async fn a_removed_group_is_shown_nowhere(world: World) {
    let ada = world.user("ada").await;
    let group = world.group("Night", &[&ada]).await;
    let event = world.make.event("test.removed", None);
    let removal = world.stores.directory.remove_group(group.id, 1, world.make.now(), std::slice::from_ref(&event));
    assert_eq!(removal.await.unwrap(), UpdateOutcome::Updated);
    world.assert_recorded(&event).await;
    assert_eq!(world.read_group(group.id).await, None);
    assert_eq!(world.stores.delivered.groups(&everything(), true).await.unwrap().total, 0);
    assert_eq!(world.stores.delivered.members_among(group.id, &[ada.id]).await.unwrap(), []);
    assert_eq!(world.stores.teams.team(group.id).await.unwrap(), None);
    assert_eq!(world.profile(ada.id).await.teams, []);
    let of_team = UserQuery { team: Some(group.id), ..UserQuery::default() };
    assert_eq!(world.people(&of_team).await, []);
}

pub async fn a_removed_groups_name_and_external_id_are_free(world: World) {
    let ada = world.user("ada").await;
    let named = || Team { external_id: Some("g1".to_owned()), ..world.make.team("Night") };
    let first = world.team(named(), &[(&ada, TeamRole::TeamAdmin)]).await;
    let first = world.read_group(first.id).await.unwrap();
    assert_eq!(world.remove_group(&first).await, UpdateOutcome::Updated);
    let second = world.team(named(), &[]).await;
    let second = world.read_group(second.id).await.unwrap();
    assert_eq!(second.members, [], "the members of a removed group came back");
    assert_eq!(world.remove_group(&second).await, UpdateOutcome::Updated, "names are freed once only");
    let day = world.group("Day", &[]).await;
    let update = GroupUpdate { external_id: Some("g1".to_owned()), name: "NIGHT".to_owned(), ..world.regroup(&day) };
    assert_eq!(world.update_group(&update).await, UpdateOutcome::Updated);
}

pub async fn a_removal_of_a_group_that_changed_meanwhile_is_stale(world: World) {
    let group = world.group("Night", &[]).await;
    assert_eq!(world.update_group(&world.regroup(&group)).await, UpdateOutcome::Updated);
    let unknown = Group { id: TeamId::new(world.make.now(), &*world.make.entropy), ..group.clone() };
    let before = world.snapshot().await;
    for other in [&group, &unknown] {
        assert_eq!(world.remove_group(other).await, UpdateOutcome::Stale);
        world.assert_nothing_written(&before).await;
    }
    let now = world.read_group(group.id).await.unwrap();
    assert_eq!(world.remove_group(&now).await, UpdateOutcome::Updated);
    let before = world.snapshot().await;
    for version in [now.version, now.version + 1] {
        let gone = Group { version, ..now.clone() };
        assert_eq!(world.remove_group(&gone).await, UpdateOutcome::Stale, "a group was removed twice");
        assert_eq!(world.update_group(&world.regroup(&gone)).await, UpdateOutcome::Stale, "a removed group changed");
        world.assert_nothing_written(&before).await;
    }
}

pub async fn of_many_removals_and_updates_at_once_exactly_one_is_written(world: World) {
    let group = world.group("Night", &[]).await;
    let outcomes = race(RACERS, |number| {
        let (world, group) = (world.clone(), group.clone());
        async move {
            if number % 2 == 0 {
                world.remove_group(&group).await
            } else {
                world.update_group(&world.regroup(&group)).await
            }
        }
    })
    .await;
    assert_eq!(count(&outcomes, &UpdateOutcome::Updated), 1, "not exactly one change was written");
    assert_eq!(count(&outcomes, &UpdateOutcome::Stale), RACERS - 1);
}

async fn promote(world: &World, team_id: TeamId, user_id: UserId) {
    let event = || world.make.event("test.role", Some(user_id));
    let change = RoleChange {
        team_id,
        user_id,
        role: TeamRole::TeamAdmin,
        by: RoleGiver::Admin,
        events: RoleEvents::of(|_| event()),
    };
    let outcome = world.stores.teams.change_member_role(&change).await.unwrap();
    assert_eq!(outcome, MemberRoleOutcome::Changed { from: TeamRole::Responder });
}

async fn role_of(world: &World, team: TeamId, user: UserId) -> Option<TeamRole> {
    let teams = world.profile(user).await.teams;
    teams.into_iter().find(|place| place.id == team).map(|place| place.role)
}
