use std::sync::Mutex;

use muster_domain::Entropy;
use muster_domain::verification::{Code, CodeBinding, CodeHasher, Fingerprint, Method};
use muster_domain::{ChallengeId, UserId};
use muster_testkit::{Builders, FakeHasher, SeededEntropy};
use proptest::prelude::*;

/// Gives out these draws, first to last.
struct Draws(Mutex<Vec<u32>>);

impl Draws {
    fn new(draws: &[u32]) -> Self {
        Self(Mutex::new(draws.iter().rev().copied().collect()))
    }
}

impl Entropy for Draws {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0.lock().unwrap().pop().unwrap().to_le_bytes());
    }
}

#[test]
fn codes_start_with_zeros_too() {
    for (draw, code) in [(0, "000000"), (7, "000007"), (42_917, "042917"), (999_999, "999999"), (1_000_000, "000000")] {
        assert_eq!(Code::generate(&Draws::new(&[draw])).expose(), code);
    }
}

#[test]
fn a_draw_from_the_incomplete_last_stretch_is_drawn_again() {
    // The largest multiple of a million in the 32-bit range is 4 294 000 000: what lies above would favour small codes.
    assert_eq!(Code::generate(&Draws::new(&[4_293_999_999])).expose(), "999999");
    assert_eq!(Code::generate(&Draws::new(&[4_294_000_000, u32::MAX, 42])).expose(), "000042");
}

#[test]
fn codes_are_uniform() {
    let entropy = SeededEntropy::new(20_261_122);
    let mut buckets = [0_u32; 100];
    for _ in 0..100_000 {
        buckets[Code::generate(&entropy).expose()[..2].parse::<usize>().unwrap()] += 1;
    }
    // A thousand expected in each; the standard deviation is 31.5, and the seed is fixed.
    assert!(buckets.iter().all(|count| (850..1_150).contains(count)), "{buckets:?}");
}

#[test]
fn a_code_is_six_ascii_digits() {
    assert_eq!(Code::parse("042917").unwrap().expose(), "042917");
    for typed in ["", "42917", "0429170", "04291a", "-42917", "٠٤٢٩١٧", "04291\u{ff17}", "042 17", "0.2917", "042917\0"]
    {
        assert!(Code::parse(typed).is_err(), "{typed:?}");
    }
}

#[test]
fn blanks_and_hyphens_of_a_code_are_ignored() {
    for typed in
        ["042917 ", " 042917", "042917\r\n", "042 917", "042-917", "04 29 17", "042\u{a0}917", "042\u{2011}917"]
    {
        assert_eq!(Code::parse(typed).unwrap().expose(), "042917", "{typed:?}");
    }
}

#[test]
fn debug_shows_no_code_and_no_hash() {
    let code = Code::parse("042917").unwrap();
    assert_eq!(format!("{code:?}"), "Code(redacted)");
    let hash = CodeHasher::hash(&FakeHasher::default(), &binding(&Builders::default()), &code);
    assert_eq!(format!("{hash:?}"), "CodeHash(redacted)");
}

fn binding(make: &Builders) -> CodeBinding {
    CodeBinding {
        challenge_id: ChallengeId::new(make.now(), &*make.entropy),
        user_id: UserId::new(make.now(), &*make.entropy),
        method: Method::Email,
        fingerprint: Fingerprint::from([1; 32]),
    }
}

#[test]
fn a_hash_is_good_for_its_own_binding_only() {
    let make = Builders::default();
    let (code, bound) = (Code::parse("042917").unwrap(), binding(&make));
    let hash = CodeHasher::hash(&FakeHasher::default(), &bound, &code);
    assert!(FakeHasher::default().matches(&bound, &code, &hash));
    let other = binding(&make);
    let moved = [
        CodeBinding { challenge_id: other.challenge_id, ..bound.clone() },
        CodeBinding { user_id: other.user_id, ..bound.clone() },
        CodeBinding { method: Method::Sms, ..bound.clone() },
        CodeBinding { fingerprint: Fingerprint::from([2; 32]), ..bound },
    ];
    for binding in moved {
        assert!(!FakeHasher::default().matches(&binding, &code, &hash), "{binding:?}");
    }
}

proptest! {
    #[test]
    fn any_draw_makes_a_code_that_parses(draw in 0..4_294_000_000_u32) {
        let code = Code::generate(&Draws::new(&[draw]));
        prop_assert_eq!(code.expose().parse::<u32>().unwrap(), draw % 1_000_000);
        let parsed = Code::parse(code.expose()).unwrap();
        prop_assert_eq!(parsed.expose(), code.expose());
    }

    #[test]
    fn only_six_digits_are_taken(typed in any::<String>()) {
        let six_digits = typed.len() == 6 && typed.bytes().all(|byte| byte.is_ascii_digit());
        prop_assert_eq!(Code::parse(&typed).is_ok(), six_digits);
    }
}
