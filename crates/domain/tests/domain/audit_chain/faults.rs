//! What somebody who writes to the store by hand leaves behind.

use muster_domain::audit::chain::{AuditChain, ChainFault, SealHash, SealedRecord, Waiting};
use muster_domain::audit::{Actor, AuditChainService, AuditEvent, Origin};
use muster_domain::{AuditId, UserId};
use muster_testkit::{Builders, KeptChain};
use serde_json::json;
use time::Duration;

use super::{Trail, operator, seal_all, verify};

/// What is found after `change` in a chain of ten.
async fn found(change: impl FnOnce(&mut KeptChain)) -> Vec<ChainFault> {
    faults(&Trail::of(10).await, change).await
}

async fn faults(trail: &Trail, change: impl FnOnce(&mut KeptChain)) -> Vec<ChainFault> {
    trail.store.tamper(change);
    let report = trail.verify().await;
    assert_eq!(report.further_faults, 0);
    report.faults
}

/// Faults without the ids, which are those of the records in the places that they name.
fn short(faults: &[ChainFault]) -> Vec<String> {
    let short = |fault: &ChainFault| match fault {
        ChainFault::Changed { position, .. } => format!("{position} changed"),
        ChainFault::UnknownKey { position, .. } => format!("{position} under an unknown key"),
        ChainFault::Unreadable { position, .. } => format!("{position} unreadable"),
        ChainFault::Moved { position, belongs, .. } => format!("{position} from {belongs}"),
        ChainFault::Missing { first, last } => format!("{first} to {last} missing"),
        ChainFault::NotNoted { position } => format!("{position} not noted"),
        ChainFault::Start => "start".to_owned(),
        ChainFault::Head => "head".to_owned(),
    };
    faults.iter().map(short).collect()
}

fn edit(change: impl Fn(&mut AuditEvent)) -> impl FnOnce(&mut KeptChain) {
    move |chain| change(chain.records.get_mut(&5).unwrap().event.as_mut().unwrap())
}

/// Puts the record of one place into another, with its seal.
pub(super) fn put(chain: &mut KeptChain, record: SealedRecord, position: u64) {
    chain.records.insert(position, SealedRecord { position, ..record });
}

pub(super) fn swap(chain: &mut KeptChain, one: u64, other: u64) {
    let [first, second] = [one, other].map(|position| chain.records.remove(&position).unwrap());
    put(chain, first, other);
    put(chain, second, one);
}

#[tokio::test]
async fn a_change_of_any_field_is_found() {
    type Change = Box<dyn Fn(&mut AuditEvent)>;
    let make = Builders::default();
    let ada = UserId::new(make.now(), &*make.entropy);
    let changes: [(&str, Change); 14] = [
        ("id", Box::new(move |event| event.id = AuditId(ada.0))),
        ("at", Box::new(|event| event.at += Duration::MICROSECOND)),
        ("action", Box::new(|event| event.action.push('s'))),
        ("subject", Box::new(move |event| event.subject = Some(ada))),
        ("details", Box::new(|event| event.details["number"] = json!(5))),
        ("details by type", Box::new(|event| event.details["number"] = json!("4"))),
        ("details by name", Box::new(|event| event.details["Number"] = json!(4))),
        ("nested details", Box::new(|event| event.details["nested"]["a"][1] = json!("y"))),
        ("actor", Box::new(|event| event.origin.actor = Actor::Anonymous)),
        ("actor's kind", Box::new(|event| event.origin.actor = Actor::Service { name: "testkit".to_owned() })),
        ("actor's name", Box::new(|event| event.origin.actor = Actor::System { name: "testkits".to_owned() })),
        ("ip", Box::new(|event| event.origin.ip = Some([192, 0, 2, 7].into()))),
        ("user agent", Box::new(|event| event.origin.user_agent = Some(String::new()))),
        ("request id", Box::new(|event| event.origin.request_id = Some(String::new()))),
    ];
    for (field, change) in changes {
        let trail = Trail::of(10).await;
        let id = trail.store.sealed(4, 1).await.unwrap()[0].id;
        let faults = faults(&trail, edit(change)).await;
        assert_eq!(faults, [ChainFault::Changed { position: 5, id }], "{field}");
    }
}

#[tokio::test]
async fn what_moves_from_one_field_to_the_next_is_found() {
    let origin = |ip: Option<&str>, agent: Option<&str>, request: Option<&str>| Origin {
        actor: Actor::Service { name: "a".to_owned() },
        ip: ip.map(|ip| ip.parse().unwrap()),
        user_agent: agent.map(str::to_owned),
        request_id: request.map(str::to_owned),
    };
    let cases = [
        (origin(None, Some("ab"), None), origin(None, None, Some("ab"))),
        (origin(None, Some("ab"), Some("c")), origin(None, Some("a"), Some("bc"))),
        (origin(None, Some(""), None), origin(None, None, Some(""))),
        (origin(Some("192.0.2.7"), None, None), origin(None, Some("192.0.2.7"), None)),
    ];
    for (before, after) in cases {
        let trail = Trail::new();
        trail.store.insert_record(AuditEvent { origin: before, ..trail.make.event("test.done", None) });
        trail.seal().await;
        let moved = faults(&trail, |chain| {
            chain.records.get_mut(&1).unwrap().event.as_mut().unwrap().origin = after;
        });
        assert_eq!(short(&moved.await), ["1 changed"]);
    }
}

#[tokio::test]
async fn the_order_in_which_a_store_keeps_a_details_members_is_no_fault() {
    let trail = Trail::new();
    let details = json!({ "b": { "y": 1, "x": 2 }, "a": [{ "d": null, "c": true }] });
    trail.store.insert_record(AuditEvent { details, ..trail.make.event("test.done", None) });
    trail.seal().await;
    let kept = r#"{ "a": [{ "c": true, "d": null }], "b": { "x": 2, "y": 1 } }"#;
    let reordered = faults(&trail, |chain| {
        chain.records.get_mut(&1).unwrap().event.as_mut().unwrap().details = serde_json::from_str(kept).unwrap();
    });
    assert_eq!(reordered.await, []);
}

#[tokio::test]
async fn a_changed_seal_is_found() {
    let flip = |position| move |chain: &mut KeptChain| chain.records.get_mut(&position).unwrap().hash.0[31] ^= 1;
    assert_eq!(short(&found(flip(1)).await), ["1 changed", "2 changed"]);
    assert_eq!(short(&found(flip(5)).await), ["5 changed", "6 changed"], "the next one's proof is gone with it");
    assert_eq!(short(&found(flip(10)).await), ["10 changed", "head"]);
}

#[tokio::test]
async fn records_that_changed_places_are_found_and_their_neighbours_are_not_blamed() {
    let faults = found(|chain| swap(chain, 3, 7)).await;
    assert_eq!(short(&faults), ["3 from 7", "7 from 3"]);
    assert_eq!(short(&found(|chain| swap(chain, 4, 5)).await), ["4 from 5", "5 from 4"]);
    assert_eq!(short(&found(|chain| swap(chain, 1, 2)).await), ["1 from 2", "2 from 1"]);
    assert_eq!(short(&found(|chain| swap(chain, 2, 10)).await), ["2 from 10", "10 from 2", "head"]);
    let around = found(|chain| {
        swap(chain, 2, 5);
        swap(chain, 2, 8);
    });
    assert_eq!(short(&around.await), ["2 from 8", "5 from 2", "8 from 5"]);

    let trail = Trail::of(10).await;
    let third = trail.store.sealed(2, 1).await.unwrap()[0].id;
    let faults = self::faults(&trail, |chain| swap(chain, 3, 7)).await;
    assert_eq!(faults[1], ChainFault::Moved { position: 7, id: third, belongs: 3 });
}

#[tokio::test]
async fn a_record_that_was_moved_and_changed_is_changed() {
    let faults = found(|chain| {
        swap(chain, 3, 7);
        chain.records.get_mut(&7).unwrap().event.as_mut().unwrap().action.push('s');
    });
    assert_eq!(short(&faults.await), ["3 from 7", "7 changed"]);
}

#[tokio::test]
async fn missing_records_are_found_wherever_they_are() {
    let without = |gone: &'static [u64]| move |chain: &mut KeptChain| chain.records.retain(|at, _| !gone.contains(at));
    assert_eq!(short(&found(without(&[5])).await), ["5 to 5 missing"]);
    assert_eq!(short(&found(without(&[4, 5, 8])).await), ["4 to 5 missing", "8 to 8 missing"]);
    assert_eq!(short(&found(without(&[1, 2])).await), ["1 to 2 missing"]);
    assert_eq!(short(&found(without(&[9, 10])).await), ["9 to 10 missing"]);
    assert_eq!(short(&found(|chain| chain.records.clear()).await), ["1 to 10 missing"]);
}

#[tokio::test]
async fn records_that_closed_the_gap_of_a_missing_one_are_found() {
    let closed = found(|chain| {
        let later = chain.records.split_off(&5);
        for (position, record) in later.into_iter().skip(1) {
            put(chain, record, position - 1);
        }
    });
    // The seal that the first of them was made after is gone, and at the last one's place there is none to compare with.
    let expected = ["5 changed", "6 from 7", "7 from 8", "8 from 9", "9 changed", "10 to 10 missing"];
    assert_eq!(short(&closed.await), expected);
}

#[tokio::test]
async fn an_inserted_record_is_found() {
    let forged = |chain: &KeptChain| {
        let mut record = chain.records[&1].clone();
        record.event.as_mut().unwrap().action = "test.forged".to_owned();
        SealedRecord { hash: SealHash([7; 32]), ..record }
    };
    let between = found(|chain| {
        let later = chain.records.split_off(&9);
        put(chain, forged(chain), 9);
        for (position, record) in later {
            put(chain, record, position + 1);
        }
    });
    assert_eq!(short(&between.await), ["9 changed", "10 from 9", "11 from 10", "head"]);
    let after_the_end = found(|chain| put(chain, forged(chain), 11));
    assert_eq!(short(&after_the_end.await), ["11 changed", "head"]);
    let far_after_the_end = found(|chain| put(chain, forged(chain), 5_000));
    assert_eq!(short(&far_after_the_end.await), ["11 to 4999 missing", "head"]);
    let instead = found(|chain| put(chain, forged(chain), 5));
    assert_eq!(short(&instead.await), ["5 changed", "6 changed"]);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_told_and_hides_no_other() {
    let trail = Trail::of(10).await;
    let id = trail.store.sealed(4, 1).await.unwrap()[0].id;
    let faults = faults(&trail, |chain| {
        chain.records.get_mut(&5).unwrap().event = None;
        chain.records.get_mut(&6).unwrap().event.as_mut().unwrap().action.push('s');
    });
    let faults = faults.await;
    assert_eq!(faults[0], ChainFault::Unreadable { position: 5, id });
    assert_eq!(short(&faults), ["5 unreadable", "6 changed"]);
}

#[tokio::test]
async fn a_changed_head_is_found() {
    assert_eq!(short(&found(|chain| chain.marks.head = None).await), ["head"]);
    assert_eq!(short(&found(|chain| chain.marks.head.as_mut().unwrap().hash.0[0] ^= 1).await), ["head"]);
    assert_eq!(short(&found(|chain| chain.marks.head.as_mut().unwrap().mac.0[0] ^= 1).await), ["head"]);
    assert_eq!(short(&found(|chain| chain.marks.head.as_mut().unwrap().position = 7).await), ["head"]);
    let ahead = found(|chain| chain.marks.head.as_mut().unwrap().position = 12);
    assert_eq!(short(&ahead.await), ["11 to 12 missing", "head"]);
    let cut_off = found(|chain| {
        chain.records.split_off(&8);
        let head = chain.marks.head.as_mut().unwrap();
        (head.position, head.hash) = (7, chain.records[&7].hash);
    });
    assert_eq!(short(&cut_off.await), ["head"]);
}

#[tokio::test]
async fn an_older_head_is_found_while_the_records_after_it_are_there() {
    let trail = Trail::of(7).await;
    let older = trail.store.marks().await.unwrap().head;
    trail.write(3);
    trail.seal().await;
    assert_eq!(short(&faults(&trail, |chain| chain.marks.head = older).await), ["head"]);
}

#[tokio::test]
async fn a_changed_start_is_found() {
    let forgotten = async || {
        let trail = Trail::of(10).await;
        assert_eq!(trail.forget(6).await, 3);
        trail.assert_whole().await;
        trail
    };
    let found = async |change: fn(&mut KeptChain)| short(&faults(&forgotten().await, change).await);
    assert_eq!(found(|chain| chain.marks.start = None).await, ["1 to 3 missing"]);
    let changed = found(|chain| chain.marks.start.as_mut().unwrap().hash.0[0] ^= 1).await;
    assert_eq!(changed, ["start", "4 changed"]);
    assert_eq!(found(|chain| chain.marks.start.as_mut().unwrap().mac.0[0] ^= 1).await, ["start"]);
    let earlier = found(|chain| chain.marks.start.as_mut().unwrap().position = 2).await;
    assert_eq!(earlier, ["start", "3 to 3 missing"]);
    let more_gone = found(|chain| {
        let start = chain.marks.start.as_mut().unwrap();
        (start.position, start.hash) = (6, chain.records[&6].hash);
        chain.records.retain(|at, _| *at > 6);
    });
    assert_eq!(more_gone.await, ["start"]);
}

#[tokio::test]
async fn one_ends_mark_is_none_for_the_other() {
    let trail = Trail::of(10).await;
    trail.forget(6).await;
    let faults = faults(&trail, |chain| {
        let end = chain.marks.head;
        chain.marks.start = end;
        chain.records.clear();
    });
    assert_eq!(short(&faults.await), ["start"]);
}

#[tokio::test]
async fn under_another_key_every_record_is_a_fault_and_the_first_hundred_are_named() {
    let trail = Trail::of(120).await;
    let report = verify(&trail.keyed(2), &[], None).await;
    assert_eq!((report.checked, report.faults.len()), (120, AuditChainService::MOST_FAULTS));
    assert_eq!(report.further_faults, 21, "120 records and the head");
    let few = Trail::of(3).await;
    let report = verify(&few.keyed(2), &[], None).await;
    assert_eq!(
        short(&report.faults),
        ["1 under an unknown key", "2 under an unknown key", "3 under an unknown key", "head"]
    );
}

#[tokio::test]
async fn records_of_an_older_key_are_proven_by_it() {
    let trail = Trail::of(5).await;
    let next = trail.keyed(2);
    let whole = verify(&next, &[1], None).await;
    assert!(next.adopt(&whole, &operator()).await.unwrap());
    trail.write(5);
    seal_all(&next).await;
    assert_eq!(verify(&next, &[1], None).await.faults, []);
    assert_eq!(verify(&next, &[3, 1], None).await.faults, []);
    let without = verify(&next, &[], None).await;
    let unknown = [1, 2, 3, 4, 5].map(|position| format!("{position} under an unknown key"));
    assert_eq!(short(&without.faults), unknown);
    trail.store.tamper(|chain| swap(chain, 4, 7));
    assert_eq!(short(&verify(&next, &[1], None).await.faults), ["4 from 7", "7 from 4"]);
}

#[tokio::test]
async fn a_backlog_of_records_without_a_seal_is_told_and_is_no_fault() {
    let trail = Trail::of(3).await;
    let event = trail.write_at(trail.make.now());
    trail.make.clock.advance(AuditChainService::LONGEST_WAIT);
    assert_eq!(trail.assert_whole().await.waiting, None, "an hour is no backlog");
    trail.make.clock.advance(Duration::MICROSECOND);
    trail.write_at(trail.make.now());
    let waiting = Waiting { oldest: event.id, since: event.at, records: 2, sealed_meanwhile: 0 };
    assert_eq!(trail.assert_whole().await.waiting, Some(waiting));
    for _ in 0..1_000 {
        trail.write_at(trail.make.now());
    }
    let waiting = Waiting { records: AuditChainService::BATCH.into(), ..waiting };
    assert_eq!(trail.assert_whole().await.waiting, Some(waiting), "no more are counted than are sealed at once");
    trail.seal().await;
    assert_eq!(trail.assert_whole().await.waiting, None);
}

#[tokio::test]
async fn progress_is_told_up_to_the_end() {
    let trail = Trail::of(1_234).await;
    let mut told = Vec::new();
    trail.service.verify(&[], None, &mut |checked, of| told.push((checked, of))).await.unwrap();
    assert_eq!(told, [(500, 1_234), (1_000, 1_234), (1_234, 1_234)]);
}
