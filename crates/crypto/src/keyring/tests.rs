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
        fingerprint: Fingerprint([3; 32]),
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
        hex(&CodeHasher::hash(&keyring, &binding(), &code("042917")).0),
        "bc580dd3dd32c24101f1996bdb6ffba0a98f664f583873e1a876a86c4109fd03"
    );
    assert_eq!(
        hex(&keyring.fingerprint(Method::Email, "ada@example.com").0),
        "4ae22df1b7110a27c1be1cd7a443d258a34655aa55706ac5760afd4209d0d00a"
    );
    let token = RefreshToken::from_bytes([9; 32]);
    assert_eq!(
        hex(keyring.successor(&token, &SuccessorSalt([5; 16])).as_bytes()),
        "a52122f57870870dedd66729ee7cbce3609b8215330a1cc851fced418f28014c"
    );
    assert_eq!(
        hex(&keyring.seal(b"muster audit record 1\0").0),
        "642604b637ddd4bea105b2770124e219527ce848f52a5977ff0a490bbd005316"
    );
}

/// A seal over the bytes that another kind of hash is made of is not that hash: the subkeys differ.
#[test]
fn a_seal_is_never_a_hash_of_another_kind() {
    let keyring = keyring(7);
    let token = RefreshToken::from_bytes([9; 32]);
    let others = [
        (encode(&binding(), &code("042917")).to_vec(), CodeHasher::hash(&keyring, &binding(), &code("042917")).0),
        (b"\x01ada@example.com".to_vec(), keyring.fingerprint(Method::Email, "ada@example.com").0),
        ([[9; 32].as_slice(), &[5; 16]].concat(), *keyring.successor(&token, &SuccessorSalt([5; 16])).as_bytes()),
        (vec![9; 32], RefreshTokenHasher::hash(&keyring, &token).0),
    ];
    for (bytes, hash) in others {
        assert_ne!(keyring.seal(&bytes).0, hash);
        assert!(!AuditSealer::matches(&keyring, &bytes, &SealHash(hash)));
    }
}

#[test]
fn a_seal_matches_its_bytes_under_its_pepper_alone() {
    let (first, other_pepper) = (keyring(7), keyring(8));
    let seal = first.seal(b"bytes");
    assert!(AuditSealer::matches(&first, b"bytes", &seal));
    assert!(!AuditSealer::matches(&first, b"byte", &seal));
    assert!(!AuditSealer::matches(&first, b"bytes\0", &seal));
    assert!(!AuditSealer::matches(&other_pepper, b"bytes", &seal));
    for bit in 0..256 {
        let mut changed = seal;
        changed.0[bit / 8] ^= 1 << (bit % 8);
        assert!(!AuditSealer::matches(&first, b"bytes", &changed), "bit {bit}");
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
        CodeBinding { fingerprint: Fingerprint([9; 32]), ..binding() },
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
        let successor = first.successor(&parent, &SuccessorSalt(salt));
        prop_assert!(first.successor(&parent, &SuccessorSalt(salt)) == successor);
        prop_assert!(successor != parent);
        prop_assert!(other.successor(&parent, &SuccessorSalt(salt)) != successor);
        let (mut changed_token, mut changed_salt) = (token, salt);
        changed_token[flip / 4] ^= 1 << (flip % 8);
        changed_salt[flip / 8] ^= 1 << (flip % 8);
        prop_assert!(first.successor(&RefreshToken::from_bytes(changed_token), &SuccessorSalt(salt)) != successor);
        prop_assert!(first.successor(&parent, &SuccessorSalt(changed_salt)) != successor);
    }
}
