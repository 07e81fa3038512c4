use std::net::{IpAddr, Ipv4Addr};

use muster_domain::audit::chain::{
    AuditSealer, ChainMark, ChainMarks, Forgetting, SealHash, SealedRecord, Sealing, Unsealed,
};
use muster_domain::audit::{Actor, AuditEvent, AuditKey, Origin};
use muster_domain::break_glass::Refusal;
use muster_domain::{AuditId, UserId};
use serde_json::json;
use time::Duration;

use crate::FakeAuditSealer;
use crate::contract::World;

pub async fn a_chain_of_nothing_has_neither_start_nor_end(world: World) {
    assert_eq!(world.stores.chain.marks().await.unwrap(), ChainMarks::default());
    assert_eq!(unsealed(&world, 9).await, Unsealed { head: None, records: vec![] });
    assert_eq!(world.stores.chain.sealed(0, 9).await.unwrap(), []);
}

pub async fn records_wait_for_their_seals_those_first_that_happened_first(world: World) {
    let now = world.make.now();
    let mut expected = Vec::new();
    for age in [1, 3, 0, 1, 2, 1] {
        let event = AuditEvent { at: now - Duration::microseconds(age), ..world.make.event("test.done", None) };
        expected.push(write(&world, event).await);
    }
    expected.sort_by_key(AuditKey::of);
    for limit in 0..=7 {
        let records = unsealed(&world, limit).await.records;
        let first = &expected[..expected.len().min(limit.into())];
        assert_eq!(records, first, "not the {limit} that happened first");
    }
}

pub async fn a_record_that_ends_late_is_found_all_the_same(world: World) {
    write_some(&world, 3).await;
    seal(&world, 9, 0).await;
    let old = AuditEvent { at: world.make.now() - Duration::DAY, ..world.make.event("test.late", None) };
    write_some(&world, 1).await;
    write(&world, old.clone()).await;
    let waiting = unsealed(&world, 9).await.records;
    assert_eq!((waiting.len(), waiting.first()), (2, Some(&old)), "a record of before the last seal is passed over");
    seal(&world, 1, 0).await;
    assert_eq!(chain(&world).await.last().map(|record| record.id), Some(old.id));
}

pub async fn sealed_records_take_the_places_after_the_end_which_moves(world: World) {
    let mut written = write_some(&world, 5).await;
    let first = seal(&world, 2, 0).await;
    assert_eq!(first.head.position, 2);
    let marks = ChainMarks { start: None, head: Some(first.head) };
    assert_eq!(world.stores.chain.marks().await.unwrap(), marks);
    let waiting = Unsealed { head: Some(first.head), records: written[2..].to_vec() };
    assert_eq!(unsealed(&world, 9).await, waiting, "what is sealed still waits, or what is not does not");

    written.extend(write_some(&world, 1).await);
    let second = seal(&world, 9, 1).await;
    assert_eq!(second.head.position, 6);
    assert_eq!(world.stores.chain.marks().await.unwrap(), ChainMarks { start: None, head: Some(second.head) });
    assert_eq!(unsealed(&world, 9).await.records, []);
    let seals = first.seals.iter().chain(&second.seals).copied();
    let expected: Vec<SealedRecord> = (1..)
        .zip(seals.zip(written))
        .map(|(position, ((id, hash), event))| {
            let key = Some(if position <= 2 { first.key } else { second.key });
            SealedRecord { position, id, hash, key, event: Some(event) }
        })
        .collect();
    assert_eq!(chain(&world).await, expected, "not each in the place after the one before it, with its seal");
}

pub async fn a_sealed_record_says_what_was_written(world: World) {
    let ada = UserId::new(world.make.now(), &*world.make.entropy);
    let origin = |actor| Origin {
        actor,
        ip: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))),
        user_agent: Some("\u{1f9d1} agent \"quoted\"".to_owned()),
        request_id: Some("0192-abc".to_owned()),
    };
    let details = json!({ "text": "\u{1f980} \\ \" %", "number": -1.5, "big": 9_007_199_254_740_993_i64,
        "list": [1, null, true], "nested": { "z": {}, "a": [] } });
    let service = Actor::Service { name: "pager".to_owned() };
    for actor in [Actor::User { id: ada }, service, Actor::System { name: "import".to_owned() }, Actor::Anonymous] {
        let event = world.make.event("unheard.of.action", Some(ada));
        let event = AuditEvent { origin: origin(actor), details: details.clone(), ..event };
        write(&world, event.clone()).await;
        let before = unsealed(&world, 9).await.records;
        assert_eq!(before.last(), Some(&event));
        seal(&world, 9, 0).await;
        assert_eq!(chain(&world).await.pop().and_then(|record| record.event).as_ref(), Some(&event));
        world.assert_recorded(&event).await;
    }
}

pub async fn nothing_is_sealed_after_an_end_that_is_not_the_chains(world: World) {
    write_some(&world, 3).await;
    let early = prepare(&world, 1, 7).await;
    let ahead = ChainMark { position: 1, ..mark(1, SealHash([9; 32])) };
    let sealed = try_seal(&world, &Sealing { after: Some(ahead), ..early.clone() }).await;
    assert!(!sealed, "something was sealed after an end that never was");
    assert_eq!(chain(&world).await, []);

    let first = seal(&world, 1, 0).await;
    let second = seal(&world, 1, 0).await;
    let before = look(&world).await;
    let planned = prepare(&world, 1, 0).await;
    for after in [None, Some(first.head), Some(ChainMark { hash: first.head.hash, ..second.head })] {
        let sealed = try_seal(&world, &Sealing { after, ..planned.clone() }).await;
        assert!(!sealed, "something was sealed after {after:?}, where the chain does not end");
        assert_eq!(look(&world).await, before, "something was written");
    }
    assert!(try_seal(&world, &planned).await);
}

pub async fn nothing_is_sealed_when_a_record_is_gone_or_sealed_already(world: World) {
    write_some(&world, 4).await;
    let first = seal(&world, 2, 0).await;
    let unknown = AuditId::new(world.make.now(), &*world.make.entropy);
    let before = look(&world).await;
    let planned = prepare(&world, 2, 0).await;
    for id in [first.seals[0].0, first.seals[1].0, unknown] {
        for place in 0..=1 {
            let mut sealing = planned.clone();
            sealing.seals[place].0 = id;
            assert!(!try_seal(&world, &sealing).await, "a record was sealed that is gone or sealed already");
            assert_eq!(look(&world).await, before, "something was written");
        }
    }
    assert!(try_seal(&world, &planned).await);
    assert_eq!(chain(&world).await.len(), 4);
}

pub async fn sealed_records_are_read_after_a_place_up_to_the_limit(world: World) {
    write_some(&world, 7).await;
    seal(&world, 9, 0).await;
    let all = chain(&world).await;
    for after in 0..=8_u8 {
        for limit in [1, 2, 7, 8] {
            let expected: Vec<SealedRecord> = all.iter().skip(after.into()).take(limit.into()).cloned().collect();
            let read = world.stores.chain.sealed(after.into(), limit).await.unwrap();
            assert_eq!(read, expected, "up to {limit} after {after}");
        }
    }
}

pub async fn the_oldest_records_go_up_to_the_new_start(world: World) {
    let written = write_some(&world, 5).await;
    let head = seal(&world, 4, 0).await.head;
    let all = chain(&world).await;
    let forgetting = forget_through(&world, 2).await;
    assert!(try_forget(&world, &forgetting).await);

    assert_eq!(chain(&world).await, all[2..], "not exactly the oldest went");
    let marks = world.stores.chain.marks().await.unwrap();
    assert_eq!(marks, ChainMarks { start: Some(forgetting.start), head: Some(head) });
    let mut left = written[2..].to_vec();
    left.push(forgetting.event.clone());
    left.sort_by_key(|event| std::cmp::Reverse(AuditKey::of(event)));
    assert_eq!(world.trail().await, left, "what went is still read, or more than that went");
    assert_eq!(unsealed(&world, 9).await.records, [&written[4], &forgetting.event].map(Clone::clone));

    let next = Forgetting { after: Some(forgetting.start), ..forget_through(&world, 3).await };
    assert!(try_forget(&world, &next).await);
    assert_eq!(chain(&world).await, all[3..]);
}

pub async fn the_chain_goes_on_when_all_of_it_was_forgotten(world: World) {
    write_some(&world, 3).await;
    let head = seal(&world, 3, 0).await.head;
    let forgetting = forget_through(&world, 3).await;
    assert!(try_forget(&world, &forgetting).await);
    assert_eq!(chain(&world).await, []);
    let waiting = Unsealed { head: Some(head), records: vec![forgetting.event.clone()] };
    assert_eq!(unsealed(&world, 9).await, waiting);
    assert_eq!(seal(&world, 9, 0).await.head.position, 4);
    assert_eq!(chain(&world).await.pop().and_then(|record| record.event), Some(forgetting.event));
}

pub async fn what_is_not_sealed_is_not_forgotten(world: World) {
    write_some(&world, 2).await;
    seal(&world, 9, 0).await;
    let old = AuditEvent { at: world.make.now() - Duration::DAY, ..world.make.event("test.late", None) };
    write(&world, old.clone()).await;
    assert!(try_forget(&world, &forget_through(&world, 2).await).await);
    assert_eq!(unsealed(&world, 9).await.records.first(), Some(&old));
    world.assert_recorded(&old).await;
}

pub async fn nothing_is_forgotten_when_the_chain_does_not_start_there_any_more(world: World) {
    write_some(&world, 5).await;
    seal(&world, 9, 0).await;
    let first = forget_through(&world, 1).await;
    let ahead = Forgetting { after: Some(first.start), ..first.clone() };
    assert!(!try_forget(&world, &ahead).await, "records went after a start that never was");
    assert_eq!(chain(&world).await.len(), 5);
    assert!(try_forget(&world, &first).await);
    let second = Forgetting { after: Some(first.start), ..forget_through(&world, 2).await };
    assert!(try_forget(&world, &second).await);

    let before = look(&world).await;
    let planned = Forgetting { after: Some(second.start), ..forget_through(&world, 4).await };
    for after in [None, Some(first.start), Some(ChainMark { hash: first.start.hash, ..second.start })] {
        let forgotten = try_forget(&world, &Forgetting { after, ..planned.clone() }).await;
        assert!(!forgotten, "records went after {after:?}, where the chain does not start any more");
        assert_eq!(look(&world).await, before, "something was written");
    }
    assert!(try_forget(&world, &planned).await);
}

/// Writes a record that came with nothing else.
pub(super) async fn write(world: &World, event: AuditEvent) -> AuditEvent {
    // The first of its account, whose record is its own.
    let refusal = Refusal { refused: event.clone(), ..world.make.refusal(Some(&event.id.to_string())) };
    assert_eq!(world.stores.break_glass.record_refusal(&refusal).await.unwrap(), 1);
    event
}

/// Writes as many records, each later than the one before.
pub(super) async fn write_some(world: &World, count: usize) -> Vec<AuditEvent> {
    let mut written = Vec::new();
    for _ in 0..count {
        world.tick();
        written.push(write(world, world.make.event("test.done", None)).await);
    }
    written
}

pub(super) async fn unsealed(world: &World, limit: u16) -> Unsealed {
    world.stores.chain.unsealed(limit).await.unwrap()
}

/// The seals that a server of that number would give to what waits.
pub(super) async fn prepare(world: &World, limit: u16, server: u64) -> Sealing {
    links(unsealed(world, limit).await, server)
}

pub(super) fn links(Unsealed { head: after, records }: Unsealed, server: u64) -> Sealing {
    let seals: Vec<(AuditId, SealHash)> = records
        .iter()
        .map(|record| (record.id, FakeAuditSealer::of_key(server).seal(record.id.0.as_bytes())))
        .collect();
    let position = after.map_or(0, |mark| mark.position) + seals.len() as u64;
    let last = seals.last().map_or(SealHash::NONE, |(_, hash)| *hash);
    Sealing { after, seals, key: FakeAuditSealer::key_id(server), head: mark(position, last) }
}

pub(super) async fn try_seal(world: &World, sealing: &Sealing) -> bool {
    world.stores.chain.seal(sealing).await.unwrap()
}

/// Seals what waits.
pub(super) async fn seal(world: &World, limit: u16, server: u64) -> Sealing {
    let sealing = prepare(world, limit, server).await;
    assert!(try_seal(world, &sealing).await, "what waits was not sealed after the end of the chain");
    sealing
}

pub(super) fn mark(position: u64, hash: SealHash) -> ChainMark {
    ChainMark {
        position,
        hash,
        mac: FakeAuditSealer::of_key(1).seal(&[&position.to_be_bytes(), hash.0.as_slice()].concat()),
    }
}

/// The whole chain, page by page.
pub(super) async fn chain(world: &World) -> Vec<SealedRecord> {
    let mut all: Vec<SealedRecord> = Vec::new();
    loop {
        let after = all.last().map_or(0, |record| record.position);
        let page = world.stores.chain.sealed(after, 500).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// The removal of a chain that never lost anything up to that place.
pub(super) async fn forget_through(world: &World, position: u64) -> Forgetting {
    let record = chain(world).await.into_iter().find(|record| record.position == position).unwrap();
    let start = mark(position, record.hash);
    world.tick();
    Forgetting { after: None, start, event: world.make.event("test.forgotten", None) }
}

pub(super) async fn try_forget(world: &World, forgetting: &Forgetting) -> bool {
    world.stores.chain.forget(forgetting).await.unwrap()
}

/// All that the chain shows of itself, and the trail.
async fn look(world: &World) -> (ChainMarks, Unsealed, Vec<SealedRecord>, Vec<AuditEvent>) {
    let marks = world.stores.chain.marks().await.unwrap();
    (marks, unsealed(world, u16::MAX >> 1).await, chain(world).await, world.trail().await)
}
