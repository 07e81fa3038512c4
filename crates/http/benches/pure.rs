//! `GET /api/users/me` through the whole app, from the parsed request to the bytes of the answer, over a store in
//! memory and fake tokens: what HTTP's own layers and the profile's JSON cost. `just bench-pure`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be made fails")]

use actix_web::http::Method;
use actix_web::rt::System;
use actix_web::test::{call_service, init_service, read_body};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use muster_http::app;
use serde_json::{Value, json};

#[expect(dead_code, reason = "the tests of the API use all of it")]
#[path = "../tests/api/world.rs"]
mod world;

/// The tests hold each answer to the OpenAPI document; what is measured is not.
mod conformance {
    use actix_web::http::Method;
    use actix_web::http::header::HeaderMap;

    pub(crate) fn check(_: &Method, _: &str, _: u16, _: &HeaderMap, _: &str) {}
}

fn profile(c: &mut Criterion) {
    let system = System::new();
    let (world, service) = system.block_on(async {
        let world = world::World::new().await;
        world.prove(&world.grace, "email").await;
        world.prove(&world.grace, "sms").await;
        for name in ["Pixel", "Tablet"] {
            let device = json!({ "platform": "android", "token": format!("push-token-of-{name}"), "name": name });
            let registered = world.post(&world.grace, "/api/notifications/devices", device).await;
            assert_eq!(registered.status, 201, "{}", registered.text);
        }
        let service = init_service(app(&world.api, &world.edge)).await;
        (world, service)
    });
    let request = || world.request(&world.grace, Method::GET, "/api/users/me", Value::Null).to_request();
    let answer = async |request| {
        let response = call_service(&service, request).await;
        assert_eq!(response.status().as_u16(), 200);
        read_body(response).await
    };
    let body = system.block_on(answer(request()));
    let name = format!("profile: GET /api/users/me in memory, {} bytes", body.len());
    c.bench_function(&name, |b| {
        b.iter_batched(request, |request| system.block_on(answer(request)), BatchSize::SmallInput);
    });
}

criterion_group!(benches, profile);
criterion_main!(benches);
