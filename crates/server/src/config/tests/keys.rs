//! Keys of a rotation.

use muster_crypto::{Pepper, SigningKey, SystemEntropy};

use super::{KEY, PEPPER, faulty_names, parse};
use crate::config::Purpose;

fn pepper() -> String {
    Pepper::generate(&SystemEntropy).to_base64().to_string()
}

fn pem() -> String {
    SigningKey::generate(&SystemEntropy).unwrap().to_pem().to_string()
}

#[test]
fn one_key_may_be_next_and_several_may_be_previous() {
    let (next, previous) = (pepper(), format!("{}, {}\n{}", pepper(), pepper(), pepper()));
    let (next_key, previous_keys) = (pem(), format!("{}\n{},{}", pem(), pem(), pem()));
    let pairs = [
        ("MUSTER_PEPPER", PEPPER),
        ("MUSTER_PEPPER_NEXT", next.as_str()),
        ("MUSTER_PEPPER_PREVIOUS", previous.as_str()),
        ("MUSTER_SIGNING_KEY", KEY),
        ("MUSTER_SIGNING_KEY_NEXT", next_key.as_str()),
        ("MUSTER_SIGNING_KEY_PREVIOUS", previous_keys.as_str()),
    ];
    let config = parse(Purpose::Serve, &pairs).unwrap();
    assert_eq!(config.other_peppers.next.map(|next| next.id()), Some(Pepper::from_base64(&next).unwrap().id()));
    assert_eq!(config.other_peppers.previous.len(), 3);
    assert!(config.other_signing_keys.next.is_some());
    assert_eq!(config.other_signing_keys.previous.len(), 3);
}

#[test]
fn previous_keys_may_be_in_a_file() {
    let config = parse(
        Purpose::Serve,
        &[
            ("MUSTER_PEPPER", &pepper()),
            ("MUSTER_PEPPER_PREVIOUS_FILE", "/run/pepper"),
            ("MUSTER_SIGNING_KEY", &pem()),
            ("MUSTER_SIGNING_KEY_PREVIOUS_FILE", "/run/key"),
        ],
    )
    .unwrap();
    assert_eq!((config.other_peppers.previous.len(), config.other_signing_keys.previous.len()), (1, 1));
}

#[test]
fn a_key_has_one_place_in_a_rotation() {
    for (next, previous) in [(PEPPER, None), (&*pepper(), Some(PEPPER.to_owned()))] {
        let previous = previous.unwrap_or_else(pepper);
        let pairs = [("MUSTER_PEPPER", PEPPER), ("MUSTER_PEPPER_NEXT", next), ("MUSTER_PEPPER_PREVIOUS", &previous)];
        let expected = if next == PEPPER { "MUSTER_PEPPER_NEXT" } else { "MUSTER_PEPPER_PREVIOUS" };
        assert_eq!(faulty_names(Purpose::Serve, &pairs), [expected]);
    }
    let other = pepper();
    let both = [("MUSTER_PEPPER", PEPPER), ("MUSTER_PEPPER_NEXT", &*other), ("MUSTER_PEPPER_PREVIOUS", &other)];
    assert_eq!(faulty_names(Purpose::Serve, &both), ["MUSTER_PEPPER_PREVIOUS"]);
    let twice = format!("{other} {other}");
    let twice = [("MUSTER_PEPPER", PEPPER), ("MUSTER_PEPPER_PREVIOUS", &*twice)];
    assert_eq!(faulty_names(Purpose::Serve, &twice), ["MUSTER_PEPPER_PREVIOUS"]);
    let same = [("MUSTER_SIGNING_KEY", KEY), ("MUSTER_SIGNING_KEY_PREVIOUS_FILE", "/run/key")];
    assert_eq!(faulty_names(Purpose::Serve, &same), ["MUSTER_SIGNING_KEY_PREVIOUS_FILE"]);
}

#[test]
fn every_fault_of_the_keys_is_told_at_once_and_none_of_them_shown() {
    let many = (0..5).map(|_| pepper()).collect::<Vec<_>>().join("\n");
    let pairs = [
        ("MUSTER_PEPPER", PEPPER),
        ("MUSTER_PEPPER_NEXT", "next-that-is-secret"),
        ("MUSTER_PEPPER_PREVIOUS", &*many),
        ("MUSTER_SIGNING_KEY_NEXT_FILE", "/run/junk"),
        ("MUSTER_SIGNING_KEY_PREVIOUS", "previous-that-is-secret"),
    ];
    let error = parse(Purpose::Serve, &pairs).unwrap_err();
    let names: Vec<_> = error.faults.iter().map(|fault| fault.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "MUSTER_PEPPER_NEXT",
            "MUSTER_PEPPER_PREVIOUS",
            "MUSTER_SIGNING_KEY_NEXT_FILE",
            "MUSTER_SIGNING_KEY_PREVIOUS",
            // Neither means anything without a signing key.
            "MUSTER_SIGNING_KEY_NEXT_FILE",
            "MUSTER_SIGNING_KEY_PREVIOUS"
        ]
    );
    let told = format!("{error} {error:?}");
    assert!(!told.contains("that-is-secret") && !many.lines().any(|secret| told.contains(secret)), "{told}");
}

#[test]
fn keys_beside_none_mean_nothing() {
    let other = pepper();
    assert_eq!(faulty_names(Purpose::Serve, &[("MUSTER_PEPPER_NEXT", &*other)]), ["MUSTER_PEPPER_NEXT"]);
    let file = [("MUSTER_SIGNING_KEY_PREVIOUS_FILE", "/run/key")];
    assert_eq!(faulty_names(Purpose::UseStore, &file), ["MUSTER_SIGNING_KEY_PREVIOUS_FILE"]);
}

#[test]
fn no_key_of_a_rotation_is_in_debug() {
    let other = pepper();
    let pairs = [("MUSTER_PEPPER", PEPPER), ("MUSTER_PEPPER_NEXT", &*other)];
    let debug = format!("{:?}", parse(Purpose::Serve, &pairs).unwrap());
    assert!(!debug.contains(&other), "{debug}");
}
