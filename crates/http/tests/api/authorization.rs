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
/// what is theirs, the same user on another's, an admin of the other's team, an admin on another's,
/// a break-glass admin, and a service with each scope alone, in the order of [`Scope::ALL`].
const CALLERS: usize = 12;

/// What each caller gets: `-` is 401, `x` is 403, `y` is neither, `?` is not asked because the route names nobody.
#[rustfmt::skip]
const TABLE: [(&str, &str, &str); 61] = [
    ("GET",    "/api/users/me",                          "---yyyyyxxxx"),
    ("GET",    "/api/users",                             "---xxxyyyxxx"),
    ("GET",    "/api/users/{id}",                        "---yxyyyyxxx"),
    ("GET",    "/api/users/{id}/audit",                  "---yxyyyxxyx"),
    ("PATCH",  "/api/users/{id}/role",                   "---xxxyyxxxx"),
    ("GET",    "/api/teams",                             "---yyyyyyyxx"),
    ("GET",    "/api/teams/{id}",                        "---yyyyyyyxx"),
    ("PATCH",  "/api/teams/{id}/members/{userId}",       "---xxyyyxxxx"),
    ("GET",    "/api/notifications/preferences",         "---yyyyxxxxx"),
    ("PUT",    "/api/notifications/preferences",         "---yyyyxxxxx"),
    ("GET",    "/api/notifications/verification/status", "---yyyyxxxxx"),
    ("POST",   "/api/notifications/verification/send",   "---yyyyxxxxx"),
    ("POST",   "/api/notifications/verification/verify", "---yyyyxxxxx"),
    ("GET",    "/api/notifications/devices",             "---yyyyxxxxx"),
    ("POST",   "/api/notifications/devices",             "---yyyyxxxxx"),
    ("DELETE", "/api/notifications/devices/{id}",        "---yyyyxxxxx"),
    ("POST",   "/api/mobile/token",                      "---yyyyxxxxx"),
    ("GET",    "/api/mobile/tokens",                     "---yyyyxxxxx"),
    ("DELETE", "/api/mobile/tokens/{id}",                "---yyyyxxxxx"),
    // The refresh token in the body is the credential, and whoever else shows one is not looked at.
    ("DELETE", "/api/mobile/token",                      "yyyyyyyyyyyy"),
    ("POST",   "/api/mobile/refresh",                    "yyyyyyyyyyyy"),
    // The password in the body is the credential.
    ("POST",   "/auth/break-glass",                      "yyyyyyyyyyyy"),
    ("GET",    "/api/keys",                              "---xxxyyxxxx"),
    ("POST",   "/api/keys",                              "---xxxyyxxxx"),
    ("DELETE", "/api/keys/{id}",                         "---xxxyyxxxx"),
    ("POST",   "/api/keys/{id}/rotate",                  "---xxxyyxxxx"),
    ("GET",    "/api/audit",                             "---xxxyyxxyx"),
    ("GET",    "/api/audit/export",                      "---xxxyyxxyx"),
    ("GET",    "/scim/v2/Users",                         "---xxxxxxxxy"),
    ("POST",   "/scim/v2/Users",                         "---xxxxxxxxy"),
    ("GET",    "/scim/v2/Users/{id}",                    "---xxxxxxxxy"),
    ("PUT",    "/scim/v2/Users/{id}",                    "---xxxxxxxxy"),
    ("PATCH",  "/scim/v2/Users/{id}",                    "---xxxxxxxxy"),
    ("DELETE", "/scim/v2/Users/{id}",                    "---xxxxxxxxy"),
    ("GET",    "/scim/v2/Groups",                        "---xxxxxxxxy"),
    ("POST",   "/scim/v2/Groups",                        "---xxxxxxxxy"),
    ("GET",    "/scim/v2/Groups/{id}",                   "---xxxxxxxxy"),
    ("PUT",    "/scim/v2/Groups/{id}",                   "---xxxxxxxxy"),
    ("PATCH",  "/scim/v2/Groups/{id}",                   "---xxxxxxxxy"),
    ("DELETE", "/scim/v2/Groups/{id}",                   "---xxxxxxxxy"),
    ("POST",   "/scim/v2/.search",                       "---xxxxxxxxy"),
    ("POST",   "/scim/v2/Users/.search",                 "---xxxxxxxxy"),
    ("POST",   "/scim/v2/Groups/.search",                "---xxxxxxxxy"),
    ("GET",    "/scim/v2/ServiceProviderConfig",         "---xxxxxxxxy"),
    ("GET",    "/scim/v2/ResourceTypes",                 "---xxxxxxxxy"),
    ("GET",    "/scim/v2/ResourceTypes/{id}",            "---xxxxxxxxy"),
    ("GET",    "/scim/v2/Schemas",                       "---xxxxxxxxy"),
    ("GET",    "/scim/v2/Schemas/{id}",                  "---xxxxxxxxy"),
    ("GET",    "/healthz",                               "yyyyyyyyyyyy"),
    ("GET",    "/readyz",                                "yyyyyyyyyyyy"),
    ("GET",    "/metrics",                               "yyyyyyyyyyyy"),
    ("GET",    "/.well-known/jwks.json",                 "yyyyyyyyyyyy"),
    ("GET",    "/api/configuration",                     "yyyyyyyyyyyy"),
    ("GET",    "/openapi.json",                          "yyyyyyyyyyyy"),
    ("GET",    "/docs",                                  "yyyyyyyyyyyy"),
    ("GET",    "/docs/{file}",                           "yyyyyyyyyyyy"),
    ("POST",   "/dev/login",                             "yyyyyyyyyyyy"),
    ("GET",    "/dev/outbox",                            "yyyyyyyyyyyy"),
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
    world.store.insert_team(&team, &members, &[world.make.event("test.team.created", None)]).await.unwrap();
    let mut all = [const { None }; CALLERS];
    all[1] = Some("idp:stranger".to_owned());
    all[2] = Some(world.token(gone.id));
    all[3] = Some(world.token(world.grace.id));
    all[4] = Some(world.token(world.grace.id));
    all[5] = Some(world.token(leader.id));
    all[6] = Some(world.token(world.ada.id));
    let safe = world.add(world.make.user("safe").admin().local()).await;
    all[7] = Some(world.token(safe.id));
    for (slot, scope) in all[8..].iter_mut().zip(Scope::ALL) {
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
