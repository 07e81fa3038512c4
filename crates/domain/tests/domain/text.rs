use muster_domain::{InvalidText, Text};
use proptest::prelude::*;

type Short = Text<5>;

#[test]
fn the_limit_counts_characters() {
    for fits in ["a", "abcde", "ééééé", "\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}", "  abcde  "] {
        assert_eq!(Short::parse(fits).unwrap().as_str(), fits.trim());
    }
    for long in ["abcdef", "éééééé", "a b c d"] {
        assert_eq!(Short::parse(long), Err(InvalidText::TooLong { max: 5 }));
    }
}

#[test]
fn nothing_but_spaces_is_empty() {
    for empty in ["", " ", "\t\n", "\u{2003}\u{a0}"] {
        assert_eq!(Short::parse(empty), Err(InvalidText::Empty));
    }
}

#[test]
fn control_characters_are_refused() {
    for text in ["a\0b", "a\nb", "a\u{7f}", "\u{85}b\u{9f}", "\u{1b}[1m"] {
        assert_eq!(Short::parse(text), Err(InvalidText::Control), "{text:?}");
    }
}

/// What cannot be seen could pass for something else, and what turns direction could hide it.
#[test]
fn invisible_and_turning_characters_are_refused_and_joiners_are_not() {
    for text in ["\u{200b}", "a\u{202e}b", "\u{2066}a", "a\u{2028}b", "\u{feff}a", "\u{2060}"] {
        assert_eq!(Short::parse(text), Err(InvalidText::Control), "{text:?}");
    }
    assert!(Short::parse("\u{1f468}\u{200d}\u{1f4bb}").is_ok());
}

#[test]
fn serde_refuses_what_parse_refuses() {
    assert!(serde_json::from_str::<Short>("\"abcdef\"").is_err());
    let text: Short = serde_json::from_str("\" ab \"").unwrap();
    assert_eq!(serde_json::to_string(&text).unwrap(), "\"ab\"");
}

/// What may be in no text.
fn is_refused(c: char) -> bool {
    let invisible =
        ['\u{200B}'..='\u{200B}', '\u{200E}'..='\u{200F}', '\u{2028}'..='\u{202E}', '\u{2060}'..='\u{206F}'];
    c.is_control() || c == '\u{FEFF}' || invisible.iter().any(|range| range.contains(&c))
}

proptest! {
    #[test]
    fn what_is_taken_is_within_the_limits_and_is_taken_again(raw in any::<String>()) {
        match Text::<20>::parse(&raw) {
            Ok(text) => {
                prop_assert!((1..=20).contains(&text.as_str().chars().count()));
                prop_assert!(!text.as_str().chars().any(is_refused));
                prop_assert_eq!(text.as_str(), raw.trim());
                prop_assert_eq!(Text::<20>::parse(text.as_str()), Ok(text));
            }
            Err(InvalidText::Empty) => prop_assert!(raw.trim().is_empty()),
            Err(InvalidText::TooLong { max }) => prop_assert!(raw.trim().chars().count() > max && max == 20),
            Err(InvalidText::Control) => prop_assert!(raw.trim().chars().any(is_refused)),
        }
    }
}
