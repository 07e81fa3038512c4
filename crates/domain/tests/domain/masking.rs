use muster_domain::user::EmailAddress;
use muster_domain::verification::Masked;
use proptest::prelude::*;

#[test]
fn an_e_mail_address_shows_two_characters_at_the_most() {
    let cases = [
        ("ada@example.com", "ad***@example.com"),
        ("ad@example.com", "a***@example.com"),
        ("a@example.com", "***@example.com"),
        ("grace.hopper+navy@mail.example.com", "gr***@mail.example.com"),
    ];
    for (address, masked) in cases {
        assert_eq!(Masked::email(&EmailAddress::parse(address).unwrap()).as_str(), masked);
    }
}

#[test]
fn a_sign_in_name_is_masked_like_an_address() {
    let cases = [
        ("ada", "ad***"),
        ("a", "***"),
        ("", "***"),
        ("@", "***@"),
        ("@example.com", "***@example.com"),
        ("a@b@c", "a@***@c"),
        ("émilie", "ém***"),
        ("\u{1f469}\u{200d}\u{1f680}", "\u{1f469}\u{200d}***"),
    ];
    for (name, masked) in cases {
        assert_eq!(Masked::login(name).as_str(), masked);
    }
}

#[test]
fn a_phone_number_shows_four_digits_at_the_most_and_half_of_them() {
    let cases = [
        ("+12025550100", "***0100"),
        ("+1 (202) 555-0100", "***0100"),
        ("1234567", "***567"),
        ("12", "***2"),
        ("1", "***"),
        ("", "***"),
        ("reception", "***"),
        ("٠١٢٣٤٥٦٧", "***"),
    ];
    for (number, masked) in cases {
        assert_eq!(Masked::phone(number).as_str(), masked, "{number}");
    }
}

/// Names as people have them, and as they should not: any Unicode, few characters, many `@`.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a@.\\u{e9}\\u{301}\\u{1f980}]{0,8}", "\\PC{1,3}@\\PC{0,10}"]
}

proptest! {
    #[test]
    fn never_more_than_two_characters_of_the_local_part_and_never_all_of_it(name in names()) {
        let masked = Masked::login(&name);
        let (local, domain) = name.rsplit_once('@').map_or((name.as_str(), None), |(l, d)| (l, Some(d)));
        let rest = match domain {
            Some(domain) => masked.as_str().strip_suffix(&format!("@{domain}")).unwrap(),
            None => masked.as_str(),
        };
        let shown = rest.strip_suffix("***").unwrap();
        prop_assert!(local.starts_with(shown));
        prop_assert!(shown.chars().count() <= 2);
        prop_assert!(local.is_empty() || shown.len() < local.len());
    }

    #[test]
    fn a_masked_address_is_a_masked_sign_in_name(address in "[a-zA-Z0-9.é]{1,20}@[a-z]{1,9}\\.com") {
        if let Ok(parsed) = EmailAddress::parse(&address) {
            prop_assert_eq!(Masked::email(&parsed), Masked::login(&address));
        }
    }

    #[test]
    fn never_more_than_four_digits_of_a_number_and_never_more_than_half(number in prop_oneof![any::<String>(), "[+0-9 ()-]{0,20}"]) {
        let masked = Masked::phone(&number);
        let shown = masked.as_str().strip_prefix("***").unwrap();
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        prop_assert!(shown.len() <= 4 && 2 * shown.len() <= digits.len());
        prop_assert!(digits.ends_with(shown));
    }
}
