use muster_domain::audit::Origin;
use muster_domain::directory::{
    ChangeError, DirectoryReader, DirectoryStore, Group, GroupChange, GroupRecord, MembersChange,
};
use muster_domain::team::{RoleGiver, TeamRole, TeamService};
use muster_domain::{TeamId, Text, UserId};
use std::sync::Arc;

use serde_json::json;

use crate::house::House;

fn record(name: &str, members: &[UserId]) -> GroupRecord {
    GroupRecord { external_id: None, name: Text::parse(name).unwrap(), members: members.to_vec() }
}

async fn create(house: &House, name: &str, members: &[UserId]) -> Group {
    house.directory.create_group(&record(name, members), &house.origin).await.unwrap().0
}

async fn change(house: &House, id: TeamId, members: MembersChange) -> Result<Vec<UserId>, ChangeError> {
    let keeping = |group: &Group| {
        let name = Text::parse(&group.name).unwrap();
        Ok(GroupChange { external_id: None, name, members: members.clone() })
    };
    house.directory.amend_group(id, false, &house.origin, keeping).await
}

async fn members(house: &House, id: TeamId) -> Vec<UserId> {
    house.store.group(id, true).await.unwrap().unwrap().members
}

fn teams(house: &House) -> TeamService {
    TeamService {
        teams: Arc::new(house.store.clone()),
        clock: house.clock.clone(),
        entropy: house.make.entropy.clone(),
    }
}

#[tokio::test]
async fn a_group_is_a_team_of_responders_and_each_of_them_is_on_the_trail() {
    let house = House::new();
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    let mark = house.mark();
    let group = create(&house, "Night", &[ada.id, grace.id, ada.id]).await;
    assert_eq!(group.members.len(), 2, "naming somebody twice is naming them once");
    assert_eq!(group.version, 1);
    let team = teams(&house).team(group.id).await.unwrap().unwrap();
    assert!(team.synced_from_directory);
    assert!(team.members.iter().all(|member| member.role == TeamRole::Responder));
    let expected = ["scim.team.created", "scim.team.member.added", "scim.team.member.added"];
    assert_eq!(house.actions_since(mark), expected);
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused() {
    let house = House::new();
    create(&house, "Night", &[]).await;
    let mark = house.mark();
    let taken = house.directory.create_group(&record("NIGHT", &[]), &house.origin).await;
    assert!(matches!(taken, Err(ChangeError::Taken)));
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn members_who_are_not_on_record_are_left_out_told_and_recorded() {
    let house = House::new();
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    let unknown = UserId::new(house.now(), &*house.make.entropy);
    let mark = house.mark();
    let made = house.directory.create_group(&record("Night", &[ada.id, unknown]), &house.origin).await;
    let (group, skipped) = made.unwrap();
    assert_eq!((group.members, skipped), (vec![ada.id], vec![unknown]));
    assert_eq!(house.actions_since(mark), ["scim.team.created", "scim.team.member.added", "scim.team.members.skipped"]);
    let details = json!({ "teamId": group.id, "userIds": [unknown], "count": 1 });
    assert_eq!(house.last_event().details, details);

    for wanted in [
        MembersChange::Adjust { add: vec![unknown, grace.id], remove: Vec::new() },
        MembersChange::Replace(vec![unknown, ada.id, grace.id]),
        MembersChange::Adjust { add: vec![unknown], remove: Vec::new() },
    ] {
        assert_eq!(change(&house, group.id, wanted).await.unwrap(), [unknown]);
        assert_eq!(members(&house, group.id).await, [ada.id, grace.id]);
        assert_eq!(house.last_event().details, details);
    }
    // To take out somebody who is not on record is no mistake.
    let out = MembersChange::Adjust { add: Vec::new(), remove: vec![unknown] };
    assert_eq!(change(&house, group.id, out).await.unwrap(), []);
}

#[tokio::test]
async fn whoever_stays_keeps_the_role_that_an_admin_gave() {
    let house = House::new();
    let (ada, grace, linus) = (house.user("ada").await, house.user("grace").await, house.user("linus").await);
    let group = create(&house, "Night", &[ada.id, grace.id]).await;
    let service = teams(&house);
    let give = service.change_member_role(group.id, ada.id, TeamRole::TeamAdmin, RoleGiver::Admin, &house.origin);
    give.await.unwrap();
    change(&house, group.id, MembersChange::Replace(vec![ada.id, linus.id])).await.unwrap();
    let team = service.team(group.id).await.unwrap().unwrap();
    let places: Vec<_> = team.members.iter().map(|member| (member.id, member.role)).collect();
    assert_eq!(places, [(ada.id, TeamRole::TeamAdmin), (linus.id, TeamRole::Responder)]);
    let away = |add: Vec<UserId>, remove: Vec<UserId>| MembersChange::Adjust { add, remove };
    change(&house, group.id, away(Vec::new(), vec![ada.id])).await.unwrap();
    change(&house, group.id, away(vec![ada.id], Vec::new())).await.unwrap();
    let team = service.team(group.id).await.unwrap().unwrap();
    assert!(team.members.iter().all(|member| member.role == TeamRole::Responder), "who left comes back as anybody");
}

#[tokio::test]
async fn saying_the_same_again_changes_nothing() {
    let house = House::new();
    let ada = house.user("ada").await;
    let linus = house.user("linus").await;
    let group = create(&house, "Night", &[ada.id]).await;
    let mark = house.mark();
    change(&house, group.id, MembersChange::Replace(vec![ada.id, ada.id])).await.unwrap();
    change(&house, group.id, MembersChange::Adjust { add: vec![ada.id], remove: vec![linus.id] }).await.unwrap();
    assert_eq!(house.store.group(group.id, true).await.unwrap(), Some(group));
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn a_group_that_is_removed_is_gone_and_its_name_is_free() {
    let house = House::new();
    let ada = house.user("ada").await;
    let group = create(&house, "Night", &[ada.id]).await;
    let stale = house.directory.remove_group(group.id, Some(9), &house.origin).await;
    assert!(matches!(stale, Err(ChangeError::PreconditionFailed)));
    let mark = house.mark();
    house.directory.remove_group(group.id, Some(1), &house.origin).await.unwrap();
    assert_eq!(house.actions_since(mark), ["scim.team.member.removed", "scim.team.removed"]);
    assert_eq!(house.profile(ada.id).await.teams, []);
    let again = create(&house, "Night", &[]).await;
    assert_ne!(again.id, group.id);
    let gone = house.directory.remove_group(group.id, None, &house.origin).await;
    assert!(matches!(gone, Err(ChangeError::NotFound)));
}

#[tokio::test]
async fn a_team_that_is_not_the_directorys_is_none_of_its_business() {
    let house = House::new();
    let team = muster_domain::team::Team { synced_from_directory: false, ..house.make.team("Own") };
    let event = house.make.event("test.team.created", None);
    house.store.insert_team(&team, &[], &[event]).await.unwrap();
    let wanted = MembersChange::Replace(Vec::new());
    assert!(matches!(change(&house, team.id, wanted).await, Err(ChangeError::NotFound)));
    let origin = Origin::system("Okta");
    assert!(matches!(house.directory.remove_group(team.id, None, &origin).await, Err(ChangeError::NotFound)));
}
