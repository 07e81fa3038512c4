//! The delivery policy, on a clock that the tests move.

#![expect(clippy::panic, reason = "a helper of tests fails by panicking")]

use std::cell::{Cell, RefCell};
use std::time::Duration;

use muster_domain::verification::{NotifyError, Receipt};
use muster_notify::{AttemptError, Cause, Circuit, Gate, Policy, Refusal};
use tokio::time::{Instant, sleep};

const POLICY: Policy = Policy {
    deadline: Duration::from_secs(5),
    retries: 2,
    backoff: Duration::from_millis(100),
    longest_wait: Duration::from_secs(1),
    least_time: Duration::from_millis(500),
    concurrency: 2,
    failures: 3,
    cool_down: Duration::from_secs(10),
};

type Outcome = Result<Receipt, AttemptError>;

fn gate() -> Gate {
    Gate::new("test", POLICY)
}

fn receipt() -> Receipt {
    Receipt { provider_message_id: Some("id".to_owned()), captured: false }
}

fn refusal(status: u16) -> Cause {
    Box::new(Refusal { status, code: None })
}

fn throttled(after: Option<u64>) -> Outcome {
    Err(AttemptError::Throttled { retry_after: after.map(Duration::from_secs) })
}

/// Sends with attempts that come to `outcomes`, one after the other; returns what the send came to, how many attempts
/// were made and how long it took.
async fn send(gate: &Gate, outcomes: Vec<Outcome>) -> (Result<Receipt, NotifyError>, usize, Duration) {
    let (left, made, began) = (RefCell::new(outcomes.into_iter()), Cell::new(0), Instant::now());
    let result = gate
        .send(|| {
            made.set(made.get() + 1);
            let Some(outcome) = left.borrow_mut().next() else { panic!("no further attempt was due") };
            async { outcome }
        })
        .await;
    (result, made.get(), began.elapsed())
}

async fn fail(gate: &Gate) {
    let (result, ..) = send(gate, vec![Err(AttemptError::Failed(refusal(500)))]).await;
    assert!(matches!(result, Err(NotifyError::Unavailable(_))));
}

#[tokio::test(start_paused = true)]
async fn accepted_message_takes_one_attempt() {
    let (result, attempts, took) = send(&gate(), vec![Ok(receipt())]).await;
    assert_eq!(result.unwrap().provider_message_id.as_deref(), Some("id"));
    assert_eq!((attempts, took), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn what_was_surely_not_accepted_is_tried_twice_more() {
    let outcomes = vec![Err(AttemptError::not_accepted(refusal(503))), throttled(None), Ok(receipt())];
    let (result, attempts, took) = send(&gate(), outcomes).await;
    assert!(result.is_ok());
    assert_eq!(attempts, 3);
    let least = Duration::from_millis(400);
    assert!((least..=2 * least).contains(&took), "{took:?}");

    let outcomes = (0..3).map(|_| Err(AttemptError::not_accepted(refusal(503)))).collect();
    let (result, attempts, _) = send(&gate(), outcomes).await;
    assert!(matches!(result, Err(NotifyError::Unavailable(_))));
    assert_eq!(attempts, 3);
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_accepted_is_never_tried_again() {
    let (result, attempts, _) = send(&gate(), vec![Err(AttemptError::Failed(refusal(500)))]).await;
    assert!(matches!(result, Err(NotifyError::Unavailable(_))));
    assert_eq!(attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn rejection_is_final() {
    let (result, attempts, _) = send(&gate(), vec![Err(AttemptError::Rejected(refusal(400)))]).await;
    assert!(matches!(result, Err(NotifyError::Rejected(_))));
    assert_eq!(attempts, 1);
    let (result, attempts, _) = send(&gate(), vec![Err(AttemptError::gone(refusal(410)))]).await;
    assert!(matches!(result, Err(NotifyError::Gone { .. })));
    assert_eq!(attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_short_retry_after_is_waited_for_and_a_long_one_is_passed_on() {
    let (result, attempts, took) = send(&gate(), vec![throttled(Some(1)), Ok(receipt())]).await;
    assert!(result.is_ok());
    assert_eq!((attempts, took), (2, Duration::from_secs(1)));

    let (result, attempts, took) = send(&gate(), vec![throttled(Some(30))]).await;
    let told = time::Duration::seconds(30);
    assert!(matches!(result, Err(NotifyError::Throttled { retry_after: Some(wait) }) if wait == told));
    assert_eq!((attempts, took), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_holds_for_all_attempts_together() {
    let began = Instant::now();
    let attempts = Cell::new(0);
    let result = gate()
        .send(|| {
            attempts.set(attempts.get() + 1);
            async {
                sleep(Duration::from_secs(3)).await;
                Err(AttemptError::not_accepted(refusal(503)))
            }
        })
        .await;
    assert!(matches!(result, Err(NotifyError::TimedOut)));
    assert_eq!((attempts.get(), began.elapsed()), (2, POLICY.deadline));
}

#[tokio::test(start_paused = true)]
async fn the_circuit_opens_after_failures_in_a_row_and_fails_fast() {
    let gate = gate();
    for _ in 0..2 {
        fail(&gate).await;
    }
    let (..) = send(&gate, vec![Ok(receipt())]).await;
    for _ in 0..3 {
        assert_eq!(gate.state().circuit, Circuit::Closed);
        fail(&gate).await;
    }
    assert_eq!(gate.state().circuit, Circuit::Open);
    let (result, attempts, took) = send(&gate, vec![]).await;
    assert!(matches!(result, Err(NotifyError::Unavailable(_))));
    assert_eq!((attempts, took), (0, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn rejections_and_throttling_leave_the_circuit_closed() {
    let gate = gate();
    for _ in 0..10 {
        let (..) = send(&gate, vec![Err(AttemptError::Rejected(refusal(400)))]).await;
        let (..) = send(&gate, vec![throttled(Some(60))]).await;
    }
    assert_eq!(gate.state().circuit, Circuit::Closed);
}

#[tokio::test(start_paused = true)]
async fn one_send_tries_a_provider_that_may_be_back() {
    let gate = gate();
    for _ in 0..3 {
        fail(&gate).await;
    }
    sleep(POLICY.cool_down).await;
    assert_eq!(gate.state().circuit, Circuit::HalfOpen);
    let probe = gate.send(|| async {
        sleep(Duration::from_secs(1)).await;
        Ok(receipt())
    });
    let others = async {
        sleep(Duration::from_millis(500)).await;
        send(&gate, vec![]).await
    };
    let (probed, (other, attempts, _)) = tokio::join!(probe, others);
    assert!(probed.is_ok());
    assert!(other.is_err() && attempts == 0);
    assert_eq!(gate.state().circuit, Circuit::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_or_is_given_up_opens_the_circuit_again() {
    let gate = gate();
    for _ in 0..3 {
        fail(&gate).await;
    }
    sleep(POLICY.cool_down).await;
    fail(&gate).await;
    assert_eq!(gate.state().circuit, Circuit::Open);
    sleep(POLICY.cool_down).await;
    let given_up = gate.send(std::future::pending);
    assert!(tokio::time::timeout(Duration::from_secs(1), given_up).await.is_err());
    assert_eq!(gate.state().circuit, Circuit::Open);
    sleep(POLICY.cool_down).await;
    assert!(send(&gate, vec![Ok(receipt())]).await.0.is_ok());
}

#[tokio::test(start_paused = true)]
async fn sends_under_way_are_limited_and_the_others_wait_for_a_place() {
    let gate = gate();
    let (now, most) = (Cell::new(0), Cell::new(0));
    let one = || async {
        gate.send(|| async {
            now.set(now.get() + 1);
            most.set(most.get().max(now.get()));
            sleep(Duration::from_secs(1)).await;
            now.set(now.get() - 1);
            Ok(receipt())
        })
        .await
    };
    let began = Instant::now();
    let (a, b, c, d) = tokio::join!(one(), one(), one(), one());
    assert!([a, b, c, d].iter().all(Result::is_ok));
    assert_eq!((most.get(), began.elapsed()), (POLICY.concurrency, Duration::from_secs(2)));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_place_past_the_deadline() {
    let gate = gate();
    let slow = || {
        gate.send(|| async {
            sleep(Duration::from_secs(4)).await;
            Ok(receipt())
        })
    };
    let began = Instant::now();
    // Two have a place at once, two after 4 s, of which they are given up 1 s later: too late for the fifth.
    let sends = tokio::join!(slow(), slow(), slow(), slow(), slow());
    assert!(sends.0.is_ok() && sends.1.is_ok());
    assert!(matches!((sends.2, sends.3), (Err(NotifyError::TimedOut), Err(NotifyError::TimedOut))));
    assert!(matches!(sends.4, Err(NotifyError::Unavailable(_))));
    assert_eq!(began.elapsed(), POLICY.deadline);
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_place_fail_as_soon_as_the_circuit_opens() {
    let gate = Gate::new("test", Policy { concurrency: 1, failures: 1, ..POLICY });
    let began = Instant::now();
    let failing = gate.send(|| async {
        sleep(Duration::from_secs(1)).await;
        Err(AttemptError::Failed(refusal(500)))
    });
    let (first, second) = tokio::join!(failing, send(&gate, vec![]));
    assert!(first.is_err() && second.0.is_err());
    assert_eq!((second.1, began.elapsed()), (0, Duration::from_secs(1)));
}
