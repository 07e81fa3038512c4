use std::str::FromStr;

use secrecy::SecretString;
use url::{Host, Url};

use crate::sender::base_url;

/// What it takes to send by Twilio.
#[derive(Debug, Clone)]
pub struct TwilioSettings {
    /// Whose messages they are.
    pub account_sid: AccountSid,
    /// The account's token.
    pub auth_token: SecretString,
    /// From whom they come.
    pub sender: SenderId,
    /// Where Twilio's API is; `https://api.twilio.com` when left out.
    pub base_url: Option<Url>,
    /// The host of the web site where codes are typed, for phones to fill them in there and nowhere else.
    pub origin_host: Option<OriginHost>,
}

impl TwilioSettings {
    /// Takes where Twilio's API is.
    ///
    /// # Errors
    /// [`SettingError::BaseUrl`] when it is no plain http or https address.
    pub fn check_base_url(text: &str) -> Result<Url, SettingError> {
        let url = Url::parse(text).map_err(|_| SettingError::BaseUrl)?;
        base_url(Some(&url)).map(|_| url)
    }
}

/// Why a setting cannot be what it was given as. Says what it must be and never repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No account has such a sid.
    #[error("must be an account's sid: AC and 32 hexadecimal digits")]
    AccountSid,
    /// Nobody can be authenticated with it.
    #[error("must be the account's auth token, which is not empty and has no spaces")]
    AuthToken,
    /// No message can come from it.
    #[error(
        "must be a number in E.164 form like +15005550006, a short code of 3 to 8 digits, or a sender id of at most 11 \
         letters, digits, spaces, +, -, _ and &, with a letter among them"
    )]
    Number,
    /// No messaging service has such a sid.
    #[error("must be a messaging service's sid: MG and 32 hexadecimal digits")]
    MessagingService,
    /// Twilio's API cannot be there.
    #[error("must be an http or https address without a user, a query or a fragment")]
    BaseUrl,
    /// No web site has such a name.
    #[error("must be the host name of a web site, like muster.example.com")]
    OriginHost,
}

/// An account's id: `AC` and 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSid(String);

impl AccountSid {
    /// The sid.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountSid {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        if is_sid(text, &["AC"]) { Ok(Self(text.to_owned())) } else { Err(SettingError::AccountSid) }
    }
}

/// From whom messages come. Made by [`SenderId::number`] or [`SenderId::messaging_service`], which check it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SenderId {
    /// A number in E.164 form, a short code or an alphanumeric sender id.
    #[non_exhaustive]
    Number(String),
    /// The sid of a messaging service, which picks a number of its own.
    #[non_exhaustive]
    MessagingService(String),
}

impl SenderId {
    /// A number of the account's in E.164 form, a short code, or an alphanumeric sender id: up to 11 letters, digits,
    /// spaces, `+`, `-`, `_` and `&`, all of them ASCII and at least one a letter (`AlphaSender` in Twilio's
    /// documentation of messaging services).
    ///
    /// # Errors
    /// [`SettingError::Number`] when it is none of these.
    pub fn number(text: &str) -> Result<Self, SettingError> {
        let is_short_code = (3..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let is_alphanumeric = text.len() <= 11
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b" +-_&".contains(&b))
            && text.bytes().any(|b| b.is_ascii_alphabetic())
            && text.trim() == text;
        if is_e164(text) || is_short_code || is_alphanumeric {
            Ok(Self::Number(text.to_owned()))
        } else {
            Err(SettingError::Number)
        }
    }

    /// A messaging service: `MG` and 32 hexadecimal digits.
    ///
    /// # Errors
    /// [`SettingError::MessagingService`] when it is not that.
    pub fn messaging_service(sid: &str) -> Result<Self, SettingError> {
        if is_sid(sid, &["MG"]) {
            Ok(Self::MessagingService(sid.to_owned()))
        } else {
            Err(SettingError::MessagingService)
        }
    }

    /// The number when it is one in E.164 form, which is all that the account's list of numbers has.
    pub(crate) fn e164(&self) -> Option<&str> {
        match self {
            Self::Number(number) if is_e164(number) => Some(number),
            Self::Number(_) | Self::MessagingService(_) => None,
        }
    }
}

/// The host of a web site, in ASCII: what is written in other letters is turned to punycode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginHost(String);

impl OriginHost {
    /// The host.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OriginHost {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        let Ok(Host::Domain(host)) = Host::parse(text) else {
            return Err(SettingError::OriginHost);
        };
        // Letters, digits and hyphens (RFC 952, RFC 1123); what else `Host` lets through is no web site's name.
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if host.len() <= 253 && host.split('.').all(is_label) { Ok(Self(host)) } else { Err(SettingError::OriginHost) }
    }
}

/// Whether a text is one of the prefixes and 32 hexadecimal digits, like `^AC[0-9a-fA-F]{32}$` in Twilio's OpenAPI
/// document.
pub(crate) fn is_sid(text: &str, prefixes: &[&str]) -> bool {
    let rest = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix));
    rest.is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const HEX: &str = "0123456789abcdefABCDEF0123456789";

    #[test]
    fn an_account_sid_is_ac_and_32_hexadecimal_digits() {
        assert_eq!(format!("AC{HEX}").parse::<AccountSid>().unwrap().as_str(), format!("AC{HEX}"));
        for wrong in [
            "",
            "AC",
            HEX,
            &format!("MG{HEX}"),
            &format!("ac{HEX}"),
            &format!("AC{HEX}0"),
            &format!("AC{}g", &HEX[1..]),
        ] {
            assert_eq!(wrong.parse::<AccountSid>(), Err(SettingError::AccountSid), "{wrong}");
        }
    }

    #[rstest]
    #[case::e164("+15005550006")]
    #[case::longest_e164("+123456789012345")]
    #[case::short_code("12345")]
    #[case::alphanumeric("Muster")]
    #[case::every_allowed_character("A-b_c+9& 8z")]
    fn a_number_may_be(#[case] text: &str) {
        assert_eq!(SenderId::number(text), Ok(SenderId::Number(text.to_owned())));
    }

    #[rstest]
    #[case::empty("")]
    #[case::too_long_for_e164("+1234567890123456")]
    #[case::country_codes_begin_with_no_zero("+05005550006")]
    #[case::formatted("+1 500 555 0006")]
    #[case::without_plus("15005550006")]
    #[case::without_a_letter("12-34")]
    #[case::twelve_characters("MusterOnCall")]
    #[case::space_at_an_end("Muster ")]
    #[case::another_character("Muster!")]
    #[case::another_alphabet("Müster")]
    fn a_number_may_not_be(#[case] text: &str) {
        assert_eq!(SenderId::number(text), Err(SettingError::Number));
    }

    #[test]
    fn a_messaging_service_is_mg_and_32_hexadecimal_digits() {
        let sid = format!("MG{HEX}");
        assert_eq!(SenderId::messaging_service(&sid), Ok(SenderId::MessagingService(sid)));
        assert_eq!(SenderId::messaging_service(&format!("AC{HEX}")), Err(SettingError::MessagingService));
    }

    #[rstest]
    #[case("muster.example.com", "muster.example.com")]
    #[case("Muster.Example.COM", "muster.example.com")]
    #[case("bücher.example", "xn--bcher-kva.example")]
    #[case("localhost", "localhost")]
    fn a_host_is_kept_in_ascii(#[case] text: &str, #[case] kept: &str) {
        assert_eq!(text.parse::<OriginHost>().unwrap().as_str(), kept);
    }

    #[rstest]
    #[case("")]
    #[case("https://muster.example.com")]
    #[case("muster.example.com:8443")]
    #[case("muster.example.com/")]
    #[case("muster..example")]
    #[case("muster_.example")]
    #[case("mu`ster.example")]
    #[case("-muster.example")]
    #[case("muster-.example")]
    #[case("127.0.0.1")]
    #[case("[::1]")]
    #[case("two words.example")]
    fn what_is_no_host_is_refused(#[case] text: &str) {
        assert_eq!(text.parse::<OriginHost>(), Err(SettingError::OriginHost));
    }
}
