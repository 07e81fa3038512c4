use std::io::Write;

use muster_testkit_postgres::empty_database;
use serde_json::json;

use crate::common::raw;
use crate::fleet::Fleet;
use crate::load::{Load, id_of, sessions_of};

const HALF_WAY: usize = 40;

/// A server is told to stop while 40 requests are half sent on connections that it accepted, and others come in. Tells
/// the figures.
async fn assert_that_it_drains(settings: &[(&str, &str)]) -> String {
    let mut fleet = Fleet::start(1, settings);
    let grace = fleet.sign_in("grace@example.com").await.swap_remove(0);
    let server = fleet.servers.pop().unwrap();
    let request = raw::post("/api/mobile/token", Some(grace.token()), &json!({ "deviceName": "Pixel" }));
    let (first, rest) = request.split_at(request.len() - 5);
    let mut half_way = Vec::new();
    for _ in 0..HALF_WAY {
        let mut stream = raw::connect(&server.url).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        assert_eq!(raw::read_answer(&mut stream).unwrap().status, 200, "the connection was accepted");
        stream.write_all(first.as_bytes()).unwrap();
        half_way.push(stream);
    }
    let load = Load::on(std::slice::from_ref(&server.url), grace.token());
    load.accepted(100).await;
    server.terminate();
    // Nobody new gets in from some moment on: then it is stopping.
    crate::fleet::eventually("stopping", async || raw::connect(&server.url).is_err()).await;
    let mut figures = load.end();
    for mut stream in half_way {
        stream.write_all(rest.as_bytes()).unwrap();
        let answer = raw::read_answer(&mut stream).unwrap();
        assert_eq!(answer.status, 201);
        figures.sent += 1;
        figures.accepted.insert(id_of(&answer.body));
    }
    assert_eq!(server.ended().code(), Some(0));

    let again = fleet.folder.serve_with(&[settings, &[("MUSTER_PUBLIC_URL", "http://muster.test")]].concat());
    let stored = sessions_of(&grace.at(&again.url)).await;
    let lost = stored.difference(&figures.accepted).count();
    assert_eq!(lost, 0, "whatever was done was answered: {figures}");
    assert_eq!(figures.lost(&stored), 0, "{figures}");
    format!("server terminated under load: {figures}, {lost} done without an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_over_sqlite_that_is_told_to_stop_answers_what_it_accepted() {
    eprintln!("SQLite: {}", assert_that_it_drains(&[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_over_postgresql_that_is_told_to_stop_answers_what_it_accepted() {
    let database = empty_database().await;
    eprintln!("PostgreSQL: {}", assert_that_it_drains(&[("DATABASE_URL", &database.url)]).await);
}
