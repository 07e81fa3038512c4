use muster_domain::page::CursorSealer;
use muster_domain::{ChallengeId, UserId};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn keyring(pepper: u8) -> Keyring {
    Keyring::new(&Pepper::from_base64(&base64_of(&[pepper; 32])).unwrap())
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn binding() -> CodeBinding {
    CodeBinding {
        challenge_id: ChallengeId(Uuid::from_bytes([1; 16])),
        user_id: UserId(Uuid::from_bytes([2; 16])),
        method: Method::Sms,
        fingerprint: Fingerprint::from([3; 32]),
    }
}

fn code(digits: &str) -> Code {
    Code::parse(digits).unwrap()
}

/// The values were worked out by Python's hmac and hashlib, with HKDF written out after RFC 5869.
#[test]
fn every_hash_is_what_an_independent_implementation_says() {
    let keyring = keyring(7);
    assert_eq!(
        hex(&CodeHasher::hash(&keyring, &binding(), &code("042917")).hash),
        "bc580dd3dd32c24101f1996bdb6ffba0a98f664f583873e1a876a86c4109fd03"
    );
    assert_eq!(
        hex(&keyring.fingerprint(Method::Email, "ada@example.com").hash),
        "4ae22df1b7110a27c1be1cd7a443d258a34655aa55706ac5760afd4209d0d00a"
    );
    let token = RefreshToken::from_bytes([9; 32]);
    assert_eq!(
        hex(keyring.successor(&token, &SuccessorSalt([5; 16]), None).as_bytes()),
        "a52122f57870870dedd66729ee7cbce3609b8215330a1cc851fced418f28014c"
    );
    assert_eq!(
        hex(&keyring.seal(b"muster audit record 1\0").0),
        "642604b637ddd4bea105b2770124e219527ce848f52a5977ff0a490bbd005316"
    );
    assert_eq!(keyring.ids.current.to_string(), "7b22789c");
}

/// A seal over the bytes that another kind of hash is made of is not that hash: the subkeys differ.
#[test]
fn a_seal_is_never_a_hash_of_another_kind() {
    let keyring = keyring(7);
    let token = RefreshToken::from_bytes([9; 32]);
    let others = [
        (encode(&binding(), &code("042917")).to_vec(), CodeHasher::hash(&keyring, &binding(), &code("042917")).hash),
        (b"\x01ada@example.com".to_vec(), keyring.fingerprint(Method::Email, "ada@example.com").hash),
        ([[9; 32].as_slice(), &[5; 16]].concat(), *keyring.successor(&token, &SuccessorSalt([5; 16]), None).as_bytes()),
        (vec![9; 32], RefreshTokenHasher::hash(&keyring, &token).0),
    ];
    for (bytes, hash) in others {
        assert_ne!(keyring.seal(&bytes).0, hash);
        assert_eq!(keyring.sealed_with(&bytes, &SealHash(hash)), None);
    }
}

#[test]
fn a_seal_matches_its_bytes_under_its_pepper_alone() {
    let (first, other_pepper) = (keyring(7), keyring(8));
    let seal = first.seal(b"bytes");
    assert!(first.sealed_with(b"bytes", &seal).is_some());
    assert!(first.sealed_with(b"byte", &seal).is_none());
    assert!(first.sealed_with(b"bytes\0", &seal).is_none());
    assert!(other_pepper.sealed_with(b"bytes", &seal).is_none());
    for bit in 0..256 {
        let mut changed = seal;
        changed.0[bit / 8] ^= 1 << (bit % 8);
        assert!(first.sealed_with(b"bytes", &changed).is_none(), "bit {bit}");
    }
}

#[test]
fn token_hash_is_plain_sha_256() {
    // SHA-256 of 32 zero bytes.
    let hash = RefreshTokenHasher::hash(&keyring(0), &RefreshToken::from_bytes([0; 32]));
    assert_eq!(hex(&hash.0), "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925");
    assert_eq!(hash, RefreshTokenHasher::hash(&keyring(1), &RefreshToken::from_bytes([0; 32])));
}

#[test]
fn right_code_matches() {
    let keyring = keyring(7);
    let hash = CodeHasher::hash(&keyring, &binding(), &code("042917"));
    assert!(CodeHasher::matches(&keyring, &binding(), &code("042917"), &hash));
}

#[test]
fn code_matches_under_no_other_binding_code_or_pepper() {
    let (keyring, other_pepper) = (keyring(7), keyring(8));
    let hash = CodeHasher::hash(&keyring, &binding(), &code("042917"));
    assert!(!CodeHasher::matches(&keyring, &binding(), &code("042918"), &hash));
    assert!(!CodeHasher::matches(&other_pepper, &binding(), &code("042917"), &hash));
    for other in [
        CodeBinding { challenge_id: ChallengeId(Uuid::from_bytes([9; 16])), ..binding() },
        CodeBinding { user_id: UserId(Uuid::from_bytes([9; 16])), ..binding() },
        CodeBinding { method: Method::Email, ..binding() },
        CodeBinding { fingerprint: Fingerprint::from([9; 32]), ..binding() },
    ] {
        assert!(!CodeHasher::matches(&keyring, &other, &code("042917"), &hash));
    }
}

#[test]
fn same_text_under_two_methods_has_two_fingerprints() {
    let keyring = keyring(7);
    let prints = Method::ALL.map(|method| keyring.fingerprint(method, "+15005550006"));
    assert_ne!(prints[0], prints[1]);
    assert_ne!(prints[1], prints[2]);
    assert_ne!(prints[0], prints[2]);
}

fn pepper(byte: u8) -> Pepper {
    Pepper::from_base64(&base64_of(&[byte; 32])).unwrap()
}

/// Three servers in the steps of a rotation from pepper 7 to pepper 8.
fn steps() -> [Keyring; 3] {
    [
        Keyring::rotating(&pepper(7), Some(&pepper(8)), &[]),
        Keyring::rotating(&pepper(8), None, &[pepper(7)]),
        Keyring::new(&pepper(8)),
    ]
}

#[test]
fn each_step_of_a_rotation_recognizes_what_its_neighbours_make() {
    let steps = [Keyring::new(&pepper(7))].into_iter().chain(steps()).collect::<Vec<_>>();
    for pair in steps.windows(2) {
        for (maker, checker) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
            let hash = CodeHasher::hash(maker, &binding(), &code("042917"));
            assert!(CodeHasher::matches(checker, &binding(), &code("042917"), &hash));
            assert!(!CodeHasher::matches(checker, &binding(), &code("042918"), &hash));
            let fingerprint = maker.fingerprint(Method::Email, "ada@example.com");
            assert!(checker.fingerprints(Method::Email, "ada@example.com").contains(&fingerprint));
            assert_eq!(checker.sealed_with(b"bytes", &maker.seal(b"bytes")), Some(maker.ids.current));
            assert!(checker.open_cursor(&maker.seal_cursor(b"bytes", b"list"), b"list").is_some());
            let (token, salt) = (RefreshToken::from_bytes([9; 32]), SuccessorSalt([5; 16]));
            let key = Some(maker.key());
            assert_eq!(
                *checker.successor(&token, &salt, key).as_bytes(),
                *maker.successor(&token, &salt, key).as_bytes()
            );
        }
    }
}

#[test]
fn a_rotating_keyring_makes_everything_under_its_current_pepper() {
    let (plain, [_, rotating, _]) = (keyring(8), steps());
    let hash = CodeHasher::hash(&rotating, &binding(), &code("042917"));
    assert!(hash == CodeHasher::hash(&plain, &binding(), &code("042917")));
    assert_eq!(hash.key, Some(plain.ids.current));
    let fingerprint = rotating.fingerprint(Method::Sms, "+15005550006");
    assert_eq!(
        (fingerprint, fingerprint.key),
        (plain.fingerprint(Method::Sms, "+15005550006"), Some(plain.ids.current))
    );
    assert_eq!(rotating.fingerprints(Method::Sms, "+15005550006").first(), Some(&fingerprint));
    assert_eq!(rotating.seal(b"bytes"), plain.seal(b"bytes"));
    assert_eq!(rotating.key(), plain.ids.current);
}

#[test]
fn a_hash_that_names_no_key_is_checked_under_each_and_one_that_names_another_under_none() {
    let [_, rotating, _] = steps();
    let old = CodeHasher::hash(&keyring(7), &binding(), &code("042917"));
    assert!(CodeHasher::matches(&rotating, &binding(), &code("042917"), &CodeHash::from(old.hash)));
    let misnamed = CodeHash { key: Some(keyring(9).ids.current), ..old };
    assert!(!CodeHasher::matches(&rotating, &binding(), &code("042917"), &misnamed));
}

#[test]
fn a_cursor_opens_for_its_context_alone_and_not_when_it_is_altered() {
    let (keyring, other_pepper) = (keyring(7), keyring(8));
    let sealed = keyring.seal_cursor(b"ada@example.com", b"list");
    assert_eq!(keyring.open_cursor(&sealed, b"list").as_deref(), Some(b"ada@example.com".as_slice()));
    assert_eq!(sealed, keyring.seal_cursor(b"ada@example.com", b"list"));
    assert!(!sealed.windows(3).any(|bytes| bytes == b"ada"), "a cursor shows what it holds");
    assert_eq!(keyring.open_cursor(&sealed, b"other"), None);
    assert_eq!(other_pepper.open_cursor(&sealed, b"list"), None);
    for bit in 0..sealed.len() * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(keyring.open_cursor(&altered, b"list"), None, "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert_eq!(keyring.open_cursor(&sealed[..length], b"list"), None, "{length} bytes of it");
    }
}

#[test]
fn no_two_cursors_share_a_nonce() {
    let keyring = keyring(7);
    let nonce = |plain: &[u8], context: &[u8]| keyring.seal_cursor(plain, context)[..12].to_vec();
    assert_ne!(nonce(b"a", b"list"), nonce(b"b", b"list"));
    assert_ne!(nonce(b"a", b"list"), nonce(b"ta", b"lis"));
}

#[test]
fn ids_of_keys_tell_what_they_are_to_the_server() {
    use muster_domain::KeyStanding::{Current, Next, Previous, Unknown, Unrecorded};
    let [first, second, last] = steps();
    let (old, new) = (pepper(7).id(), pepper(8).id());
    let standings = |keyring: &Keyring| [Some(old), Some(new), None].map(|key| keyring.ids.standing(key));
    assert_eq!(standings(&first), [Current, Next, Unrecorded]);
    assert_eq!(standings(&second), [Previous, Current, Unrecorded]);
    assert_eq!(standings(&last), [Unknown, Current, Unrecorded]);
}

#[test]
fn debug_says_nothing() {
    assert_eq!(format!("{:?}", keyring(7)), "Keyring(redacted)");
}

proptest! {
    #[test]
    fn fingerprints_differ_when_destinations_do(a in ".{0,40}", b in ".{0,40}") {
        let keyring = keyring(7);
        let same = keyring.fingerprint(Method::Email, &a) == keyring.fingerprint(Method::Email, &b);
        prop_assert_eq!(same, a == b);
    }

    #[test]
    fn successor_is_repeatable_and_depends_on_token_salt_and_pepper(token: [u8; 32], salt: [u8; 16], flip in 0..128_usize) {
        let (first, other) = (keyring(7), keyring(8));
        let parent = RefreshToken::from_bytes(token);
        let successor = first.successor(&parent, &SuccessorSalt(salt), None);
        prop_assert!(first.successor(&parent, &SuccessorSalt(salt), None) == successor);
        prop_assert!(successor != parent);
        prop_assert!(other.successor(&parent, &SuccessorSalt(salt), None) != successor);
        let (mut changed_token, mut changed_salt) = (token, salt);
        changed_token[flip / 4] ^= 1 << (flip % 8);
        changed_salt[flip / 8] ^= 1 << (flip % 8);
        prop_assert!(first.successor(&RefreshToken::from_bytes(changed_token), &SuccessorSalt(salt), None) != successor);
        prop_assert!(first.successor(&parent, &SuccessorSalt(changed_salt), None) != successor);
    }
}
