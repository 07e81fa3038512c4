use muster_domain::directory::{DirectoryRecord, RawRecord};
use proptest::prelude::*;

use crate::house::raw;

fn refused(raw: RawRecord) -> Vec<String> {
    let errors = DirectoryRecord::parse(raw, None).unwrap_err();
    errors.into_iter().map(|error| error.field).collect()
}

#[test]
fn a_user_name_is_required() {
    for user_name in [None, Some(String::new()), Some("  ".to_owned())] {
        assert_eq!(refused(RawRecord { user_name, ..RawRecord::default() }), ["userName"]);
    }
    let record =
        DirectoryRecord::parse(RawRecord { user_name: Some(" ada ".to_owned()), ..RawRecord::default() }, None);
    assert_eq!(record.unwrap().user_name(), "ada");
}

#[test]
fn everything_that_is_wrong_is_named() {
    let long = || Some("x".repeat(401));
    let all_wrong = RawRecord {
        external_id: long(),
        user_name: long(),
        display_name: long(),
        given_name: Some("A\0da".to_owned()),
        family_name: long(),
        email: Some("nowhere".to_owned()),
        phone: long(),
        time_zone: long(),
        locale: long(),
        active: None,
    };
    let mut fields = refused(all_wrong);
    fields.sort();
    let expected = ["displayName", "externalId", "locale", "name.familyName", "name.givenName", "timezone", "userName"];
    assert_eq!(fields, expected);
}

#[test]
fn an_empty_string_counts_as_left_out() {
    let empty = || Some(String::new());
    let record = RawRecord {
        external_id: empty(),
        display_name: empty(),
        given_name: empty(),
        family_name: empty(),
        email: Some(" ".to_owned()),
        phone: empty(),
        time_zone: empty(),
        locale: empty(),
        ..raw("ada")
    };
    let bare = RawRecord { user_name: Some("ada".to_owned()), ..RawRecord::default() };
    assert_eq!(DirectoryRecord::parse(record, None), DirectoryRecord::parse(bare, None));
}

#[test]
fn a_phone_number_that_cannot_be_normalized_does_not_refuse_the_record() {
    let odd = RawRecord { phone: Some("reception".to_owned()), ..raw("ada@example.com") };
    let record = DirectoryRecord::parse(odd, None).unwrap();
    assert!(record.phone_is_undeliverable());
    let national = RawRecord { phone: Some("020 7946 0958".to_owned()), ..raw("ada@example.com") };
    assert!(DirectoryRecord::parse(national.clone(), None).unwrap().phone_is_undeliverable());
    let british = "gb".parse().ok();
    assert!(british.is_some());
    assert!(!DirectoryRecord::parse(national, british).unwrap().phone_is_undeliverable());
}

#[test]
fn a_contact_that_is_none_refuses_nothing() {
    let long = format!("+1 415 555 2671{}", " 1".repeat(60));
    for (email, phone) in [("nowhere", "+1 415 555 267O"), ("ada@example.com\0", "\0"), ("@", long.as_str())] {
        let odd = RawRecord { email: Some(email.to_owned()), phone: Some(phone.to_owned()), ..raw("ada@example.com") };
        let record = DirectoryRecord::parse(odd, None).unwrap();
        assert_eq!(record.email_is_malformed(), email != "ada@example.com\0", "{email:?}");
        assert_eq!(record.phone_is_undeliverable(), phone != "\0", "{phone:?}");
    }
}

#[test]
fn names_lose_what_is_invisible_at_their_ends_alone() {
    let pasted = |name: &str| RawRecord {
        display_name: Some(format!("\u{200f}{name} \u{200e}\u{feff}")),
        user_name: Some("\u{200b}ada\u{2069}".to_owned()),
        ..RawRecord::default()
    };
    let plain =
        RawRecord { display_name: Some("Ada".to_owned()), user_name: Some("ada".to_owned()), ..RawRecord::default() };
    assert_eq!(DirectoryRecord::parse(pasted("Ada"), None), DirectoryRecord::parse(plain, None));
    assert_eq!(refused(pasted("A\u{202e}da")), ["displayName"]);
}

proptest! {
    #[test]
    fn no_record_makes_parsing_panic(texts in prop::array::uniform9(any::<Option<String>>()), active in any::<Option<bool>>()) {
        let [external_id, user_name, display_name, given_name, family_name, email, phone, time_zone, locale] = texts;
        let raw = RawRecord {
            external_id, user_name, display_name, given_name, family_name, email, phone, time_zone, locale, active,
        };
        if let Err(errors) = DirectoryRecord::parse(raw, "US".parse().ok()) {
            prop_assert!(!errors.is_empty());
        }
    }
}
