use muster_testkit_postgres::empty_database;

use crate::fleet::Fleet;

/// Everything that happened to the empty store happened once.
async fn assert_seeded_once(fleet: &Fleet) {
    for ada in fleet.sign_in("ada@example.com").await {
        let people = ada.get("/api/users").await;
        assert_eq!(people["items"].as_array().unwrap().len(), 3, "{people}");
        let audit = ada.get("/api/audit?limit=200").await;
        let mut actions: Vec<_> =
            audit["items"].as_array().unwrap().iter().map(|event| event["action"].as_str().unwrap()).collect();
        actions.sort_unstable();
        let once = ["role.changed", "seed.team.created", "seed.team.created"];
        assert_eq!(actions, [&once[..], &["seed.user.created"; 3]].concat());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_servers_that_start_at_once_on_an_empty_postgresql_migrate_and_seed_it_once() {
    let database = empty_database().await;
    assert_seeded_once(&Fleet::over(&database.url)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_servers_that_start_at_once_on_no_sqlite_file_make_and_seed_it_once() {
    assert_seeded_once(&Fleet::start(3, &[])).await;
}
