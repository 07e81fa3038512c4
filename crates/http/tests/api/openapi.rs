//! The OpenAPI document says what is mounted, no more and no less.

use std::collections::BTreeSet;

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use muster_domain::access::Scope;
use muster_domain::verification::Method;
use muster_http::{Kind, openapi};
use serde_json::Value;

use crate::world::World;

/// All operations of a document, as `GET /path`, with their descriptions.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .iter()
                .filter(|(name, _)| !name.starts_with("x-"))
                .map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
        })
        .collect()
}

/// Everything that is or is within a value.
fn walk<'a>(value: &'a Value, see: &mut impl FnMut(&'a Value)) {
    see(value);
    match value {
        Value::Object(members) => members.values().for_each(|member| walk(member, see)),
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        _ => {}
    }
}

#[test]
fn every_route_is_documented_and_nothing_else_is() {
    for development in [false, true] {
        let mounted: BTreeSet<String> =
            muster_http::table(development).into_iter().map(|(method, path)| format!("{method} {path}")).collect();
        let document = openapi(development);
        let documented: BTreeSet<String> = operations(&document).into_iter().map(|(name, _)| name).collect();
        assert_eq!(documented, mounted);
    }
}

#[test]
fn every_kind_of_problem_is_documented_where_it_can_happen() {
    let document = openapi(true);
    let mut told = BTreeSet::new();
    for response in document["components"]["responses"].as_object().unwrap().values() {
        walk(response, &mut |value| {
            for kind in value["properties"]["type"]["enum"].as_array().into_iter().flatten() {
                told.insert(kind.as_str().unwrap().to_owned());
            }
        });
    }
    assert_eq!(told, Kind::ALL.iter().map(|kind| kind.uri()).collect());
    for (name, operation) in operations(&document) {
        assert!(operation.get("x-problems").is_none(), "{name} names a problem that does not exist");
        assert!(operation.get("x-refusals").is_none(), "{name} is not of SCIM");
    }
}

/// Generators of clients merge the parts of `allOf` by rules of their own, and some give up at a `const`.
#[test]
fn problems_are_plain_objects_that_their_type_tells_apart() {
    let document = openapi(true);
    let mut types = BTreeSet::new();
    for name in ["Problem", "ValidationProblem", "CodeProblem"] {
        let schema = &document["components"]["schemas"][name];
        assert_eq!(schema["type"], "object", "{name}");
        for kind in schema["properties"]["type"]["enum"].as_array().unwrap() {
            assert!(types.insert(kind.as_str().unwrap()), "{name} has the {kind} of another");
        }
    }
    for response in document["components"]["responses"].as_object().unwrap().values() {
        walk(response, &mut |value| assert!(value.get("allOf").is_none(), "{value}"));
    }
    walk(&document, &mut |value| assert!(value.get("const").is_none(), "{value}"));
}

#[test]
fn references_lead_somewhere_and_operations_have_names_of_their_own() {
    let document = openapi(true);
    let mut names = BTreeSet::new();
    for (name, operation) in operations(&document) {
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{name} has the name of another");
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name} has no summary");
    }
    let mut used = BTreeSet::new();
    walk(&document, &mut |value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
            used.insert(reference.to_owned());
        }
        for link in value.get("links").and_then(Value::as_object).into_iter().flat_map(|links| links.values()) {
            let to = link["operationId"].as_str().unwrap();
            let (_, target) = operations(&document).into_iter().find(|(_, one)| one["operationId"] == to).unwrap();
            for parameter in link["parameters"].as_object().unwrap().keys() {
                let has = target["parameters"].as_array().unwrap().iter().any(|own| own["name"] == *parameter);
                assert!(has, "{to} has no parameter {parameter}");
            }
        }
    });
    for kind in ["schemas", "responses", "headers"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            let reference = format!("#/components/{kind}/{name}");
            assert!(used.contains(&reference), "nothing refers to {reference}");
        }
    }
}

#[test]
fn an_operation_without_a_credential_says_so() {
    let document = openapi(true);
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    for (name, operation) in operations(&document) {
        let requirements = operation["security"].as_array().unwrap();
        for (scheme, scopes) in requirements.iter().flat_map(|requirement| requirement.as_object().unwrap()) {
            assert!(schemes.contains_key(scheme), "{name}: {scheme}");
            for scope in scopes.as_array().unwrap() {
                assert!(Scope::from_name(scope.as_str().unwrap()).is_some(), "{name}: {scope}");
            }
        }
        let refuses = operation["responses"].get("401").is_some() && operation["responses"].get("403").is_some();
        assert!(requirements.is_empty() || refuses, "{name}");
    }
}

#[test]
fn enums_are_those_of_the_domain() {
    let document = openapi(false);
    let told = |name: &str| -> Vec<&str> {
        let values = document["components"]["schemas"][name]["enum"].as_array().unwrap();
        values.iter().map(|value| value.as_str().unwrap()).collect()
    };
    assert_eq!(told("Scope"), Scope::ALL.map(Scope::as_str));
    assert_eq!(told("Channel"), Method::ALL.map(Method::as_str));
}

/// `docs/openapi.json` is the document of this build, as `muster openapi` prints it.
#[test]
fn the_copy_in_the_docs_is_the_document() {
    let document = format!("{:#}\n", openapi(false));
    if document != include_str!("../../../../docs/openapi.json") {
        let new = concat!(env!("CARGO_TARGET_TMPDIR"), "/openapi.json");
        std::fs::write(new, document).unwrap();
        panic!("renew it: cargo run -- openapi > docs/openapi.json, or cp {new} docs/openapi.json");
    }
}

#[actix_web::test]
async fn development_routes_are_told_only_by_a_server_that_has_them() {
    for (world, development) in [(World::new().await, true), (World::production().await, false)] {
        let answer = world.call(TestRequest::get().uri("/openapi.json")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        assert!(answer.json() == openapi(development));
        assert_eq!(answer.json()["openapi"], "3.1.0");
        assert_eq!(answer.json()["paths"].get("/dev/login").is_some(), development);
    }
}

/// The page and everything that it loads comes from here, under a policy that lets nothing else in.
#[actix_web::test]
async fn the_page_loads_from_this_server_alone() {
    let world = World::production().await;
    let page = world.call(TestRequest::get().uri("/docs")).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
    assert!(!page.text.contains("//") && !page.text.contains("<script>"), "{}", page.text);
    let loaded: Vec<&str> = page.text.split('"').filter(|text| text.starts_with("docs/")).collect();
    assert_eq!(loaded.len(), 4);
    for (file, content_type) in loaded.into_iter().zip(["image/png", "text/css", "text/javascript", "text/javascript"])
    {
        let app = init_service(muster_http::app(&world.api, &world.edge)).await;
        let answer = call_service(&app, TestRequest::get().uri(&format!("/{file}")).to_request()).await;
        assert_eq!(answer.status(), 200, "{file}");
        let told = answer.headers().get("content-type").unwrap().to_str().unwrap();
        assert!(told.starts_with(content_type), "{file}: {told}");
        assert!(read_body(answer).await.len() > 100, "{file}");
    }
    assert_eq!(world.call(TestRequest::get().uri("/docs/index.html")).await.problem(), "not-found");
    assert_eq!(world.call(TestRequest::get().uri("/docs/..%2fopenapi.json")).await.problem(), "not-found");
}
