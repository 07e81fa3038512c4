use actix_web::test::TestRequest;
use muster_domain::directory::DirectoryStore;
use muster_domain::user::{Source, User};
use serde_json::json;

use crate::world::{Exchange, World};

async fn me(world: &World, credential: &str) -> Exchange {
    get(world, credential, "/api/users/me").await
}

async fn get(world: &World, credential: &str, path: &str) -> Exchange {
    let request = TestRequest::get().uri(path).insert_header(("authorization", format!("Bearer {credential}")));
    world.call(request).await
}

#[actix_web::test]
async fn a_person_signs_in_by_the_identity_providers_word() {
    let world = World::production().await;
    let answer = me(&world, "idp:GRACE").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["id"], json!(world.grace.id));
    assert_eq!(get(&world, "idp:ada", "/api/users").await.status, 200);
    assert_eq!(get(&world, "idp:grace", "/api/users").await.problem(), "forbidden");
}

#[actix_web::test]
async fn the_directorys_own_id_decides_before_the_name() {
    let world = World::production().await;
    let holder = world.add(world.make.user("holder").external_id("subject of grace")).await;
    assert_eq!(me(&world, "idp:grace").await.json()["id"], json!(holder.id));
}

#[actix_web::test]
async fn strangers_the_deactivated_and_local_accounts_get_one_answer() {
    let world = World::production().await;
    world.add(world.make.user("gone").deactivated()).await;
    let glass = User { source: Source::Local, ..world.make.user("glass").build() };
    let event = world.make.event("test.user.created", Some(glass.id));
    world.store.insert_user(&glass, &event).await.unwrap();
    let refused = me(&world, "idp:nobody").await;
    assert_eq!((refused.status, refused.problem().as_str()), (401, "unauthenticated"));
    for credential in ["idp:gone", "idp:glass", "nonsense", "mst_key_nonsense"] {
        for path in ["/api/users/me", "/api/users", "/api/notifications/preferences"] {
            let answer = get(&world, credential, path).await;
            assert_eq!(answer.status, 401, "{credential} {path}");
            assert_eq!(answer.json()["detail"], refused.json()["detail"], "{credential} {path}");
        }
    }
}

#[actix_web::test]
async fn a_provider_that_cannot_be_asked_is_503_and_not_401() {
    let world = World::production().await;
    for path in ["/api/users/me", "/api/users"] {
        let answer = get(&world, "idp!grace", path).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{path}");
    }
}

#[actix_web::test]
async fn a_key_that_may_not_be_looked_for_yet_is_503_until_it_may() {
    let world = World::production().await;
    for path in ["/api/users/me", "/api/users"] {
        let answer = get(&world, "idp?grace", path).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("4")), "{path}");
        assert_eq!(answer.problem(), "unavailable");
    }
}
