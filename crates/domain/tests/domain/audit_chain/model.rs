//! Random lives of a chain, and one change by hand at their end.

use muster_domain::UserId;
use muster_domain::audit::Actor;
use muster_domain::audit::chain::{AuditChain, SealedRecord};
use muster_testkit::KeptChain;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use super::Trail;
use super::faults::swap;

#[derive(Debug, Clone, Copy)]
enum Step {
    Write(u64),
    Seal,
    /// Forgets what is older than so many seconds.
    Forget(i64),
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..6_u64).prop_map(Step::Write),
        4 => Just(Step::Seal),
        1 => (0..20_i64).prop_map(Step::Forget),
        1 => (0..5_i64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..25)
}

/// What one statement by hand does to one sealed record.
#[derive(Debug, Clone, Copy)]
enum Change {
    Id,
    At(i64),
    Action,
    Subject,
    Details,
    Actor,
    Address,
    UserAgent,
    RequestId,
    Bit(usize),
    Unreadable,
    Remove,
    Swap(usize),
    Duplicate,
}

fn changes() -> impl Strategy<Value = Change> {
    let time = prop_oneof![1..i64::from(i32::MAX), i64::from(i32::MIN)..0];
    prop_oneof![
        Just(Change::Id),
        time.prop_map(Change::At),
        Just(Change::Action),
        Just(Change::Subject),
        Just(Change::Details),
        Just(Change::Actor),
        Just(Change::Address),
        Just(Change::UserAgent),
        Just(Change::RequestId),
        (0..256_usize).prop_map(Change::Bit),
        Just(Change::Unreadable),
        Just(Change::Remove),
        (1..50_usize).prop_map(Change::Swap),
        Just(Change::Duplicate),
    ]
}

async fn live(steps: &[Step]) -> Trail {
    let trail = Trail::new();
    let mut forgotten = 0;
    for step in steps {
        match *step {
            Step::Write(records) => trail.write(records),
            Step::Seal => trail.seal().await,
            Step::Forget(kept) => forgotten += trail.forget(kept).await,
            Step::Wait(seconds) => trail.make.clock.advance(Duration::seconds(seconds)),
        }
        let report = trail.assert_whole().await;
        let sealed = trail.store.sealed(0, u16::MAX).await.unwrap();
        assert_eq!((report.first, report.checked), (forgotten + 1, sealed.len() as u64), "after {step:?}");
        assert_eq!(report.head.map_or(0, |head| head.position), forgotten + report.checked);
    }
    trail
}

/// Makes the change at that place; `false` when there is nothing to change.
fn change(chain: &mut KeptChain, change: Change, at: Index) -> bool {
    let places: Vec<u64> = chain.records.keys().copied().collect();
    let Some(position) = (!places.is_empty()).then(|| places[at.index(places.len())]) else {
        return false;
    };
    let record = chain.records.get_mut(&position).unwrap();
    let event = record.event.as_mut().unwrap();
    match change {
        Change::Id => {
            event.id.0 = Uuid::from_u128(event.id.0.as_u128().wrapping_add(1));
            record.id = event.id;
        }
        Change::At(micros) => event.at += Duration::microseconds(micros),
        Change::Action => event.action.insert(0, 'x'),
        Change::Subject => event.subject = Some(UserId(event.id.0)),
        Change::Details => event.details["more"] = json!(null),
        Change::Actor => event.origin.actor = Actor::Anonymous,
        Change::Address => event.origin.ip = Some([127, 0, 0, 1].into()),
        Change::UserAgent => event.origin.user_agent = Some(String::new()),
        Change::RequestId => event.origin.request_id = Some(String::new()),
        Change::Bit(bit) => record.hash.0[bit / 8] ^= 1 << (bit % 8),
        Change::Unreadable => record.event = None,
        Change::Remove => drop(chain.records.remove(&position)),
        Change::Swap(by) => {
            let other = places[(at.index(places.len()) + by) % places.len()];
            if other == position {
                return false;
            }
            swap(chain, position, other);
        }
        Change::Duplicate => {
            let position = places[places.len() - 1] + 1;
            let copy = SealedRecord { position, ..record.clone() };
            chain.records.insert(position, copy);
        }
    }
    true
}

proptest! {
    #[test]
    fn a_chain_is_whole_until_somebody_changes_a_record(steps in steps(), by_hand in changes(), at: Index) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let trail = live(&steps).await;
            let mut changed = false;
            trail.store.tamper(|chain| changed = change(chain, by_hand, at));
            let report = trail.verify().await;
            assert_eq!(report.faults.is_empty(), !changed, "{report:?}");
        });
    }
}
