//! Every route with every kind of caller. A route that is not in the table fails.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use muster_domain::TeamId;
use muster_domain::access::Scope;
use muster_domain::api_key::{ApiKeyName, NewKey, Scopes};
use muster_domain::audit::Origin;
use muster_domain::directory::DirectoryStore;
use muster_domain::team::{Member, TeamRole};
use serde_json::json;

use crate::world::World;

/// Who calls, in the order of the table's columns: nobody, a stranger to the provider, somebody deactivated, a user on
/// what is theirs, the same user on another's, an admin of the other's team, an admin on another's, and a service with each scope alone, in the order
/// of [`Scope::ALL`].
const CALLERS: usize = 11;

/// What each caller gets: `-` is 401, `x` is 403, `y` is neither, `?` is not asked because the route names nobody.
#[rustfmt::skip]
const TABLE: [(&str, &str, &str); 35] = [
    ("GET",    "/api/users/me",                          "---yyyyxxxx"),
    ("GET",    "/api/users",                             "---xxxyyxxx"),
    ("GET",    "/api/users/{id}",                        "---yxxyyxxx"),
    ("PATCH",  "/api/users/{id}/role",                   "---xxxyxxxx"),
    ("GET",    "/api/teams",                             "---yyyyyyxx"),
    ("GET",    "/api/teams/{id}",                        "---yyyyyyxx"),
    ("PATCH",  "/api/teams/{id}/members/{userId}",       "---xxyyxxxx"),
    ("GET",    "/api/notifications/preferences",         "---yyyyxxxx"),
    ("PUT",    "/api/notifications/preferences",         "---yyyyxxxx"),
    ("GET",    "/api/notifications/verification/status", "---yyyyxxxx"),
    ("POST",   "/api/notifications/verification/send",   "---yyyyxxxx"),
    ("POST",   "/api/notifications/verification/verify", "---yyyyxxxx"),
    ("GET",    "/api/notifications/devices",             "---yyyyxxxx"),
    ("POST",   "/api/notifications/devices",             "---yyyyxxxx"),
    ("DELETE", "/api/notifications/devices/{id}",        "---yyyyxxxx"),
    ("POST",   "/api/mobile/token",                      "---yyyyxxxx"),
    ("GET",    "/api/mobile/tokens",                     "---yyyyxxxx"),
    ("DELETE", "/api/mobile/tokens/{id}",                "---yyyyxxxx"),
    // The refresh token in the body is the credential, and whoever else shows one is not looked at.
    ("DELETE", "/api/mobile/token",                      "yyyyyyyyyyy"),
    ("POST",   "/api/mobile/refresh",                    "yyyyyyyyyyy"),
    ("GET",    "/api/keys",                              "---xxxyxxxx"),
    ("POST",   "/api/keys",                              "---xxxyxxxx"),
    ("DELETE", "/api/keys/{id}",                         "---xxxyxxxx"),
    ("POST",   "/api/keys/{id}/rotate",                  "---xxxyxxxx"),
    ("GET",    "/api/audit",                             "---xxxyxxyx"),
    ("GET",    "/api/audit/export",                      "---xxxyxxyx"),
    ("GET",    "/healthz",                               "yyyyyyyyyyy"),
    ("GET",    "/readyz",                                "yyyyyyyyyyy"),
    ("GET",    "/metrics",                               "yyyyyyyyyyy"),
    ("GET",    "/.well-known/jwks.json",                 "yyyyyyyyyyy"),
    ("POST",   "/dev/login",                             "yyyyyyyyyyy"),
    ("GET",    "/dev/outbox",                            "yyyyyyyyyyy"),
    ("PUT",    "/api/users/{id}",                        ""),
    ("PATCH",  "/api/users/{id}",                        ""),
    ("DELETE", "/api/users/{id}",                        ""),
];

#[actix_web::test]
async fn every_route_lets_in_whom_it_should_and_nobody_else() {
    for (method, path) in muster_http::table(true) {
        let row = TABLE.iter().find(|(listed, at, _)| method.as_str() == *listed && path == *at);
        let Some((_, _, expected)) = row else { panic!("{method} {path} is not in the table") };
        // A world for each route: what one caller does must not change what the next one meets.
        let world = World::new().await;
        let (callers, team) = callers(&world).await;
        let answered: String = futures_util::future::join_all(
            callers
                .iter()
                .enumerate()
                .map(|(column, credential)| meets(&world, team, &method, path, column, credential.as_deref())),
        )
        .await
        .into_iter()
        .collect();
        assert_eq!(answered, *expected, "{method} {path}");
    }
}

#[actix_web::test]
async fn the_table_lists_no_route_that_is_not_there() {
    let there = muster_http::table(true);
    for (method, path, expected) in TABLE {
        let listed = there.iter().any(|(known, at)| known.as_str() == method && *at == path);
        assert_eq!(listed, !expected.is_empty(), "{method} {path}");
    }
    assert!(muster_http::table(false).iter().all(|(_, path)| !path.starts_with("/dev/")));
}

/// The callers, and a team that the people among them are in but for the admin, and so is the other person.
async fn callers(world: &World) -> ([Option<String>; CALLERS], TeamId) {
    let gone = world.add(world.make.user("gone").deactivated()).await;
    let leader = world.add(world.make.user("leader")).await;
    let team = world.make.team("Night");
    let places =
        [(&world.grace, TeamRole::Responder), (&world.linus, TeamRole::Observer), (&leader, TeamRole::TeamAdmin)];
    let members = places.map(|(user, role)| Member { user_id: user.id, role });
    world.store.insert_team(&team, &members, &world.make.event("test.team.created", None)).await.unwrap();
    let mut all = [const { None }; CALLERS];
    all[1] = Some("idp:stranger".to_owned());
    all[2] = Some(world.token(gone.id));
    all[3] = Some(world.token(world.grace.id));
    all[4] = Some(world.token(world.grace.id));
    all[5] = Some(world.token(leader.id));
    all[6] = Some(world.token(world.ada.id));
    for (slot, scope) in all[7..].iter_mut().zip(Scope::ALL) {
        let new = NewKey {
            name: ApiKeyName::parse("test").unwrap(),
            scopes: Scopes::of(&[scope]).unwrap(),
            expires_at: None,
        };
        let made = world.api.access.keys.create(new, &Origin::system("test")).await.unwrap();
        *slot = Some(made.token.expose().to_string());
    }
    (all, team.id)
}

/// What the caller of a column meets at a route: on what is theirs in column 3, on another person's elsewhere.
async fn meets(
    world: &World,
    team: TeamId,
    method: &Method,
    path: &str,
    column: usize,
    credential: Option<&str>,
) -> char {
    let owner = if column == 3 { world.grace.id } else { world.linus.id };
    let of_a_team = path.starts_with("/api/teams");
    let id = if of_a_team { team.to_string() } else { owner.to_string() };
    let path = path.replace("{id}", &id).replace("{userId}", &owner.to_string());
    let mut request = TestRequest::default().method(method.clone()).uri(&path).insert_header(("host", "localhost"));
    if let Some(credential) = credential {
        request = request.insert_header(("authorization", format!("Bearer {credential}")));
    }
    // A body that breaks rules: who is let in is told so (422), and nothing happens. Who may give a role in a team is
    // known only when it is given.
    if of_a_team && *method == Method::PATCH {
        request = request.set_json(json!({ "role": "responder" }));
    } else if [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method) {
        request = request.set_json(json!({ "nonsense": true }));
    }
    match world.call(request).await.status {
        401 => '-',
        403 => 'x',
        500.. => '!',
        _ => 'y',
    }
}
