use muster_domain::user::{E164, EmailAddress, Phone, Region, fold};
use muster_testkit::Builders;
use proptest::prelude::*;

#[test]
fn addresses_that_have_the_form_are_taken() {
    let longest = format!("{}@{}.example.com", "l".repeat(64), "d".repeat(62));
    for address in ["ada@example.com", "A.B+c_d@Mail.Example.com", "a@b.co", "émilie@exämple.com", &longest] {
        let parsed = EmailAddress::parse(&format!("  {address} ")).unwrap();
        assert_eq!(parsed.as_str(), address);
    }
}

#[test]
fn an_address_has_254_bytes_at_the_most() {
    let address = |label: usize| {
        let (local, long) = ("l".repeat(64), "d".repeat(60));
        format!("{local}@{long}.{long}.{}.com", "e".repeat(label))
    };
    assert_eq!(address(63).len(), 254);
    assert!(EmailAddress::parse(&address(63)).is_ok());
    let over = address(63).replacen("@ddd", "@dddd", 1);
    assert_eq!(over.len(), 255);
    assert!(EmailAddress::parse(&over).is_err());
}

#[test]
fn addresses_that_have_not_the_form_are_refused() {
    let too_long = format!("a@{}com", "long.".repeat(52));
    let refused = [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@localhost",
        "ada@@example.com",
        "a b@example.com",
        "Ada <ada@example.com>",
        "ada@[192.0.2.7]",
        "\"ada\"@example.com",
        "ada\0@example.com",
        "ada@example.com\r\nBcc: all@example.com",
        "ada@example.com,grace@example.com",
        too_long.as_str(),
    ];
    for address in refused {
        assert!(EmailAddress::parse(address).is_err(), "{address:?}");
    }
}

#[test]
fn formatting_of_a_number_does_not_matter() {
    let us: Option<Region> = "us".parse().ok();
    assert!(us.is_some());
    let number = Phone::parse("+12025550143", None);
    assert_eq!(number.deliverable().unwrap().as_str(), "+12025550143");
    for written in ["+1 (202) 555-0143", "tel:+1-202-555-0143", " +1 202.555.0143 ", "+1 2025550143"] {
        assert_eq!(Phone::parse(written, None), number, "{written}");
    }
    for written in ["(202) 555-0143", "1 202 555 0143", "202-555-0143", "+1 202 555 0143"] {
        assert_eq!(Phone::parse(written, us), number, "{written}");
    }
    assert_eq!(Phone::parse("020 7946 0958", "GB".parse().ok()), Phone::parse("+442079460958", us));
}

#[test]
fn what_is_no_number_is_kept_and_undeliverable() {
    let odd = [
        "",
        "reception",
        "12",
        "+1 202 555 0143 ext. 9",
        "+1 202 555 0143 x9",
        "2025550143",
        "+99999999999999999",
        "+0",
    ];
    for written in odd {
        let phone = Phone::parse(written, None);
        assert_eq!(phone, Phone::Undeliverable(written.to_owned()));
        assert_eq!(phone.deliverable(), None);
    }
}

/// A text, the region that is taken for it, and the number that is understood, if any.
const READ: [(&str, &str, Option<&str>); 45] = [
    // The letter O for a zero, and others.
    ("+1 415 555 267O", "", None),
    ("415 555 267O", "US", None),
    ("+3367a829916", "", None),
    ("+44 7400 12345G", "", None),
    ("O7400 123456", "GB", None),
    ("1-800-FLOWERS", "US", None),
    ("+1 415 555 2671 x5", "", None),
    ("+1 415 555 2671 # 5", "", None),
    ("tel:+1-415-555-2671;ext=5", "", None),
    // Labels and schemes.
    ("Mobile: +1 415 555 2671", "", Some("+14155552671")),
    ("Tel. 0151 23456789", "DE", Some("+4915123456789")),
    ("m: +1 415 555 2671", "", Some("+14155552671")),
    ("TEL:+1-415-555-2671", "", Some("+14155552671")),
    ("tel:7400-123456;phone-context=+44", "", Some("+447400123456")),
    // National numbers that begin with their country's own code.
    ("47 48 38 20", "NO", Some("+4747483820")),
    ("392 503 0357", "IT", Some("+393925030357")),
    ("(55) 99612-3456", "BR", Some("+5555996123456")),
    ("5333 1556", "CU", Some("+5353331556")),
    ("4915123456789", "DE", Some("+4915123456789")),
    ("4915123456789", "", None),
    ("1 415 555 2671", "US", Some("+14155552671")),
    ("8 812 234 56 78", "RU", Some("+78122345678")),
    // What follows the country code is taken digit by digit.
    ("+7 812 234 56 78", "", Some("+78122345678")),
    ("+44 (0)7400 123456", "", Some("+447400123456")),
    ("+39 06 698 12345", "", Some("+390669812345")),
    ("0049 151 23456789", "DE", Some("+4915123456789")),
    ("011 44 7400 123456", "US", Some("+447400123456")),
    // Ranges that are newer than some data, and one that no data knows.
    ("+1 983 234 5678", "", Some("+19832345678")),
    ("+256 73 1234567", "", Some("+256731234567")),
    ("+90 582 123 45 67", "", Some("+905821234567")),
    ("0582 123 45 67", "TR", None),
    // Lengths that no mobile number of the country has.
    ("+97233142764978", "", None),
    ("+1 415 555 267", "", None),
    ("+1 555 2671", "", None),
    ("+44 7400 12345", "", None),
    // Pasted from a contacts app or a chat.
    ("\u{202d}+1 415 555 2671\u{202c}", "", Some("+14155552671")),
    ("\u{200e}+1\u{a0}415\u{2011}555\u{2011}2671\u{feff}", "", Some("+14155552671")),
    ("\u{2068}+1 415\u{200b}555\u{ad}2671\u{2069}", "", Some("+14155552671")),
    ("+1 415\t555 2671", "", Some("+14155552671")),
    ("\u{ff0b}\u{ff11} \u{ff14}\u{ff11}\u{ff15} 555 2671", "", Some("+14155552671")),
    ("+\u{661}\u{664}\u{661}\u{665}5552671", "", Some("+14155552671")),
    // Two numbers, and none.
    ("+1 415 555 2671 / +1 415 555 2672", "", None),
    ("+1 415 555 2671, +1 415 555 2672", "", None),
    ("112", "DE", None),
    ("+888 1234", "", None),
];

#[test]
fn a_text_is_read_as_the_number_that_it_is_or_kept_as_it_is() {
    for (text, region, number) in READ {
        let phone = Phone::parse(text, region.parse().ok());
        assert_eq!(phone.deliverable().map(E164::as_str), number, "{text:?} in {region:?}");
    }
}

#[test]
fn a_text_that_is_too_long_is_no_number() {
    for (blanks, is_number) in [(51, true), (52, false)] {
        let written = format!("+1{}4155552671", " ".repeat(blanks));
        assert_eq!(Phone::parse(&written, None).deliverable().is_some(), is_number, "{} characters", written.len());
    }
}

#[test]
fn a_region_is_a_country_code() {
    for good in ["US", "gb", " de "] {
        assert!(good.parse::<Region>().is_ok(), "{good}");
    }
    for bad in ["", "XX1", "United States", "1"] {
        assert!(bad.parse::<Region>().is_err(), "{bad}");
    }
}

#[test]
fn debug_shows_nothing_of_a_contact() {
    let user = Builders::default().user("ada").build();
    let shown = format!("{:?} {:?}", user.email, user.phone);
    assert_eq!(shown, "Some(EmailAddress(redacted)) Some(Deliverable(redacted))");
    assert_eq!(format!("{:?}", user.phone.as_ref().and_then(Phone::deliverable)), "Some(E164(redacted))");
    assert_eq!(format!("{:?}", Phone::parse("secret desk", None)), "Undeliverable(redacted)");
}

proptest! {
    #[test]
    fn no_text_makes_parsing_an_address_panic(text in any::<String>()) {
        if let Ok(address) = EmailAddress::parse(&text) {
            prop_assert!(address.as_str().len() <= EmailAddress::MAX_BYTES);
            prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address));
        }
    }

    #[test]
    fn normalizing_an_address_is_idempotent_and_does_not_see_case(address in "[a-zA-Z0-9.é]{1,20}@[a-zA-Z]{1,9}\\.com") {
        if let Ok(parsed) = EmailAddress::parse(&address) {
            let normalized = parsed.normalized();
            prop_assert_eq!(&EmailAddress::parse(&normalized).unwrap().normalized(), &normalized);
            let shouted = EmailAddress::parse(&address.to_uppercase()).unwrap();
            prop_assert_eq!(shouted.normalized(), normalized);
        }
    }

    #[test]
    fn folding_is_idempotent(text in any::<String>()) {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded);
    }

    #[test]
    fn no_text_makes_parsing_a_number_panic(text in any::<String>(), numeric in "[+0-9 ()./x;=#,-]{0,30}") {
        for raw in [text, numeric] {
            for region in [None, "US".parse().ok(), "DE".parse().ok()] {
                let phone = Phone::parse(&raw, region);
                prop_assert_eq!(Phone::parse(phone.as_str(), region), phone.clone());
                prop_assert_eq!(Phone::from_stored(phone.as_str(), phone.deliverable().is_some()), phone);
            }
        }
    }

    #[test]
    fn separators_make_no_other_number(digits in "20255501[0-9]{2}", separators in prop::collection::vec("[ .()-]{0,2}", 10)) {
        let mut written = String::new();
        for (digit, separator) in digits.chars().zip(&separators) {
            written.push(digit);
            written.push_str(separator);
        }
        let phone = Phone::parse(&format!("+1 {written}"), None);
        prop_assert_eq!(phone.as_str(), format!("+1{digits}"), "{}", written);
        prop_assert!(phone.deliverable().is_some());
    }
}
