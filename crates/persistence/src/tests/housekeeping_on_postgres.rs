//! Housekeeping beside others who work on the same rows, step by step.

use muster_domain::device::DeviceStore;
use muster_domain::housekeeping::{Housekeeping, OldDevice, Stale};
use time::Duration;
use time::macros::datetime;

use super::on_postgres::Case;

/// One row of each kind that has served its time; the session has a token.
const STALE: &str = "
INSERT INTO challenges (user_id, method, id, destination, fingerprint, code_hash, opened_at, resend_after, streak,
    expires_at, failed_attempts)
SELECT id, 'sms', id, '…', sha256(''), sha256(''), '2001-01-01', '2001-01-01', 1, '2001-01-01', 0 FROM users;
INSERT INTO refresh_tokens SELECT sha256('old'), id, NULL, substr(sha256(''), 1, 16), '2001-01-01', '2001-01-01'
FROM sessions;
INSERT INTO sessions (id, user_id, created_at, last_used_at, expires_at)
SELECT id, id, '2001-01-01', '2001-01-01', '2001-01-01' FROM users;
INSERT INTO refresh_tokens SELECT sha256('dead'), id, NULL, substr(sha256(''), 1, 16), NULL, '2001-01-01' FROM users;
INSERT INTO send_counts VALUES ('installation', '', 'hour', '2001-01-01', 1);
INSERT INTO send_refusals SELECT id, 'email', 'tooSoon', '2001-01-01' FROM users;
INSERT INTO sign_in_attempts VALUES ('address', '', '2001-01-01', 1);
INSERT INTO directory_brakes VALUES ('idp', NULL, NULL);
INSERT INTO directory_deactivations SELECT 'idp', id, false, '2001-01-01' FROM users;
";

fn table(what: Stale) -> &'static str {
    match what {
        Stale::Deactivations => "directory_deactivations",
        other => other.as_str(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_work_on_is_left_to_them_and_not_waited_for() {
    let case = Case::new().await;
    case.onlooker.batch_execute(STALE).await.unwrap();
    let before = datetime!(2002-01-01 0:00 UTC);
    for what in Stale::ALL {
        let lock = format!("BEGIN; SELECT FROM {} FOR UPDATE", table(what));
        case.other.batch_execute(&lock).await.unwrap();
        assert_eq!(case.store.purge(what, before, None, 10).await.unwrap().removed, 0, "{what:?}");
        case.other.batch_execute("COMMIT").await.unwrap();
        assert_eq!(case.store.purge(what, before, None, 10).await.unwrap().removed, 1, "{what:?}");
        assert_eq!(case.store.purge(what, before, None, 10).await.unwrap().removed, 0, "{what:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_seen_while_it_expires_stays() {
    let case = Case::new().await;
    let device = case.make.device(case.ada.id);
    case.store.register(&device, 1, None, &case.make.registration_events(&device)).await.unwrap();
    let old = OldDevice {
        user_id: device.user_id,
        id: device.id,
        platform: device.platform,
        last_seen_at: device.last_seen_at,
    };
    let seen = "BEGIN; UPDATE devices SET last_seen_at = last_seen_at + interval '1 second'";
    case.other.batch_execute(seen).await.unwrap();
    let event = case.make.event("test.device.expired", Some(case.ada.id));
    let (store, at) = (case.store.clone(), case.make.now());
    let expiring = tokio::spawn(async move { store.expire_device(&old, at, &event).await.unwrap() });
    case.somebody_waits().await;
    case.other.batch_execute("COMMIT").await.unwrap();
    assert!(!expiring.await.unwrap());
    let left = DeviceStore::list(&case.store, case.ada.id).await.unwrap();
    assert_eq!(left[0].last_seen_at, device.last_seen_at + Duration::SECOND);
    assert_eq!(case.records("test.device.expired").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_servers_that_purge_at_once_each_row_is_one_s() {
    let case = Case::new().await;
    let many = "INSERT INTO send_counts SELECT 'destination', sha256(n::text::bytea), 'day', '2001-01-01', 1
        FROM generate_series(1, 1000) AS n";
    case.onlooker.batch_execute(many).await.unwrap();
    let before = datetime!(2002-01-01 0:00 UTC);
    let purging = (0..8).map(|_| case.store.clone()).map(|store| {
        tokio::spawn(async move {
            let mut removed = 0;
            loop {
                match store.purge(Stale::SendCounts, before, None, 50).await.unwrap().removed {
                    0 => return removed,
                    batch => {
                        assert!(batch <= 50);
                        removed += batch;
                    }
                }
            }
        })
    });
    let mut removed = 0;
    for one in purging.collect::<Vec<_>>() {
        removed += one.await.unwrap();
    }
    removed += case.store.purge(Stale::SendCounts, before, None, u16::MAX).await.unwrap().removed;
    assert_eq!(removed, 1_000);
}
