use muster_domain::session::{RefreshToken, RefreshTokenHasher, SuccessorSalt};
use muster_testkit::{FakeHasher, SeededEntropy};
use proptest::prelude::*;

#[test]
fn a_token_is_a_prefix_and_fifty_letters_and_digits() {
    let text = RefreshToken::from_bytes([0; 32]).expose();
    assert!(text.starts_with(&format!("mst_rt_{}", "0".repeat(44))));
    for bytes in [[0; 32], [0xff; 32]] {
        let text = RefreshToken::from_bytes(bytes).expose();
        assert_eq!(text.len(), 57);
        assert!(text["mst_rt_".len()..].bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(RefreshToken::parse(&text).unwrap().as_bytes(), &bytes);
    }
}

#[test]
fn what_has_not_the_form_is_refused() {
    let good = RefreshToken::generate(&SeededEntropy::default()).expose();
    let halves_too_large = format!("mst_rt_{}", "z".repeat(50));
    let refused = [
        "",
        "mst_rt_",
        &good[1..],
        &good[..56],
        &good["mst_rt_".len()..],
        &format!("{}0", *good),
        &format!(" {}", *good),
        &good.to_uppercase(),
        &good.replace("mst_rt_", "mst_at_"),
        &halves_too_large,
    ];
    for text in refused {
        assert!(RefreshToken::parse(text).is_err(), "{text}");
    }
}

#[test]
fn debug_shows_nothing_of_a_token() {
    let token = RefreshToken::generate(&SeededEntropy::default());
    assert_eq!(format!("{token:?}"), "RefreshToken(redacted)");
    assert_eq!(format!("{:?}", RefreshTokenHasher::hash(&FakeHasher::default(), &token)), "TokenHash(redacted)");
    assert_eq!(format!("{:?}", SuccessorSalt([7; 16])), "SuccessorSalt(redacted)");
}

#[test]
fn a_mistyped_token_is_refused_when_a_document_is_read() {
    let text = RefreshToken::generate(&SeededEntropy::default()).expose();
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    assert!(serde_json::from_str::<RefreshToken>(&quoted(&text)).is_ok());
    assert!(serde_json::from_str::<RefreshToken>(&quoted(&text[1..])).is_err());
}

proptest! {
    #[test]
    fn what_was_exposed_is_parsed_again(bytes in any::<[u8; 32]>()) {
        let token = RefreshToken::from_bytes(bytes);
        prop_assert_eq!(RefreshToken::parse(&token.expose()), Ok(token));
    }

    #[test]
    fn a_single_changed_character_is_refused(bytes in any::<[u8; 32]>(), at in 0..57_usize, to in "[a-zA-Z0-9_]") {
        let mut text = RefreshToken::from_bytes(bytes).expose().to_string();
        prop_assume!(text[at..=at] != to);
        text.replace_range(at..=at, &to);
        prop_assert!(RefreshToken::parse(&text).is_err(), "{}", text);
    }

    #[test]
    fn two_characters_that_changed_places_are_refused(bytes in any::<[u8; 32]>(), at in 0..56_usize) {
        let text = RefreshToken::from_bytes(bytes).expose();
        let mut swapped = text.as_bytes().to_vec();
        swapped.swap(at, at + 1);
        prop_assume!(swapped != text.as_bytes());
        prop_assert!(RefreshToken::parse(std::str::from_utf8(&swapped).unwrap()).is_err());
    }

    #[test]
    fn no_text_makes_parsing_panic_and_each_token_has_one_spelling(text in any::<String>(), body in "[a-zA-Z0-9]{50}") {
        for text in [text.clone(), format!("mst_rt_{text}"), format!("mst_rt_{body}")] {
            if let Ok(token) = RefreshToken::parse(&text) {
                let spelling = token.expose();
                prop_assert_eq!(spelling.as_str(), text);
            }
        }
    }
}
