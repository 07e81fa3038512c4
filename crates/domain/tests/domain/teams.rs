use std::sync::Arc;

use muster_domain::access::{Action, Denied, Principal, Scope};
use muster_domain::directory::DirectoryStore;
use muster_domain::page::Limit;
use muster_domain::team::{
    AuthorizeError, ChangeMemberRoleError, Member, MemberFacts, RoleGiver, TeamKey, TeamQuery, TeamRole, TeamService,
};
use muster_domain::user::Role;
use muster_domain::verification::{ChannelSet, Method};
use muster_domain::{TeamId, UserId};
use serde_json::json;

use crate::house::House;

fn teams(house: &House) -> TeamService {
    TeamService {
        teams: Arc::new(house.store.clone()),
        clock: house.clock.clone(),
        entropy: house.make.entropy.clone(),
    }
}

async fn add_team(house: &House, name: &str, members: &[(UserId, TeamRole)]) -> TeamId {
    let team = house.make.team(name);
    let members: Vec<Member> =
        members.iter().map(|(user_id, role)| Member { user_id: *user_id, role: *role }).collect();
    house.store.insert_team(&team, &members, &[house.make.event("test.team.created", None)]).await.unwrap();
    team.id
}

#[tokio::test]
async fn a_team_admin_gives_a_role_and_it_is_recorded() {
    let house = House::new();
    let (ada, ben) = (house.user("ada").await.id, house.user("ben").await.id);
    let team = add_team(&house, "Night", &[(ada, TeamRole::TeamAdmin), (ben, TeamRole::Observer)]).await;
    let (mark, teams) = (house.mark(), teams(&house));
    let by = RoleGiver::User(ada);
    let member = teams.change_member_role(team, ben, TeamRole::Responder, by, &house.origin).await.unwrap();
    assert_eq!((member.id, member.role), (ben, TeamRole::Responder));
    assert!(teams.team(team).await.unwrap().unwrap().members.contains(&member));
    assert_eq!(house.actions_since(mark), ["team.role.changed"]);
    let event = house.last_event();
    let details = json!({ "teamId": team, "from": "observer", "to": "responder" });
    assert_eq!((event.subject, event.details), (Some(ben), details));
}

#[tokio::test]
async fn giving_the_role_that_they_have_changes_nothing() {
    let house = House::new();
    let ada = house.user("ada").await.id;
    let team = add_team(&house, "Night", &[(ada, TeamRole::Responder)]).await;
    let mark = house.mark();
    let change =
        teams(&house).change_member_role(team, ada, TeamRole::Responder, RoleGiver::Admin, &house.origin).await;
    assert_eq!(change.unwrap().role, TeamRole::Responder);
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn who_may_not_is_denied_and_who_may_is_told_of_no_such_member() {
    let house = House::new();
    let (ada, ben) = (house.user("ada").await.id, house.user("ben").await.id);
    let team = add_team(&house, "Night", &[(ada, TeamRole::Responder)]).await;
    let (mark, teams) = (house.mark(), teams(&house));
    for user in [ada, ben] {
        let by = RoleGiver::User(ada);
        let refused = teams.change_member_role(team, user, TeamRole::TeamAdmin, by, &house.origin).await;
        assert!(matches!(refused, Err(ChangeMemberRoleError::Denied(Denied))));
    }
    let refused = teams.change_member_role(team, ben, TeamRole::TeamAdmin, RoleGiver::Admin, &house.origin).await;
    assert!(matches!(refused, Err(ChangeMemberRoleError::NotMember)));
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn teams_come_page_by_page() {
    let house = House::new();
    for name in ["night", "Day", "dusk"] {
        add_team(&house, name, &[]).await;
    }
    let teams = teams(&house);
    let mut query = TeamQuery { limit: Limit::new(2).unwrap(), ..TeamQuery::default() };
    let page = teams.list(&query).await.unwrap();
    let names: Vec<&str> = page.items.iter().map(|team| team.name.as_str()).collect();
    assert_eq!((names, &page.next), (vec!["Day", "dusk"], &Some(TeamKey("dusk".to_owned()))));
    query.after = page.next;
    let page = teams.list(&query).await.unwrap();
    assert_eq!((page.items[0].name.as_str(), page.items.len(), page.next), ("night", 1, None));
}

#[test]
fn a_member_can_be_on_call_when_active_and_nothing_that_is_on_is_missing() {
    let house = House::new();
    let member = |active, proven: &[Method]| MemberFacts {
        id: UserId::new(house.now(), &*house.make.entropy),
        user_name: "ada".to_owned(),
        display_name: "Ada".to_owned(),
        active,
        role: TeamRole::Responder,
        proven: proven.to_vec(),
    };
    let no_sms = ChannelSet::of([Method::Email, Method::Push]).unwrap();
    let ada = member(true, &[Method::Email, Method::Push]);
    assert!(ada.can_be_on_call(no_sms) && !ada.can_be_on_call(ChannelSet::ALL));
    assert_eq!((ada.missing(no_sms), ada.missing(ChannelSet::ALL)), (vec![], vec![Method::Sms]));
    let gone = member(false, &Method::ALL);
    assert!(!gone.can_be_on_call(ChannelSet::ALL) && gone.missing(ChannelSet::ALL).is_empty());
}

#[tokio::test]
async fn a_team_admin_reads_the_members_of_their_teams_and_no_others() {
    let house = House::new();
    let (ada, ben, cy) = (house.user("ada").await.id, house.user("ben").await.id, house.user("cy").await.id);
    add_team(&house, "Night", &[(ada, TeamRole::TeamAdmin), (ben, TeamRole::Observer)]).await;
    add_team(&house, "Day", &[(cy, TeamRole::TeamAdmin), (ada, TeamRole::Responder)]).await;
    let teams = teams(&house);
    let user = |id| Principal::User { id, role: Role::User };
    let service = Principal::Service { name: "pager".to_owned(), scopes: vec![Scope::AuditRead] };
    let nobody = UserId::new(house.make.now(), &*house.make.entropy);
    for action in [Action::ReadUser, Action::ReadUserAudit] {
        for (reader, of, expected) in [
            (user(ada), ben, true),
            (user(ada), ada, true),
            (user(cy), ada, true),
            (user(cy), ben, false),
            (user(ben), ada, false),
            (user(ada), cy, false),
            (user(ada), nobody, false),
            (Principal::User { id: ben, role: Role::Admin }, cy, true),
            (Principal::BreakGlass { id: nobody }, cy, true),
            (service.clone(), cy, action(cy) == Action::ReadUserAudit(cy)),
        ] {
            let answer = teams.authorize(&reader, action(of)).await;
            let fits = if expected { answer.is_ok() } else { matches!(answer, Err(AuthorizeError::Denied(Denied))) };
            assert!(fits, "{reader:?} {:?}: {answer:?}", action(of));
        }
    }
}
