use muster_domain::directory::{Comparison, Condition, Operand, UserAttribute};
use muster_domain::user::{EmailAddress, Phone, User, fold};
use time::Duration;

use crate::contract::World;
use crate::contract::directory_world::{COMPARISONS, not, text, text_compares};

/// Texts that a store could take for more, or less, than texts.
const ODD: [&str; 15] = [
    "Ada",
    "ada",
    "adA Lovelace",
    "Ádá",
    "ádá",
    "100%",
    "100 per cent",
    "a_b",
    "axb",
    "a\\b",
    "a\\%b",
    "o'neil \"x\"",
    "[a-z]*?",
    "\u{1f980}",
    "Ωmega",
];
/// Of these every text that is asked for.
/// Some have a NUL, which is no text to every engine.
const OPERANDS: [&str; 14] = ["", "%", "_", "\\", "'", "\"", "*", "A", "d", "á", "zz", "\0", "Ada\0", "a\0\u{1f980}"];

const TEXTS: [UserAttribute; 7] = [
    UserAttribute::ExternalId,
    UserAttribute::DisplayName,
    UserAttribute::GivenName,
    UserAttribute::FamilyName,
    UserAttribute::Phone,
    UserAttribute::TimeZone,
    UserAttribute::Locale,
];

pub async fn a_text_compares_byte_by_byte_and_means_nothing_but_itself(world: World) {
    let mut people = Vec::new();
    for (number, value) in ODD.into_iter().enumerate() {
        people.push((format!("u{number:02}"), value));
        everywhere(&world, &format!("u{number:02}"), value).await;
    }
    for attribute in TEXTS {
        for operand in ODD.into_iter().chain(OPERANDS) {
            for comparison in COMPARISONS {
                let fits = people.iter().filter(|(_, value)| text_compares(value, comparison, operand));
                let expected: Vec<&String> = fits.map(|(name, _)| name).collect();
                let found = world.who(text(attribute, comparison, operand)).await;
                assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{attribute:?} {comparison:?} {operand:?}");
            }
        }
    }
}

pub async fn a_user_name_compares_without_case(world: World) {
    let names = ["Ada.Lovelace", "ÁDÁ", "straße", "ΣΊΣΥΦΟΣ", "100%", "1000", "a_b", "aXb", "a\\b", "o'neil"];
    for name in names {
        world.insert(world.make.user(name).email(None)).await;
    }
    let asked =
        ["ADA", "áDá", "STRASSE", "STRAßE", "σίσυφο", "áDÁ\0", "A_B", "AXB", "A\\B", "O'NEIL", "%", "_", "\\", ""];
    for operand in names.into_iter().chain(asked) {
        for comparison in COMPARISONS {
            let fits = |name: &&str| text_compares(&fold(name), comparison, &fold(operand));
            let mut expected: Vec<&str> = names.into_iter().filter(fits).collect();
            expected.sort_unstable();
            let found = world.who(text(UserAttribute::UserName, comparison, operand)).await;
            assert_eq!(found, expected, "{comparison:?} {operand:?}");
        }
    }
}

pub async fn an_email_address_compares_without_case(world: World) {
    let addresses = ["Ada@Example.com", "ÉLAN@example.com", "a_b@example.com", "axb@example.com", "100%@example.org"];
    for address in addresses {
        let email = Some(EmailAddress::parse(address).unwrap());
        world.insert(world.make.user(&address.replace('@', " at ")).email(email)).await;
    }
    for operand in addresses.into_iter().chain(["ADA@", "élan", "ÉLAN", "A_B", "EXAMPLE.COM", "%", "_", "@", "z"]) {
        for comparison in COMPARISONS {
            let fits = |address: &&str| text_compares(&fold(address), comparison, &fold(operand));
            let fitting = addresses.into_iter().filter(fits).map(|address| address.replace('@', " at "));
            let mut expected: Vec<String> = fitting.collect();
            expected.sort_unstable();
            let found = world.who(text(UserAttribute::Email, comparison, operand)).await;
            assert_eq!(found, expected, "{comparison:?} {operand:?}");
        }
    }
}

pub async fn an_id_is_equal_to_its_lower_case_hyphenated_text_alone(world: World) {
    let ada = world.user("ada").await;
    world.user("grace").await;
    let id = ada.id.to_string();
    assert_eq!(ask_id(&world, &id).await, ["ada"]);
    let spelled_otherwise = [id.to_uppercase(), id.replace('-', ""), format!("{{{id}}}"), format!("urn:uuid:{id}")];
    for other in spelled_otherwise.iter().map(String::as_str).chain(["", "%", "ada", "01", &id[..35]]) {
        assert_eq!(ask_id(&world, other).await, [""; 0], "{other:?} is the id");
    }
}

pub async fn what_is_true_or_false_is_equal_to_itself(world: World) {
    world.user("ada").await;
    world.insert(world.make.user("gone").deactivated()).await;
    for (truth, expected) in [(true, "ada"), (false, "gone")] {
        let is = Condition::Compare(UserAttribute::Active, Comparison::Equal, Operand::Truth(truth));
        assert_eq!(world.who(is.clone()).await, [expected]);
        assert_eq!(world.who(not(is)).await, [if truth { "gone" } else { "ada" }]);
    }
}

pub async fn a_time_compares_to_the_microsecond(world: World) {
    let now = world.make.now();
    let micro = Duration::MICROSECOND;
    for (name, at) in [("a", now - micro), ("b", now), ("c", now + micro)] {
        // The other time is the other way round, so that no store can take one for the other.
        let user = User { created_at: at, updated_at: now + (now - at), ..world.make.user(name).build() };
        let event = world.make.event("test.user.created", None);
        world.stores.directory.insert_user(&user, &event).await.unwrap();
    }
    let expected: [(Comparison, &[&str], &[&str]); 5] = [
        (Comparison::Equal, &["b"], &["b"]),
        (Comparison::Greater, &["c"], &["a"]),
        (Comparison::GreaterOrEqual, &["b", "c"], &["a", "b"]),
        (Comparison::Less, &["a"], &["c"]),
        (Comparison::LessOrEqual, &["a", "b"], &["b", "c"]),
    ];
    for (comparison, created, updated) in expected {
        for (attribute, expected) in [(UserAttribute::CreatedAt, created), (UserAttribute::UpdatedAt, updated)] {
            let found = world.who(Condition::Compare(attribute, comparison, Operand::Time(now))).await;
            assert_eq!(found, expected, "{attribute:?} {comparison:?}");
        }
    }
}

pub async fn a_time_between_two_microseconds_is_neither(world: World) {
    let now = world.make.now();
    for (name, at) in [("a", now), ("b", now + Duration::MICROSECOND)] {
        let user = User { created_at: at, ..world.make.user(name).build() };
        let event = world.make.event("test.user.created", None);
        world.stores.directory.insert_user(&user, &event).await.unwrap();
    }
    let expected: [(Comparison, &[&str]); 5] = [
        (Comparison::Equal, &[]),
        (Comparison::Greater, &["b"]),
        (Comparison::GreaterOrEqual, &["b"]),
        (Comparison::Less, &["a"]),
        (Comparison::LessOrEqual, &["a"]),
    ];
    for nanos in [1, 999] {
        let between = Operand::Time(now + Duration::nanoseconds(nanos));
        for (comparison, expected) in expected {
            let found = world.who(Condition::Compare(UserAttribute::CreatedAt, comparison, between.clone())).await;
            assert_eq!(found, expected, "{comparison:?}, {nanos} ns");
        }
    }
}

pub async fn an_absent_attribute_compares_as_false(world: World) {
    bare(&world, "bare").await;
    everywhere(&world, "full", "ada").await;
    for attribute in TEXTS.into_iter().filter(|attribute| *attribute != UserAttribute::DisplayName) {
        for comparison in COMPARISONS {
            for operand in ["", "\u{1f980}", "ada"] {
                let compare = text(attribute, comparison, operand);
                let found = world.who(compare.clone()).await;
                assert!(
                    !found.contains(&"bare".to_owned()),
                    "{attribute:?} {comparison:?} {operand:?} holds of nothing"
                );
                let others = world.who(not(compare)).await;
                assert!(others.contains(&"bare".to_owned()), "{attribute:?}: nothing is neither so nor not so");
            }
        }
    }
    for operand in ["", "@", "z"] {
        for comparison in COMPARISONS {
            let found = world.who(text(UserAttribute::Email, comparison, operand)).await;
            assert!(!found.contains(&"bare".to_owned()), "Email {comparison:?} {operand:?} holds of nothing");
        }
    }
}

pub async fn an_attribute_is_present_when_it_has_a_value(world: World) {
    bare(&world, "bare").await;
    everywhere(&world, "full", "ada").await;
    for attribute in all() {
        let always = [
            UserAttribute::Id,
            UserAttribute::UserName,
            UserAttribute::DisplayName,
            UserAttribute::Active,
            UserAttribute::CreatedAt,
            UserAttribute::UpdatedAt,
        ];
        let (expected, others): (&[&str], &[&str]) =
            if always.contains(&attribute) { (&["bare", "full"], &[]) } else { (&["full"], &["bare"]) };
        assert_eq!(world.who(Condition::Present(attribute)).await, expected, "{attribute:?}");
        assert_eq!(world.who(not(Condition::Present(attribute))).await, others, "not {attribute:?}");
    }
}

pub async fn not_is_the_exact_opposite(world: World) {
    let mut everybody = Vec::new();
    for (number, value) in ODD.into_iter().take(6).enumerate() {
        everybody.push(format!("u{number:02}"));
        everywhere(&world, &format!("u{number:02}"), value).await;
    }
    bare(&world, "bare").await;
    everybody.push("bare".to_owned());
    everybody.sort_unstable();
    let given = || text(UserAttribute::GivenName, Comparison::Contains, "d");
    let family = || text(UserAttribute::FamilyName, Comparison::Less, "b");
    let locale = || Condition::Present(UserAttribute::Locale);
    let conditions = [
        given(),
        not(given()),
        Condition::All(vec![]),
        Condition::Any(vec![]),
        Condition::All(vec![given(), not(family())]),
        Condition::Any(vec![not(given()), family(), not(locale())]),
        Condition::All(vec![
            Condition::Any(vec![given(), not(locale())]),
            not(Condition::All(vec![family(), given()])),
        ]),
    ];
    for (number, condition) in conditions.into_iter().enumerate() {
        let (mut holds, opposite) = (world.who(condition.clone()).await, world.who(not(condition.clone())).await);
        assert_eq!(world.who(not(not(condition))).await, holds, "condition {number}: not not is not the same");
        holds.extend(opposite);
        holds.sort_unstable();
        assert_eq!(holds, everybody, "condition {number} and its opposite are not everybody once");
    }
}

pub async fn all_of_none_holds_and_any_of_none_does_not(world: World) {
    world.user("ada").await;
    world.user("grace").await;
    assert_eq!(world.who(Condition::All(vec![])).await, ["ada", "grace"]);
    assert_eq!(world.who(Condition::Any(vec![])).await, [""; 0]);
}

pub async fn all_holds_when_each_does_and_any_when_one_does(world: World) {
    for name in ["ada", "grace", "linus"] {
        world.user(name).await;
    }
    let is = |name| text(UserAttribute::UserName, Comparison::Equal, name);
    let contains = |part| text(UserAttribute::UserName, Comparison::Contains, part);
    assert_eq!(world.who(Condition::All(vec![contains("a"), contains("g")])).await, ["grace"]);
    assert_eq!(world.who(Condition::Any(vec![is("ada"), is("linus"), is("nobody")])).await, ["ada", "linus"]);
    let either = Condition::Any(vec![contains("a"), contains("i")]);
    let nested = Condition::All(vec![either, Condition::Any(vec![is("linus"), not(contains("c"))])]);
    assert_eq!(world.who(nested).await, ["ada", "linus"], "conditions within conditions lose their brackets");
}

/// Somebody all of whose texts are `value`.
async fn everywhere(world: &World, name: &str, value: &str) {
    let email = EmailAddress::parse(&format!("{name}@example.com")).ok();
    let phone = Some(Phone::from_stored(value, false));
    let builder = world.make.user(name).email(email).phone(phone).external_id(value).display_name(value);
    let user = User {
        given_name: Some(value.to_owned()),
        family_name: Some(value.to_owned()),
        time_zone: Some(value.to_owned()),
        locale: Some(value.to_owned()),
        ..builder.build()
    };
    world.insert(world.make.edit(&user)).await;
}

/// Somebody who has nothing that may be absent.
async fn bare(world: &World, name: &str) {
    let user = User {
        given_name: None,
        family_name: None,
        time_zone: None,
        locale: None,
        ..world.make.user(name).email(None).phone(None).build()
    };
    world.insert(world.make.edit(&user)).await;
}

async fn ask_id(world: &World, operand: &str) -> Vec<String> {
    world.who(text(UserAttribute::Id, Comparison::Equal, operand)).await
}

fn all() -> impl Iterator<Item = UserAttribute> {
    let others = [
        UserAttribute::Id,
        UserAttribute::UserName,
        UserAttribute::Email,
        UserAttribute::Active,
        UserAttribute::CreatedAt,
        UserAttribute::UpdatedAt,
    ];
    TEXTS.into_iter().chain(others)
}
