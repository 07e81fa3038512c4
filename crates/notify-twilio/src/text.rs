use std::net::IpAddr;

use muster_domain::notice::NoticeContent;
use muster_domain::verification::{CodeMessage, Masked, Message, Method};
use muster_notify::contact;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use crate::settings::OriginHost;

/// What one text message holds (3GPP TS 23.038, section 4).
const SEGMENT: usize = 160;

const DAY_AND_TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:short], [hour]:[minute] UTC");

/// The text that carries a message. Always one segment of GSM-7.
pub(crate) fn text(message: &Message, origin_host: Option<&OriginHost>) -> String {
    match message {
        Message::Code(message) => code_text(message, origin_host),
        Message::Notice(message) => match &message.content {
            NoticeContent::ContactChanged { method, destination } => changed_text(*method, destination.as_ref()),
            NoticeContent::BreakGlassUsed { ip, at, .. } => break_glass_text(*ip, *at),
            NoticeContent::BreakGlassFlooded { .. } => {
                "Muster: somebody tries break-glass passwords. They cannot be guessed; the audit trail has the addresses."
                    .to_owned()
            }
        },
    }
}

/// The text that carries a code. Its last line binds the code to the site where it is
/// typed, so that a phone offers it there alone (wicg.github.io/sms-one-time-codes); it is left out when it does not
/// fit. Nobody's name is in it, as names are written in every alphabet.
fn code_text(message: &CodeMessage, origin_host: Option<&OriginHost>) -> String {
    let code = message.code.expose();
    let minutes = message.valid_for.whole_minutes().max(1);
    let plural = if minutes == 1 { "" } else { "s" };
    let text = format!("{code} is your Muster code. It works for {minutes} minute{plural}.");
    let bound = origin_host.map(|host| format!("{text}\n\n@{} #{code}", host.as_str()));
    bound.filter(|bound| is_one_segment(bound)).unwrap_or(text)
}

/// The text that tells of a contact that changed, with the new one, masked, when that fits: a domain may be longer than
/// a text message and of any alphabet.
fn changed_text(method: Method, destination: Option<&Masked>) -> String {
    let contact = contact(method);
    let wrong = "Is it wrong? Tell an administrator at once.";
    let Some(masked) = destination else {
        return format!("Muster: your {contact} was removed. Without one you cannot be on call. {wrong}");
    };
    let now =
        |what: &str| format!("Muster: your {contact} is now {what}. Prove it again, or you cannot be on call. {wrong}");
    Some(now(masked.as_str())).filter(|text| is_one_segment(text)).unwrap_or_else(|| now("another"))
}

/// The text that tells of a break-glass account that was used. Its name is left out, which may be of any alphabet.
fn break_glass_text(ip: Option<IpAddr>, at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC).format(DAY_AND_TIME).map(|at| format!(" on {at}")).unwrap_or_default();
    let from = ip.map(|ip| format!(", from {}", ip.to_canonical())).unwrap_or_default();
    format!("Muster: break-glass sign-in{at}{from}. Nobody on your team? Run: muster break-glass revoke NAME")
}

fn is_one_segment(text: &str) -> bool {
    septets(text).is_some_and(|septets| septets <= SEGMENT)
}

/// How many septets a text takes in the GSM 7-bit default alphabet, whose extension characters take two (3GPP TS
/// 23.038, section 6.2.1); `None` when it has a character that is in neither table.
fn septets(text: &str) -> Option<usize> {
    const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                         ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    const EXTENSION: &str = "\u{c}^{}\\[~]|€";
    text.chars().map(|c| if BASIC.contains(c) { Some(1) } else { EXTENSION.contains(c).then_some(2) }).sum()
}

#[cfg(test)]
mod tests {
    use muster_domain::notice::NoticeMessage;
    use muster_domain::user::EmailAddress;
    use muster_domain::verification::Code;
    use proptest::prelude::*;
    use rstest::rstest;
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    fn message(code: &str, valid_for: Duration) -> CodeMessage {
        CodeMessage {
            code: Code::parse(code).unwrap(),
            display_name: "Łukasz 🦀".to_owned(),
            locale: Some("pl".to_owned()),
            valid_for,
            at: OffsetDateTime::UNIX_EPOCH,
            requested_from: None,
        }
    }

    fn host(text: &str) -> OriginHost {
        text.parse().unwrap()
    }

    #[test]
    fn the_code_stands_first_and_the_last_line_binds_it_to_its_site() {
        let message = message("042917", Duration::minutes(15));
        assert_eq!(code_text(&message, None), "042917 is your Muster code. It works for 15 minutes.");
        assert_eq!(
            code_text(&message, Some(&host("muster.example.com"))),
            "042917 is your Muster code. It works for 15 minutes.\n\n@muster.example.com #042917"
        );
    }

    #[test]
    fn a_last_line_that_fits_exactly_stays_and_one_that_is_a_character_longer_goes() {
        let message = message("042917", Duration::minutes(15));
        let plain = code_text(&message, None);
        let room = 160 - plain.len() - "\n\n@ #042917".len();
        let name = format!("{}.{}", "a".repeat(60), "b".repeat(room - 61));
        let longest = code_text(&message, Some(&host(&name)));
        assert_eq!(septets(&longest), Some(160));
        assert!(longest.ends_with("b #042917"));
        assert_eq!(code_text(&message, Some(&host(&format!("{name}c")))), plain);
    }

    fn notice(content: NoticeContent) -> String {
        let (display_name, at) = ("Łukasz 🦀".to_owned(), OffsetDateTime::UNIX_EPOCH);
        let message = Message::Notice(NoticeMessage { content, display_name, locale: None, at });
        let text = text(&message, Some(&host("muster.example.com")));
        assert!(is_one_segment(&text), "{:?} septets: {text}", septets(&text));
        text
    }

    fn changed(address: &str) -> String {
        let destination = Some(Masked::email(&EmailAddress::parse(address).unwrap()));
        notice(NoticeContent::ContactChanged { method: Method::Email, destination })
    }

    #[test]
    fn a_contact_that_changed_is_told_with_the_new_one_masked() {
        assert_eq!(
            changed("ada@example.com"),
            "Muster: your e-mail address is now ad***@example.com. Prove it again, or you cannot be on call. Is it wrong? \
             Tell an administrator at once."
        );
        let destination = Some(Masked::phone("+12025550143"));
        assert_eq!(
            notice(NoticeContent::ContactChanged { method: Method::Sms, destination }),
            "Muster: your phone number is now ***0143. Prove it again, or you cannot be on call. Is it wrong? Tell an \
             administrator at once."
        );
        assert_eq!(
            notice(NoticeContent::ContactChanged { method: Method::Email, destination: None }),
            "Muster: your e-mail address was removed. Without one you cannot be on call. Is it wrong? Tell an administrator \
             at once."
        );
    }

    #[test]
    fn a_new_contact_that_fits_exactly_stays_and_one_that_is_a_character_longer_goes() {
        let room = 160 - changed("ada@example.com").len() + "example".len();
        let longest = changed(&format!("ada@{}.com", "e".repeat(room)));
        assert_eq!(septets(&longest), Some(160));
        assert!(longest.contains("ad***@eee"));
        assert!(changed(&format!("ada@{}.com", "e".repeat(room + 1))).contains("is now another. Prove it"));
    }

    #[rstest]
    #[case::longest_domain(&format!("a@{0}.{0}.{0}.example.com", "d".repeat(63)))]
    #[case::another_alphabet("ada@пример.example")]
    fn a_new_contact_that_does_not_fit_is_left_out(#[case] address: &str) {
        assert!(changed(address).contains("is now another. Prove it"));
    }

    #[rstest]
    #[case(Some("203.0.113.7"), " from 203.0.113.7. Nobody")]
    #[case(Some("2001:1db8:1111:2222:3333:4444:5555:6666"), " from 2001:1db8:1111:2222:3333:4444:5555:6666. Nobody")]
    #[case(None, " UTC. Nobody")]
    fn a_break_glass_account_that_was_used_is_told_without_its_name(#[case] ip: Option<&str>, #[case] from: &str) {
        let (account, at) = ("ночь".to_owned(), datetime!(2026-09-30 23:59 -1));
        let text = notice(NoticeContent::BreakGlassUsed { account, ip: ip.map(|ip| ip.parse().unwrap()), at });
        assert!(text.starts_with("Muster: break-glass sign-in on 1 Oct, 00:59 UTC"), "{text}");
        assert!(text.contains(from), "{text}");
        assert!(text.ends_with("Run: muster break-glass revoke NAME"));
    }

    #[test]
    fn one_minute_is_singular() {
        assert!(code_text(&message("000000", Duration::minutes(1)), None).ends_with("It works for 1 minute."));
    }

    #[rstest]
    #[case("plain", Some(5))]
    #[case("@£ΞÆ\n", Some(5))]
    #[case("€[]{}\\~^|", Some(18))]
    #[case("a€", Some(3))]
    #[case("`", None)]
    #[case("ł", None)]
    #[case("🦀", None)]
    #[case("\t", None)]
    fn septets_are_counted(#[case] text: &str, #[case] expected: Option<usize>) {
        assert_eq!(septets(text), expected);
    }

    proptest! {
        #[test]
        fn every_text_is_one_segment_of_gsm_7(
            code in "[0-9]{6}",
            seconds in any::<i64>(),
            label in "[a-z0-9]{1,63}",
            labels in 1_usize..5,
            tail in "[äüa-zé]{1,20}",
            with_host in any::<bool>(),
        ) {
            let name = format!("{}{tail}", format!("{label}.").repeat(labels));
            let host = with_host.then(|| name.parse().ok()).flatten();
            let text = code_text(&message(&code, Duration::seconds(seconds)), host.as_ref());
            prop_assert!(septets(&text).is_some_and(|septets| septets <= 160), "{text}");
            prop_assert!(text.starts_with(&code));
            let last = text.lines().last().unwrap_or_default();
            let bound = last.starts_with('@') && last.ends_with(&format!(" #{code}"));
            prop_assert!(bound || text.lines().count() == 1);
        }
    }
}
