use std::collections::BTreeSet;

use muster_domain::AuditId;
use muster_domain::audit::chain::{AuditSealer, Forgetting, SealedRecord, Sealing};

use crate::FakeAuditSealer;
use crate::contract::World;
use crate::contract::audit_chain::{
    chain, forget_through, links, mark, prepare, seal, try_forget, try_seal, unsealed, write_some,
};
use crate::contract::race::{RACERS, race};

pub async fn of_many_servers_that_seal_at_once_after_one_end_exactly_one_is_true(world: World) {
    for round in 0..3 {
        write_some(&world, 5).await;
        let waiting = unsealed(&world, 5).await;
        assert_eq!(waiting.records.len(), 5);
        // Not all of them saw all that waits.
        let planned: Vec<Sealing> = (0_u8..)
            .zip([1, 2, 3, 4, 5].into_iter().cycle())
            .take(RACERS)
            .map(|(server, seen)| {
                let mut waiting = waiting.clone();
                waiting.records.truncate(seen);
                links(waiting, server.into())
            })
            .collect();
        let before = chain(&world).await;
        let outcomes = race(RACERS, |server| {
            let (world, sealing) = (world.clone(), planned[server].clone());
            async move { (server, try_seal(&world, &sealing).await) }
        })
        .await;
        let won: Vec<usize> = outcomes.into_iter().filter(|(_, won)| *won).map(|(server, _)| server).collect();
        assert_eq!(won.len(), 1, "not exactly one sealed, in round {round}");

        let sealed = chain(&world).await.split_off(before.len());
        let winner = &planned[won[0]];
        let expected: Vec<_> = (before.len() as u64 + 1..).zip(&winner.seals).map(|(at, seal)| (at, *seal)).collect();
        let found: Vec<_> = sealed.iter().map(|record| (record.position, (record.id, record.hash))).collect();
        assert_eq!(found, expected, "the chain is not what the winner made it");
        assert_eq!(world.stores.chain.marks().await.unwrap().head, Some(winner.head));
        while !unsealed(&world, 1).await.records.is_empty() {
            seal(&world, 9, 0).await;
        }
    }
}

pub async fn no_record_is_sealed_twice_or_passed_over_while_many_seal_and_write(world: World) {
    const WRITERS: usize = 16;
    let sealed = race(RACERS, |server| {
        let world = world.clone();
        async move {
            if server < WRITERS {
                write_some(&world, 8).await;
                return 0;
            }
            let mut sealed = 0;
            for _ in 0..8 {
                let sealing = prepare(&world, 7, server as u64).await;
                if !sealing.seals.is_empty() && try_seal(&world, &sealing).await {
                    sealed += sealing.seals.len();
                }
            }
            sealed
        }
    })
    .await;
    assert_eq!(chain(&world).await.len(), sealed.iter().sum::<usize>(), "a record was sealed twice");
    while !unsealed(&world, 1).await.records.is_empty() {
        seal(&world, 50, 0).await;
    }
    assert_one_unbroken_chain(&world, 0).await;
    assert_eq!(chain(&world).await.len(), WRITERS * 8, "a record was passed over");
}

pub async fn of_many_servers_that_forget_at_once_exactly_one_does(world: World) {
    write_some(&world, 12).await;
    seal(&world, 12, 0).await;
    let mut after = None;
    for position in [3, 7, 12] {
        let planned = Forgetting { after, ..forget_through(&world, position).await };
        let outcomes = race(RACERS, |_| {
            let (world, mut planned) = (world.clone(), planned.clone());
            planned.event = world.make.event("test.forgotten", None);
            async move { (try_forget(&world, &planned).await, planned.event) }
        })
        .await;
        let done: Vec<_> = outcomes.into_iter().filter(|(done, _)| *done).collect();
        assert_eq!(done.len(), 1, "not exactly one forgot");
        world.assert_recorded(&done[0].1).await;
        after = Some(planned.start);
    }
    assert_eq!(world.recorded("test.forgotten").await, 3, "a record was written of what did not happen");
    assert_eq!(chain(&world).await, []);
}

pub async fn records_are_forgotten_while_others_are_sealed(world: World) {
    write_some(&world, 60).await;
    seal(&world, 30, 0).await;
    race(RACERS, |server| {
        let world = world.clone();
        async move {
            for _ in 0..6 {
                if server % 2 == 0 {
                    let sealing = prepare(&world, 3, server as u64).await;
                    if !sealing.seals.is_empty() {
                        try_seal(&world, &sealing).await;
                    }
                    continue;
                }
                let after = world.stores.chain.marks().await.unwrap().start;
                let oldest = world.stores.chain.sealed(after.map_or(0, |mark| mark.position), 2).await.unwrap();
                if let Some(last) = oldest.last() {
                    let start = mark(last.position, last.hash);
                    let event = world.make.event("test.forgotten", None);
                    try_forget(&world, &Forgetting { after, start, event }).await;
                }
            }
        }
    })
    .await;
    let start = world.stores.chain.marks().await.unwrap().start.unwrap();
    assert!(world.recorded("test.forgotten").await > 0);
    while !unsealed(&world, 1).await.records.is_empty() {
        seal(&world, 50, 0).await;
    }
    assert_one_unbroken_chain(&world, start.position).await;
}

/// Fails unless every record of the trail has one place, and the places have no gap from after `start` to the end.
async fn assert_one_unbroken_chain(world: &World, start: u64) {
    let all = chain(world).await;
    let places: Vec<u64> = all.iter().map(|record| record.position).collect();
    let end = start + all.len() as u64;
    assert_eq!(places, (start + 1..=end).collect::<Vec<u64>>(), "the places have gaps");
    let marks = world.stores.chain.marks().await.unwrap();
    assert_eq!(marks.head.map(|head| (head.position, head.hash)), all.last().map(|last| (end, last.hash)));
    let sealed: BTreeSet<AuditId> = all.iter().map(|record| record.id).collect();
    let trail: BTreeSet<AuditId> = world.trail().await.iter().map(|event| event.id).collect();
    assert_eq!(sealed.len(), all.len(), "a record was sealed twice");
    assert_eq!(sealed, trail, "a record was passed over, or one is in the chain that is not on the trail");
    let by_some_server = |record: &SealedRecord| {
        (0..RACERS as u64).any(|server| FakeAuditSealer::of_key(server).seal(record.id.0.as_bytes()) == record.hash)
    };
    assert!(all.iter().all(by_some_server), "a record has another's seal");
}
