//! What HTTP adds to the directory's protocol: the query string.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use muster_domain::access::Scope;
use muster_domain::api_key::{ApiKeyName, NewKey, Scopes};
use muster_domain::audit::Origin;
use serde_json::{Value, json};

use crate::world::{Exchange, World};

/// A client of the directory's.
struct Directory {
    world: World,
    key: String,
}

impl Directory {
    async fn new() -> Self {
        let world = World::production().await;
        let new = NewKey {
            name: ApiKeyName::parse("Okta").unwrap(),
            scopes: Scopes::of(&[Scope::Scim]).unwrap(),
            expires_at: None,
        };
        let created = world.api.access.keys.create(new, &Origin::system("test")).await.unwrap();
        Self { world, key: created.token.expose().to_string() }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Exchange {
        let request = TestRequest::default().method(method).uri(&format!("/scim/v2{path}"));
        let request = request.insert_header(("authorization", format!("Bearer {}", self.key)));
        self.world.call(if body.is_null() { request } else { request.set_json(body) }).await
    }
}

/// An unreadable filter must never find everyone: a client takes the first that it is shown.
#[actix_web::test]
async fn query_string_that_cannot_be_read_is_refused_everywhere() {
    let directory = Directory::new().await;
    let person = json!({ "userName": "hedy@example.com" });
    let created = directory.call(Method::POST, "/Users", person.clone()).await.json();
    let one = format!("/Users/{}", created["id"].as_str().unwrap());
    let patch = json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": "Hedy" }] });
    for (query, scim_type) in [
        ("filter=userName%20eq%20%22hedy%2%22", "invalidSyntax"),
        ("filter=userName%20eq%20%22hedy%FF%22", "invalidSyntax"),
        ("%zz=1", "invalidSyntax"),
        ("filter=", "invalidFilter"),
        ("filter=userName+pr&filter=active+eq+true", "invalidFilter"),
        ("count=ten", "invalidValue"),
        ("count=1&count=2", "invalidValue"),
    ] {
        for (method, path, body) in [
            (Method::GET, "/Users", Value::Null),
            (Method::GET, "/Groups", Value::Null),
            (Method::GET, &one, Value::Null),
            (Method::POST, "/Users", json!({ "userName": "other" })),
            (Method::PUT, &one, person.clone()),
            (Method::PATCH, &one, patch.clone()),
            (Method::GET, "/Schemas", Value::Null),
            (Method::GET, "/ServiceProviderConfig", Value::Null),
        ] {
            let answer = directory.call(method.clone(), &format!("{path}?{query}"), body).await;
            assert_eq!(answer.status, 400, "{method} {path}?{query}: {}", answer.text);
            assert_eq!(answer.json()["scimType"], scim_type, "{method} {path}?{query}");
        }
    }
    let found = directory.call(Method::GET, "/Users?%66ilter=userName+eq+%22HEDY%40example.com%22", Value::Null).await;
    assert_eq!(found.json()["totalResults"], 1);
    let filtered = directory.call(Method::GET, "/Schemas?%66ilter=id+pr", Value::Null).await;
    assert_eq!(filtered.status, 403, "what describes the service takes no filter: {}", filtered.text);
}
