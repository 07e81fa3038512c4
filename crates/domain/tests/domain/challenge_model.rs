//! Random lives of one person's e-mail channel against a model of what must be true.

use muster_domain::audit::DirectoryFeed;
use muster_domain::directory::RawRecord;
use muster_domain::user::User;
use muster_domain::verification::{Code, Method, SendCodeError, VerifyCodeError};
use proptest::prelude::*;
use time::Duration;

use crate::house::{House, other_than, raw, record};

#[derive(Debug, Clone, Copy)]
enum Step {
    Send,
    RightCode,
    WrongCode,
    /// The code of the send before the last.
    OldCode,
    Wait(i64),
    /// The directory writes this address.
    Address(usize),
    /// The directory writes the current address in other letters.
    Recase,
}

const ADDRESSES: [&str; 3] = ["ada@example.com", "countess@example.com", "lovelace@example.org"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Send),
        3 => Just(Step::RightCode),
        6 => Just(Step::WrongCode),
        2 => Just(Step::OldCode),
        2 => (1..120_i64).prop_map(Step::Wait),
        2 => Just(Step::Wait(60)),
        1 => (840..960_i64).prop_map(Step::Wait),
        1 => Just(Step::Wait(900)),
        1 => Just(Step::Wait(86_400)),
        2 => (0..ADDRESSES.len()).prop_map(Step::Address),
        1 => Just(Step::Recase),
    ];
    prop::collection::vec(step, 1..60)
}

/// What must be true of the channel; times in seconds since the start.
#[derive(Default)]
struct Model {
    now: i64,
    address: usize,
    proven: bool,
    challenge: Option<Challenge>,
}

struct Challenge {
    address: usize,
    opened: i64,
    /// How many in a row went to its address in vain.
    streak: usize,
    wrong: u8,
    closed: bool,
    completed: bool,
}

impl Challenge {
    fn resend_after(&self) -> i64 {
        let waits = [60, 60, 120, 240, 480, 900];
        self.opened + waits[self.streak.min(waits.len()) - 1]
    }
}

#[derive(Debug, PartialEq)]
enum Expected {
    Proven,
    Dead,
    Wrong { left: u8 },
    Exhausted { retry_after: i64 },
}

impl Model {
    /// Sends a code, or says how long to wait.
    fn send(&mut self) -> Result<(), i64> {
        let before = self.challenge.as_ref();
        if let Some(before) = before.filter(|before| self.now < before.resend_after()) {
            return Err(before.resend_after() - self.now);
        }
        let in_vain = |before: &&Challenge| {
            before.address == self.address && !before.completed && self.now < before.opened + 86_400
        };
        let streak = before.filter(in_vain).map_or(1, |before| before.streak + 1);
        let (address, opened) = (self.address, self.now);
        self.challenge = Some(Challenge { address, opened, streak, wrong: 0, closed: false, completed: false });
        Ok(())
    }

    fn verify(&mut self, right: bool) -> Expected {
        let Some(challenge) = self.challenge.as_mut().filter(|challenge| !challenge.closed) else {
            return Expected::Dead;
        };
        if challenge.wrong == 5 {
            return Expected::Exhausted { retry_after: (challenge.resend_after() - self.now).max(1) };
        }
        if self.now >= challenge.opened + 900 {
            return Expected::Dead;
        }
        if !right {
            challenge.wrong += 1;
            return Expected::Wrong { left: 5 - challenge.wrong };
        }
        assert_eq!(challenge.address, self.address, "a live challenge is for the current address");
        challenge.closed = true;
        challenge.completed = true;
        self.proven = true;
        Expected::Proven
    }

    fn rewrite(&mut self, address: usize) {
        if address == self.address {
            return;
        }
        self.address = address;
        self.proven = false;
        if let Some(challenge) = &mut self.challenge {
            challenge.closed = true;
        }
    }

    fn is_pending(&self) -> bool {
        let live =
            |challenge: &Challenge| !challenge.closed && challenge.wrong < 5 && self.now < challenge.opened + 900;
        self.challenge.as_ref().is_some_and(live)
    }
}

async fn verify(house: &House, ada: &User, code: &Code) -> Expected {
    match house.verification.verify_code(ada.id, Method::Email, code, &house.origin).await {
        Ok(_) => Expected::Proven,
        Err(VerifyCodeError::InvalidOrExpired { attempts_left: Some(left) }) => Expected::Wrong { left },
        Err(VerifyCodeError::InvalidOrExpired { attempts_left: None }) => Expected::Dead,
        Err(VerifyCodeError::Exhausted { retry_after }) => {
            Expected::Exhausted { retry_after: retry_after.whole_seconds() }
        }
        Err(error) => panic!("{error:?}"),
    }
}

async fn live(steps: Vec<Step>) {
    let house = House::new();
    let write = async |address: String| {
        let record = record(RawRecord { email: Some(address), ..raw("ada") });
        house.directory.apply_record(&record, DirectoryFeed::Scim, &house.origin).await.unwrap().user_id
    };
    let id = write(ADDRESSES[0].to_owned()).await;
    let ada = house.profile(id).await.user;
    let mut model = Model::default();
    for step in steps {
        let sent = house.sender.codes();
        match step {
            Step::Send => {
                let outcome = match house.try_send(&ada, Method::Email).await {
                    Ok(_) => Ok(()),
                    Err(SendCodeError::TooSoon { retry_after }) => Err(retry_after.whole_seconds()),
                    Err(error) => panic!("{error:?}"),
                };
                assert_eq!(outcome, model.send());
            }
            Step::RightCode | Step::WrongCode | Step::OldCode => {
                let Some(right) = sent.last().map(|sent| sent.code.clone()) else { continue };
                let old = sent.iter().rev().nth(1).map(|sent| sent.code.clone());
                let tried = match step {
                    Step::RightCode => right.clone(),
                    Step::OldCode => old.unwrap_or_else(|| other_than(&right)),
                    _ => other_than(&right),
                };
                let expected = model.verify(tried.expose() == right.expose());
                assert_eq!(verify(&house, &ada, &tried).await, expected);
            }
            Step::Wait(seconds) => {
                model.now += seconds;
                house.clock.advance(Duration::seconds(seconds));
            }
            Step::Address(address) => {
                model.rewrite(address);
                write(ADDRESSES[address].to_owned()).await;
            }
            Step::Recase => {
                write(ADDRESSES[model.address].to_uppercase()).await;
            }
        }
        let status = house.status(id).await.email;
        assert_eq!(status.verified_at.is_some(), model.proven, "after {step:?}");
        assert_eq!(status.pending.is_some(), model.is_pending(), "after {step:?}");
        if let (Some(pending), Some(challenge)) = (status.pending, &model.challenge) {
            assert_eq!(pending.attempts_left, 5 - challenge.wrong);
            assert_eq!((pending.resend_after - house.now()).whole_seconds(), challenge.resend_after() - model.now);
        }
    }
}

proptest! {
    #[test]
    fn never_proven_without_the_right_code_to_the_current_address(steps in steps()) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(live(steps));
    }
}
