use muster_domain::device::{InvalidPushToken, Platform, PushToken};
use proptest::prelude::*;

/// The one of RFC 8291, section 5.
const KEY: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

fn key(first: &str) -> String {
    format!("{first}{}", &KEY[first.len()..])
}

fn subscription(endpoint: &str, p256dh: &str, auth: &str) -> String {
    format!(r#"{{"endpoint":"{endpoint}","keys":{{"p256dh":"{p256dh}","auth":"{auth}"}}}}"#)
}

const AUTH: &str = "AAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn phone_tokens_are_visible_ascii_of_limited_length() {
    let longest = "x".repeat(PushToken::MAX_BYTES);
    for token in ["a", "abc:def-123_~", longest.as_str()] {
        for platform in [Platform::Ios, Platform::Android] {
            assert_eq!(PushToken::parse(platform, token).unwrap().expose(), token);
        }
    }
    let too_long = "x".repeat(PushToken::MAX_BYTES + 1);
    for token in ["", "  ", "a b", "a\0b", "tök", "a\nb", too_long.as_str()] {
        for platform in [Platform::Ios, Platform::Android] {
            assert_eq!(PushToken::parse(platform, token), Err(InvalidPushToken::Token), "{token:?}");
        }
    }
}

#[test]
fn a_web_token_is_a_push_subscription() {
    let good = subscription("https://push.example/s/1", KEY, AUTH);
    assert_eq!(PushToken::parse(Platform::Web, &good).unwrap().expose(), good);
    let long = format!("https://push.example/{}", "s".repeat(PushToken::MAX_BYTES));
    let bad = [
        String::new(),
        "token".to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
        subscription("http://push.example/s/1", KEY, AUTH),
        subscription("push.example/s/1", KEY, AUTH),
        subscription("https://user@push.example/s/1", KEY, AUTH),
        subscription("https://:secret@push.example/s/1", KEY, AUTH),
        subscription("https://push.example/s/1", &key("AA"), AUTH),
        subscription("https://push.example/s/1", "BAAA", AUTH),
        // 65 bytes, the first of which is 4, and no point of the curve.
        subscription("https://push.example/s/1", &key("BA"), AUTH),
        subscription("https://push.example/s/1", &format!("BA{}", "A".repeat(85)), AUTH),
        subscription("https://push.example/s/1", &format!("B{}", "_".repeat(85) + "8"), AUTH),
        subscription("https://push.example/s/1", &key("B*"), AUTH),
        subscription("https://push.example/s/1", KEY, "AAAA"),
        subscription("https://push.example/s/1", KEY, ""),
        subscription(&long, KEY, AUTH),
        r#"{"endpoint":"https://push.example/s/1"}"#.to_owned(),
    ];
    for token in bad {
        assert_eq!(PushToken::parse(Platform::Web, &token), Err(InvalidPushToken::Subscription), "{token}");
    }
}

/// The server sends there, so a subscription must not make it call into an internal network.
#[test]
fn a_subscription_names_a_public_host() {
    for host in
        ["169.254.169.254", "[::1]", "127.1", "0x7f000001", "localhost", "printer.local", "db.internal", "a.b:8443"]
    {
        let token = subscription(&format!("https://{host}/s"), KEY, AUTH);
        assert_eq!(PushToken::parse(Platform::Web, &token), Err(InvalidPushToken::Subscription), "{host}");
    }
    let usual_port = subscription("https://push.example:443/s", KEY, AUTH);
    assert!(PushToken::parse(Platform::Web, &usual_port).is_ok());
}

#[test]
fn debug_shows_nothing_of_a_token() {
    let token = PushToken::parse(Platform::Ios, "do-not-show").unwrap();
    assert_eq!(format!("{token:?}"), "PushToken(redacted)");
}

proptest! {
    #[test]
    fn no_text_makes_parsing_panic_and_what_is_taken_is_taken_again(text in any::<String>()) {
        for platform in [Platform::Ios, Platform::Android, Platform::Web] {
            if let Ok(token) = PushToken::parse(platform, &text) {
                prop_assert_eq!(PushToken::parse(platform, token.expose()), Ok(token));
            }
        }
    }

    #[test]
    fn the_canonical_form_of_a_subscription_is_its_own(path in "[a-zA-Z0-9/%?=&ü .-]{0,40}", pad in any::<bool>()) {
        let auth = if pad { format!("{AUTH}==") } else { AUTH.to_owned() };
        let text = subscription(&format!("https://Push.Example:443/{path}"), KEY, &auth);
        let token = PushToken::parse(Platform::Web, &text).unwrap();
        prop_assert_eq!(PushToken::parse(Platform::Web, token.expose()), Ok(token));
    }
}

#[test]
fn one_address_written_in_two_ways_is_one_token() {
    let ios = |raw| PushToken::parse(Platform::Ios, raw).unwrap();
    assert_eq!(ios("00FC13ADFF"), ios("00fc13adff"));
    let android = |raw| PushToken::parse(Platform::Android, raw).unwrap();
    assert_ne!(android("AbC:x"), android("abc:x"));
    let web = |endpoint| PushToken::parse(Platform::Web, &subscription(endpoint, KEY, &"A".repeat(22))).unwrap();
    assert_eq!(web("https://push.example/s/1#one"), web("https://PUSH.example/s/1"));
}
