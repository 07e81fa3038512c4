//! Random lives of one phone session against a model of its line of descent.

use muster_domain::session::{RefreshError, RefreshToken, RefusedReason};
use proptest::prelude::*;
use time::Duration;

use crate::house::House;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Refreshes the token that many generations before the youngest.
    Refresh(usize),
    Wait(i64),
}

const GRACE: i64 = 60;
const LIFETIME: i64 = 90 * 24 * 60 * 60;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..2_usize).prop_map(Step::Refresh),
        1 => (2..6_usize).prop_map(Step::Refresh),
        2 => (0..100_i64).prop_map(Step::Wait),
        1 => Just(Step::Wait(GRACE)),
        1 => (0..LIFETIME / 3).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..60)
}

/// What must be true of the family; times in seconds since the start.
struct Model {
    now: i64,
    /// When each token's successor was first used, oldest generation first.
    superseded: Vec<Option<i64>>,
    revoked: bool,
}

impl Model {
    /// Whose turn it is: the generation of the successor, or why there is none.
    fn refresh(&mut self, generation: usize) -> Result<usize, RefusedReason> {
        if self.revoked {
            return Err(RefusedReason::Revoked);
        }
        if self.now >= LIFETIME {
            return Err(RefusedReason::Expired);
        }
        match self.superseded[generation] {
            Some(at) if self.now - at <= GRACE => return Err(RefusedReason::LatePacket),
            Some(_) => {
                self.revoked = true;
                return Err(RefusedReason::Replayed);
            }
            None => {}
        }
        if let Some(parent) = generation.checked_sub(1) {
            self.superseded[parent].get_or_insert(self.now);
        }
        if generation + 1 == self.superseded.len() {
            self.superseded.push(None);
        }
        Ok(generation + 1)
    }
}

async fn live(steps: Vec<Step>) {
    let house = House::new();
    let ada = house.user("ada").await;
    let issued = house.sessions.issue(ada.id, None, None, None, &house.origin).await.unwrap();
    let other = house.sessions.issue(ada.id, None, None, None, &house.origin).await.unwrap();
    let mut known: Vec<RefreshToken> = vec![issued.refresh_token.clone()];
    let mut model = Model { now: 0, superseded: vec![None], revoked: false };
    for step in steps {
        let age = match step {
            Step::Wait(seconds) => {
                model.now += seconds;
                house.clock.advance(Duration::seconds(seconds));
                continue;
            }
            Step::Refresh(age) => age,
        };
        let Some(generation) = known.len().checked_sub(1 + age) else { continue };
        let mark = house.mark();
        let outcome = house.sessions.refresh(&known[generation], &house.origin).await;
        match (outcome, model.refresh(generation)) {
            (Ok(refreshed), Ok(successor)) => {
                assert_eq!(refreshed.expires_at, issued.expires_at);
                assert_eq!(refreshed.session_id, issued.id);
                match known.get(successor) {
                    Some(before) => assert_eq!(refreshed.refresh_token, *before, "the same successor"),
                    None => known.push(refreshed.refresh_token.clone()),
                }
                assert_eq!(house.actions_since(mark), ["session.refreshed"]);
            }
            (Err(RefreshError::Refused(reason)), Err(expected)) => {
                assert_eq!(reason, expected);
                let recorded: &[&str] = match reason {
                    RefusedReason::Replayed => &["session.replayed", "session.revoked"],
                    _ => &[],
                };
                assert_eq!(house.actions_since(mark), recorded);
            }
            (outcome, expected) => panic!("{outcome:?} where {expected:?} was due"),
        }
        assert_eq!(known.len(), model.superseded.len());
        let working = model.superseded.iter().filter(|superseded| superseded.is_none()).count();
        assert!(working <= 2, "besides the youngest only the one before it may still work");
    }
    let alive = house.sessions.list(ada.id).await.unwrap();
    let expected = match (model.now < LIFETIME, model.revoked) {
        (false, _) => 0,
        (true, true) => 1,
        (true, false) => 2,
    };
    assert_eq!(alive.len(), expected);
    assert!(model.now >= LIFETIME || alive.iter().any(|session| session.id == other.id), "the other session stays");
}

proptest! {
    #[test]
    fn a_family_has_one_line_of_descent(steps in steps()) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(live(steps));
    }
}
