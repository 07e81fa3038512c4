use muster_domain::page::Limit;
use muster_domain::team::{
    MemberFacts, MemberRoleOutcome, RoleChange, RoleEvents, RoleGiver, Team, TeamFacts, TeamKey, TeamQuery, TeamRole,
    TeamSummary,
};
use muster_domain::user::{EmailAddress, User};
use muster_domain::verification::{ChannelSet, Method};
use muster_domain::{TeamId, UserId};

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};

pub async fn active_teams_are_listed_by_folded_name(world: World) {
    let sorted = ["0", "A", "a-b", "aa", "B", "z", "Ä", "Ω", "\u{1f600}"];
    for name in ["B", "Ω", "a-b", "\u{1f600}", "0", "Ä", "aa", "z", "A"] {
        world.team(world.make.team(name), &[]).await;
    }
    world.team(closed(&world), &[]).await;
    assert_eq!(names(&list(&world, &TeamQuery::default()).await), sorted);
}

pub async fn a_list_returns_up_to_one_more_than_the_limit(world: World) {
    for number in 0..5 {
        world.team(world.make.team(&format!("team{number}")), &[]).await;
    }
    for limit in 1..=7 {
        let page = list(&world, &TeamQuery { limit: Limit::new(limit).unwrap(), ..TeamQuery::default() }).await;
        assert_eq!(page.len(), usize::from(limit + 1).min(5));
    }
}

pub async fn all_pages_together_are_every_team_once(world: World) {
    let mut expected = Vec::new();
    for number in 0..13 {
        let name = if number % 2 == 0 { format!("Team{number:02}") } else { format!("team{number:02}") };
        world.team(world.make.team(&name), &[]).await;
        expected.push(name);
    }
    for limit in [1, 2, 5, 12, 13, 14] {
        let mut query = TeamQuery { limit: Limit::new(limit).unwrap(), ..TeamQuery::default() };
        let mut all = Vec::new();
        loop {
            let mut page = list(&world, &query).await;
            let more = page.len() > usize::from(limit);
            page.truncate(usize::from(limit));
            query.after = page.last().map(|team| TeamKey::of(&team.name));
            all.extend(page);
            if !more {
                break;
            }
        }
        assert_eq!(names(&all), expected);
    }
}

pub async fn a_summary_counts_active_members_and_those_who_can_be_on_call(world: World) {
    let people = every_subset(&world).await;
    let gone = ready(&world, "gone").await;
    world.update(world.make.edit(&gone).deactivated().build()).await;
    let mut members: Vec<(&User, TeamRole)> = people.iter().map(|user| (user, TeamRole::Observer)).collect();
    members.push((&gone, TeamRole::Responder));
    let team = world.team(world.make.team("Night"), &members).await;
    let empty = world.team(Team { synced_from_directory: false, ..world.make.team("Empty") }, &[]).await;
    for set in 1..8_u8 {
        let query = TeamQuery { required: channels(set), ..TeamQuery::default() };
        let can = (0..8_u8).filter(|proven| proven & set == set).count() as u64;
        let expected = [(&empty, 0, 0), (&team, 8, can)].map(|(team, members, can_be_on_call)| TeamSummary {
            id: team.id,
            name: team.name.clone(),
            synced_from_directory: team.synced_from_directory,
            members,
            can_be_on_call,
        });
        assert_eq!(list(&world, &query).await, expected, "required: {:?}", query.required);
    }
}

pub async fn an_unknown_and_an_inactive_team_are_not_there(world: World) {
    let ada = world.user("ada").await;
    let closed = world.team(closed(&world), &[(&ada, TeamRole::TeamAdmin)]).await;
    let unknown = TeamId::new(world.make.now(), &*world.make.entropy);
    for id in [closed.id, unknown] {
        assert_eq!(world.stores.teams.team(id).await.unwrap(), None, "a team is shown that is not there");
    }
}

pub async fn a_team_shows_all_its_members_by_folded_user_name(world: World) {
    let ben = world.insert(world.make.user("ben").display_name("Ben B")).await;
    let ada = world.insert(world.make.user("Ada")).await;
    let cy = world.insert(world.make.user("Cy").deactivated()).await;
    world.user("dan").await;
    let members = [(&cy, TeamRole::Observer), (&ben, TeamRole::Responder), (&ada, TeamRole::TeamAdmin)];
    let team = world.team(world.make.team("Night"), &members).await;
    world.team(world.make.team("Day"), &[(&ben, TeamRole::TeamAdmin)]).await;
    let member = |user: &User, role| MemberFacts {
        id: user.id,
        user_name: user.user_name.clone(),
        display_name: user.display_name.clone(),
        active: user.active,
        role,
        proven: vec![],
    };
    let expected = TeamFacts {
        id: team.id,
        name: "Night".to_owned(),
        synced_from_directory: true,
        members: vec![
            member(&ada, TeamRole::TeamAdmin),
            member(&ben, TeamRole::Responder),
            member(&cy, TeamRole::Observer),
        ],
    };
    assert_eq!(world.stores.teams.team(team.id).await.unwrap(), Some(expected));
}

pub async fn what_is_proven_follows_the_same_rule_as_the_status(world: World) {
    let mut people = every_subset(&world).await;
    for name in ["gone", "moved", "unplugged"] {
        people.push(ready(&world, name).await);
    }
    let members: Vec<(&User, TeamRole)> = people.iter().map(|user| (user, TeamRole::Responder)).collect();
    let team = world.team(world.make.team("Night"), &members).await;
    assert_eq!(agree(&world, team.id).await, ["gone", "moved", "set7", "unplugged"]);

    let [gone, moved, unplugged] = [8, 9, 10].map(|index: usize| &people[index]);
    world.update(world.make.edit(gone).deactivated().build()).await;
    let elsewhere = EmailAddress::parse("elsewhere@example.com").unwrap();
    let there = world.update(world.make.edit(moved).email(Some(elsewhere)).build()).await;
    let devices = world.profile(unplugged.id).await.devices;
    let device = devices.into_iter().find(|device| device.verified_at.is_some()).unwrap();
    let event = world.make.event("test.removed", Some(unplugged.id));
    assert!(world.stores.devices.remove(&world.make.device_removal(unplugged.id, device.id), &event).await.unwrap());
    assert_eq!(agree(&world, team.id).await, ["set7"]);

    // A proof counts again when its destination comes back.
    world.update(world.make.edit(&there).email(moved.email.clone()).build()).await;
    assert_eq!(agree(&world, team.id).await, ["moved", "set7"]);
}

pub async fn a_team_is_never_a_stale_answer(world: World) {
    let ada = world.user("ada").await;
    let team = world.team(world.make.team("Night"), &[(&ada, TeamRole::Observer)]).await.id;
    for round in 0..20 {
        let role = if round % 2 == 0 { TeamRole::Responder } else { TeamRole::Observer };
        give(&world, team, ada.id, role, RoleGiver::Admin).await;
        let seen = race(4, |_| {
            let world = world.clone();
            async move { role_of(&world, team, ada.id).await }
        })
        .await;
        assert_eq!(seen, [Some(role); 4], "a team shows what was, not what is");
    }
}

pub async fn a_team_admin_is_one_of_the_members_of_their_active_teams(world: World) {
    let (ada, ben, cy) = (world.user("ada").await, world.user("ben").await, world.user("cy").await);
    let gone = world.insert(world.make.user("gone").deactivated()).await;
    let night = [(&ada, TeamRole::TeamAdmin), (&ben, TeamRole::Responder), (&gone, TeamRole::Observer)];
    world.team(world.make.team("Night"), &night).await;
    // Together with Ben in another team, and where both are, neither is its admin.
    world.team(world.make.team("Day"), &[(&cy, TeamRole::TeamAdmin), (&ada, TeamRole::Observer)]).await;
    world.team(closed(&world), &[(&ben, TeamRole::TeamAdmin), (&cy, TeamRole::Responder)]).await;
    let nobody = UserId::new(world.make.now(), &*world.make.entropy);
    for (admin, member, expected, what) in [
        (ada.id, ben.id, true, "their team admin"),
        (ada.id, gone.id, true, "the team admin of somebody deactivated"),
        (ada.id, ada.id, true, "their own team admin"),
        (cy.id, ada.id, true, "the team admin of another team"),
        (ben.id, ada.id, false, "a responder of the same team"),
        (ada.id, cy.id, false, "an observer of a team whose admin the other is"),
        (cy.id, ben.id, false, "the team admin of a team that they are not in"),
        (ben.id, cy.id, false, "the team admin of an inactive team"),
        (nobody, ben.id, false, "not on record"),
        (ada.id, nobody, false, "the team admin of nobody on record"),
    ] {
        let found = world.stores.teams.is_team_admin_of(admin, member).await.unwrap();
        assert_eq!(found, expected, "somebody is {what}");
    }
}

pub async fn a_team_admin_is_never_a_stale_answer(world: World) {
    let (ada, ben) = (world.user("ada").await, world.user("ben").await);
    let members = [(&ada, TeamRole::Responder), (&ben, TeamRole::Responder)];
    let team = world.team(world.make.team("Night"), &members).await.id;
    for role in [TeamRole::TeamAdmin, TeamRole::Observer].into_iter().cycle().take(20) {
        give(&world, team, ada.id, role, RoleGiver::Admin).await;
        let found = world.stores.teams.is_team_admin_of(ada.id, ben.id).await.unwrap();
        assert_eq!(found, role == TeamRole::TeamAdmin, "a stale answer");
    }
}

pub async fn a_role_is_given_with_the_record_of_the_role_before(world: World) {
    let (ada, ben) = (world.user("ada").await, world.user("ben").await);
    let members = [(&ada, TeamRole::TeamAdmin), (&ben, TeamRole::Observer)];
    let team = world.team(world.make.team("Night"), &members).await.id;
    let other = world.team(world.make.team("Day"), &members).await.id;
    let mut from = TeamRole::Observer;
    for (role, by) in [
        (TeamRole::Responder, RoleGiver::User(ada.id)),
        (TeamRole::TeamAdmin, RoleGiver::Admin),
        (TeamRole::Observer, RoleGiver::User(ben.id)),
    ] {
        let change = change(&world, team, ben.id, role, by);
        let before = world.trail().await.len();
        let outcome = world.stores.teams.change_member_role(&change).await.unwrap();
        assert_eq!(outcome, MemberRoleOutcome::Changed { from });
        assert_eq!(role_of(&world, team, ben.id).await, Some(role));
        assert_eq!(world.trail().await.len(), before + 1, "not exactly one record was written");
        world.assert_recorded(change.events.from(from)).await;
        from = role;
    }
    assert_eq!(role_of(&world, team, ada.id).await, Some(TeamRole::TeamAdmin), "another member's role changed");
    assert_eq!(role_of(&world, other, ben.id).await, Some(TeamRole::Observer), "a role in another team changed");
}

pub async fn the_role_that_a_member_has_is_not_given_again(world: World) {
    let ada = world.user("ada").await;
    let team = world.team(world.make.team("Night"), &[(&ada, TeamRole::TeamAdmin)]).await.id;
    let before = world.snapshot().await;
    for by in [RoleGiver::Admin, RoleGiver::User(ada.id)] {
        assert_eq!(give(&world, team, ada.id, TeamRole::TeamAdmin, by).await, MemberRoleOutcome::Unchanged);
    }
    world.assert_nothing_written(&before).await;
}

pub async fn nobody_gets_a_role_who_is_not_in_an_active_team(world: World) {
    let (ada, ben) = (world.user("ada").await, world.user("ben").await);
    let members = [(&ada, TeamRole::TeamAdmin)];
    let team = world.team(world.make.team("Night"), &members).await.id;
    let closed = world.team(closed(&world), &members).await.id;
    let unknown = TeamId::new(world.make.now(), &*world.make.entropy);
    let before = world.snapshot().await;
    for (team, user, by) in [
        (team, ben.id, RoleGiver::Admin),
        (team, ben.id, RoleGiver::User(ada.id)),
        (closed, ada.id, RoleGiver::Admin),
        (unknown, ada.id, RoleGiver::Admin),
    ] {
        let outcome = give(&world, team, user, TeamRole::Observer, by).await;
        assert_eq!(outcome, MemberRoleOutcome::NotMember);
    }
    world.assert_nothing_written(&before).await;
}

pub async fn who_is_no_active_team_admin_of_that_team_is_denied(world: World) {
    let (ada, ben) = (world.user("ada").await, world.user("ben").await);
    let gone = world.insert(world.make.user("gone").deactivated()).await;
    let members = [(&ada, TeamRole::Responder), (&ben, TeamRole::Observer), (&gone, TeamRole::TeamAdmin)];
    let team = world.team(world.make.team("Night"), &members).await.id;
    let cy = world.user("cy").await;
    let elsewhere = [(&ada, TeamRole::TeamAdmin), (&cy, TeamRole::TeamAdmin), (&ben, TeamRole::Observer)];
    world.team(world.make.team("Day"), &elsewhere).await;
    let closed = world.team(closed(&world), &elsewhere).await.id;
    let unknown = TeamId::new(world.make.now(), &*world.make.entropy);
    let nobody = UserId::new(world.make.now(), &*world.make.entropy);
    let before = world.snapshot().await;
    for giver in [ada.id, ben.id, cy.id, gone.id, nobody] {
        for (team, user) in [(team, ben.id), (team, giver), (team, nobody), (unknown, ben.id), (closed, ben.id)] {
            let outcome = give(&world, team, user, TeamRole::TeamAdmin, RoleGiver::User(giver)).await;
            assert_eq!(outcome, MemberRoleOutcome::Denied, "a role was given by somebody who may not");
        }
    }
    world.assert_nothing_written(&before).await;
}

pub async fn of_two_team_admins_who_demote_each_other_at_once_one_does(world: World) {
    for round in 0..20 {
        let pair = [world.user(&format!("a{round}")).await, world.user(&format!("b{round}")).await];
        let members = [(&pair[0], TeamRole::TeamAdmin), (&pair[1], TeamRole::TeamAdmin)];
        let team = world.team(world.make.team(&format!("Night{round}")), &members).await.id;
        let ids = [pair[0].id, pair[1].id];
        let outcomes = race(2, |number| {
            let world = world.clone();
            async move {
                let by = RoleGiver::User(ids[number]);
                give(&world, team, ids[1 - number], TeamRole::Observer, by).await
            }
        })
        .await;
        let changed = MemberRoleOutcome::Changed { from: TeamRole::TeamAdmin };
        assert_eq!(count(&outcomes, &changed), 1, "not exactly one was demoted: {outcomes:?}");
        assert_eq!(count(&outcomes, &MemberRoleOutcome::Denied), 1);
        assert_eq!(world.recorded("test.from.team_admin").await, round + 1);
    }
}

pub async fn of_many_changes_at_once_to_one_role_exactly_one_is_written(world: World) {
    let (ada, ben) = (world.user("ada").await, world.user("ben").await);
    let members = [(&ada, TeamRole::TeamAdmin), (&ben, TeamRole::Observer)];
    let team = world.team(world.make.team("Night"), &members).await.id;
    let outcomes = race(RACERS, |number| {
        let (world, user) = (world.clone(), ben.id);
        let by = if number % 2 == 0 { RoleGiver::Admin } else { RoleGiver::User(ada.id) };
        async move { give(&world, team, user, TeamRole::Responder, by).await }
    })
    .await;
    let changed = MemberRoleOutcome::Changed { from: TeamRole::Observer };
    assert_eq!(count(&outcomes, &changed), 1, "not exactly one change was written");
    assert_eq!(count(&outcomes, &MemberRoleOutcome::Unchanged), RACERS - 1);
    assert_eq!(world.recorded("test.from.observer").await, 1);
}

fn closed(world: &World) -> Team {
    Team { active: false, ..world.make.team("Closed") }
}

async fn list(world: &World, query: &TeamQuery) -> Vec<TeamSummary> {
    world.stores.teams.list(query).await.unwrap()
}

fn names(teams: &[TeamSummary]) -> Vec<&str> {
    teams.iter().map(|team| team.name.as_str()).collect()
}

async fn role_of(world: &World, team: TeamId, user: UserId) -> Option<TeamRole> {
    let team = world.stores.teams.team(team).await.unwrap()?;
    team.members.into_iter().find(|member| member.id == user).map(|member| member.role)
}

fn change(world: &World, team_id: TeamId, user_id: UserId, role: TeamRole, by: RoleGiver) -> RoleChange {
    let events = RoleEvents::of(|from| world.make.event(&format!("test.from.{}", from.as_str()), Some(user_id)));
    RoleChange { team_id, user_id, role, by, events }
}

async fn give(world: &World, team: TeamId, user: UserId, role: TeamRole, by: RoleGiver) -> MemberRoleOutcome {
    world.stores.teams.change_member_role(&change(world, team, user, role, by)).await.unwrap()
}

/// Who of a team can be on call when every channel is required, after checking that what is proven of everybody is what
/// their status says, whatever is required.
async fn agree(world: &World, team: TeamId) -> Vec<String> {
    let members = world.stores.teams.team(team).await.unwrap().unwrap().members;
    for member in &members {
        let profile = world.profile(member.id).await;
        for required in (1..8).map(channels) {
            let status = profile.verification(required, world.make.now());
            let shown = (member.can_be_on_call(required), member.missing(required));
            let name = &member.user_name;
            assert_eq!(shown, (status.can_be_on_call(), status.missing()), "{name}, when {required:?} are required");
        }
    }
    let can = members.into_iter().filter(|member| member.can_be_on_call(ChannelSet::ALL));
    can.map(|member| member.user_name).collect()
}

/// People who have each some subset of the three proofs: `set0` none, `set7` all.
async fn every_subset(world: &World) -> Vec<User> {
    let mut people = Vec::new();
    for set in 0..8_u8 {
        people.push(person(world, &format!("set{set}"), set).await);
    }
    people
}

/// Somebody who can be on call.
async fn ready(world: &World, name: &str) -> User {
    person(world, name, 0b111).await
}

async fn person(world: &World, name: &str, set: u8) -> User {
    let user = world.user(name).await;
    for (number, method) in Method::ALL.into_iter().enumerate() {
        match method {
            _ if set & (1 << number) == 0 => {}
            Method::Push => drop(world.prove_push(&user).await),
            Method::Email | Method::Sms => world.prove(&user, method).await,
        }
    }
    // A device that is not proven changes nothing.
    world.device(&user).await;
    user
}

/// The channels of the bits of `set`.
fn channels(set: u8) -> ChannelSet {
    let on = Method::ALL.into_iter().enumerate().filter(|(number, _)| set & (1 << number) != 0);
    ChannelSet::of(on.map(|(_, method)| method)).unwrap()
}
