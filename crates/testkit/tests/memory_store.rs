//! The fake in memory passes the suite that databases must pass.

use muster_domain::directory::DirectoryStore;
use muster_domain::team::{Member, Team, TeamRole};
use muster_domain::user::{UserQuery, UserStore};
use muster_testkit::{Builders, MemoryStore, Stores};

async fn memory() -> Stores {
    Stores::new(MemoryStore::new())
}

muster_testkit::contract_tests!(memory);

#[tokio::test]
async fn the_filter_for_an_inactive_team_finds_nobody() {
    let (store, make) = (MemoryStore::new(), Builders::default());
    let ada = make.user("ada").build();
    store.insert_user(&ada, &make.event("test.user.created", Some(ada.id))).await.unwrap();
    let member = [Member { user_id: ada.id, role: TeamRole::Responder }];
    for (active, found) in [(true, 1), (false, 0)] {
        let team = Team { active, ..make.team(if active { "Open" } else { "Closed" }) };
        store.insert_team(&team, &member, &make.event("test.team.created", None)).await.unwrap();
        let query = UserQuery { team: Some(team.id), ..UserQuery::default() };
        assert_eq!(UserStore::list(&store, &query).await.unwrap().len(), found);
    }
}
