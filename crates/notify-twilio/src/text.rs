use muster_domain::verification::CodeMessage;

use crate::settings::OriginHost;

/// What one text message holds (3GPP TS 23.038, section 4).
const SEGMENT: usize = 160;

/// The text that carries a code. Always one segment of GSM-7. Its last line binds the code to the site where it is
/// typed, so that a phone offers it there alone (wicg.github.io/sms-one-time-codes); it is left out when it does not
/// fit. Nobody's name is in it, as names are written in every alphabet.
pub(crate) fn code_text(message: &CodeMessage, origin_host: Option<&OriginHost>) -> String {
    let code = message.code.expose();
    let minutes = message.valid_for.whole_minutes().max(1);
    let plural = if minutes == 1 { "" } else { "s" };
    let text = format!("{code} is your Muster code. It works for {minutes} minute{plural}.");
    let bound = origin_host.map(|host| format!("{text}\n\n@{} #{code}", host.as_str()));
    bound.filter(|bound| septets(bound).is_some_and(|septets| septets <= SEGMENT)).unwrap_or(text)
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
    use muster_domain::verification::Code;
    use proptest::prelude::*;
    use rstest::rstest;
    use time::{Duration, OffsetDateTime};

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
