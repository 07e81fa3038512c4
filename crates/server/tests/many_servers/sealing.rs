use muster_testkit_postgres::empty_database;
use reqwest::Method;
use rstest::rstest;
use serde_json::Value;

use crate::fleet::{Fleet, beside, eventually, number};
use crate::load::Load;

/// What `muster audit verify` says, and with which exit code.
fn verify(fleet: &Fleet, database_url: Option<&str>, arguments: &[&str]) -> (Option<i32>, Value) {
    let settings: Vec<_> = database_url.map(|url| ("DATABASE_URL", url)).into_iter().collect();
    let ended = fleet.folder.run_with(&[&["audit", "verify", "--json"], arguments].concat(), &settings);
    let report = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{ended:?}"));
    (ended.code, report)
}

/// Waits until servers that nobody asks anything of have sealed every record, and returns how many there are.
async fn sealed(fleet: &Fleet, database_url: Option<&str>) -> u64 {
    let ada = fleet.sign_in("ada@example.com").await.remove(0);
    let sealed = async || {
        let (code, report) = verify(fleet, database_url, &[]);
        assert_eq!(code, Some(0), "{report}");
        let trail = ada.send(Method::GET, "/api/audit/export", None).await.text().await.unwrap();
        report["checked"].as_u64() == Some(trail.lines().count() as u64)
    };
    eventually("every record sealed", sealed).await;
    verify(fleet, database_url, &[]).1["checked"].as_u64().unwrap()
}

#[rstest]
#[case::one_server_over_sqlite(false)]
#[case::three_servers_over_postgresql(true)]
#[tokio::test(flavor = "multi_thread")]
async fn records_of_a_load_are_one_whole_chain_whoever_seals_them(#[case] over_postgres: bool) {
    let database = if over_postgres { Some(empty_database().await) } else { None };
    let url = database.as_ref().map(|database| database.url.as_str());
    let fleet = if let Some(url) = url { Fleet::over(url) } else { Fleet::start(1, &[]) };
    let grace = fleet.sign_in("grace@example.com").await;
    let load = Load::on(&fleet.urls(), grace[0].token());
    load.accepted(600).await;
    let (code, meanwhile) = verify(&fleet, url, &[]);
    assert_eq!((code, &meanwhile["whole"]), (Some(0), &Value::Bool(true)), "{meanwhile}");
    load.accepted(600).await;
    let figures = load.end();
    let records = sealed(&fleet, url).await;
    assert!(records > figures.accepted.len() as u64, "{records} records of {figures}");
    assert!(!fleet.folder.log().contains("work waits"), "{}", fleet.folder.log());
    eprintln!("{figures}: {records} records in one chain");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_the_trail_by_hand_is_named() {
    let database = empty_database().await;
    let url = Some(database.url.as_str());
    let fleet = Fleet::over(&database.url);
    let grace = fleet.sign_in("grace@example.com").await;
    let load = Load::on(&fleet.urls(), grace[0].token());
    load.accepted(60).await;
    load.end();
    let records = sealed(&fleet, url).await;
    let head = verify(&fleet, url, &[]).1["head"].clone();
    let noted = format!("{}:{}", head["position"], head["hash"].as_str().unwrap());
    assert_eq!(verify(&fleet, url, &["--noted", &noted]).0, Some(0));

    let by_hand = beside(&database.url).await;
    let faults = async |statements: &str, undo: &str, arguments: &[&str]| {
        by_hand.batch_execute(statements).await.unwrap();
        let (code, report) = verify(&fleet, url, arguments);
        by_hand.batch_execute(undo).await.unwrap();
        assert_eq!((code, &report["whole"]), (Some(5), &Value::Bool(false)), "{report}");
        report["faults"].as_array().unwrap().iter().map(|fault| fault.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let changed = faults(
        "UPDATE audit_events SET at = at + interval '1 second' WHERE position = 12",
        "UPDATE audit_events SET at = at - interval '1 second' WHERE position = 12",
        &[],
    )
    .await;
    assert!(
        matches!(&changed[..], [fault] if fault.starts_with("record 12 ") && fault.contains("changed")),
        "{changed:?}"
    );

    let swap = "UPDATE audit_events SET position = 999999 WHERE position = 20;
        UPDATE audit_events SET position = 20 WHERE position = 30;
        UPDATE audit_events SET position = 30 WHERE position = 999999";
    let moved = faults(swap, swap, &[]).await;
    assert_eq!(moved.len(), 2, "{moved:?}");
    assert!(moved[0].starts_with("record 20 ") && moved[0].ends_with("belongs at 30"), "{moved:?}");
    assert!(moved[1].starts_with("record 30 ") && moved[1].ends_with("belongs at 20"), "{moved:?}");

    assert_eq!(verify(&fleet, url, &[]).0, Some(0), "what was undone is whole again");
    let missing = faults("DELETE FROM audit_events WHERE position IN (25, 26)", "", &[]).await;
    assert_eq!(missing, ["records 25 to 26 are missing"]);

    let cut = faults(
        &format!(
            "DELETE FROM audit_events WHERE position > {0};
            UPDATE audit_chain SET position = {0}, seal = (SELECT seal FROM audit_events WHERE position = {0})
            WHERE mark = 'head'",
            records - 10
        ),
        "",
        &["--noted", &noted],
    )
    .await;
    assert!(cut.iter().any(|fault| fault == "the head of the chain was changed"), "{cut:?}");
    assert!(cut.iter().any(|fault| fault.contains(&format!("no record {}", head["position"]))), "{cut:?}");
    assert_eq!(number(&by_hand, "SELECT count(*) FROM audit_events WHERE position IN (25, 26)").await, 0);
}
