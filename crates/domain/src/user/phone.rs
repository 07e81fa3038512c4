use std::fmt;
use std::str::FromStr;

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType};

use crate::text::without_invisible;

/// A phone number in E.164 form: `+`, a country code, at most 15 digits in all.
#[derive(Clone, PartialEq, Eq)]
pub struct E164(String);

impl E164 {
    /// The number, `+` and digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_canonical(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let all_digits = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        (all_digits && (7..=15).contains(&digits.len())).then(|| Self(text.to_owned()))
    }

    fn of(number: &PhoneNumber) -> Option<Self> {
        Self::from_canonical(&number.format_as(PhoneNumberFormat::E164))
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("E164(redacted)")
    }
}

/// The country whose national numbers are meant when a number has no country code (ISO 3166-1 alpha-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region(rlibphonenumber::Region);

impl FromStr for Region {
    type Err = ();

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let region = rlibphonenumber::Region::from_str(&code.trim().to_ascii_uppercase()).map_err(|_| ())?;
        PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|_| Self(region)).ok_or(())
    }
}

/// A phone number as the directory gave it, normalized when it can be.
///
/// `Debug` is redacted: a whole number does not belong in a log.
#[derive(Clone, PartialEq, Eq)]
pub enum Phone {
    /// A number that a text message can be sent to.
    Deliverable(E164),
    /// Kept as it was given and never proven, because it cannot be read as one number without doubt.
    Undeliverable(String),
}

impl Phone {
    /// A text of so many characters, or more, is no number.
    pub(crate) const TOO_LONG: usize = 64;

    /// Reads a number; `region` is taken for one without a country code (docs/adr/0032). Formatting and invisible
    /// characters do not matter: `+1 (500) 555-0006` and `+15005550006` are the same number.
    ///
    /// - Letters make a text no number, but for a leading label (`Mobile: +1 …`) and `tel:`: a mistyped letter must not
    ///   become a digit of another person's number. An extension does too, since no text message reaches one.
    /// - A number with a country code (`+…`) is taken digit by digit: it is deliverable when it is valid, or when a mobile
    ///   number of its country may have its length. The numbering plan is newer than any data about it.
    /// - A number without one must be valid in `region`. When it begins with the region's country code and is also valid
    ///   with a `+` in front, the reading that is a mobile number wins; without such a difference it is undeliverable.
    ///
    /// ```
    /// use muster_domain::user::Phone;
    ///
    /// let germany = "DE".parse().ok();
    /// let number = |text| Phone::parse(text, germany).deliverable().map(|number| number.as_str().to_owned());
    /// assert_eq!(number("0151 23456789").as_deref(), Some("+4915123456789"));
    /// assert_eq!(number("+1 (500) 555-0006").as_deref(), Some("+15005550006"));
    /// assert_eq!(number("+1 500 555 OOO6"), None, "letters are not read as digits");
    /// ```
    #[must_use]
    pub fn parse(raw: &str, region: Option<Region>) -> Self {
        let text = without_invisible(raw);
        let text = text.trim();
        let short = Some(text).filter(|text| text.chars().count() < Self::TOO_LONG);
        let number = short.and_then(dialled).and_then(|number| understood(number, region));
        number.map_or_else(|| Self::Undeliverable(text.to_owned()), Self::Deliverable)
    }

    /// Reads back what [`Phone::as_str`] gave: only a normalized number has the form of one.
    #[must_use]
    pub fn from_stored(text: &str, deliverable: bool) -> Self {
        match E164::from_canonical(text) {
            Some(number) if deliverable => Self::Deliverable(number),
            _ => Self::Undeliverable(text.to_owned()),
        }
    }

    /// The number when a text message can be sent to it.
    #[must_use]
    pub fn deliverable(&self) -> Option<&E164> {
        match self {
            Self::Deliverable(number) => Some(number),
            Self::Undeliverable(_) => None,
        }
    }

    /// The number as it is kept and shown to its owner.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Deliverable(number) => number.as_str(),
            Self::Undeliverable(text) => text,
        }
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deliverable(_) => f.write_str("Deliverable(redacted)"),
            Self::Undeliverable(_) => f.write_str("Undeliverable(redacted)"),
        }
    }
}

/// The part of a text that may be a number: without a label, and `None` when a letter stands in it.
fn dialled(text: &str) -> Option<&str> {
    // RFC 3966 is how SCIM writes numbers (RFC 7643, section 4.1.2). Its parameters have letters.
    if let Some(scheme) = text.get(..4)
        && scheme.eq_ignore_ascii_case("tel:")
    {
        let number = &text[4..];
        return match number.split_once(';') {
            None => (!number.contains(char::is_alphabetic)).then_some(number),
            Some((digits, _)) => (!digits.contains(char::is_alphabetic)).then_some(text),
        };
    }
    let label = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let number = match text[..label].chars().count() {
        0 => text,
        // A single letter may be a digit that was mistyped.
        1 => text[label..].strip_prefix(':')?,
        _ => text[label..].strip_prefix(['.', ':', ' ']).map(|rest| rest.trim_start_matches([':', ' ']))?,
    };
    (!number.contains(char::is_alphabetic)).then_some(number)
}

fn understood(text: &str, region: Option<Region>) -> Option<E164> {
    let parsed = read(text, region)?;
    let number = E164::of(&parsed)?;
    let kind = parsed.get_type();
    let written = PHONE_NUMBER_UTIL.normalize_digits_only(text);
    if text.trim_start().starts_with(['+', '\u{FF0B}']) {
        let as_written = number.as_str()[1..] == written;
        return (is_valid(kind) || as_written && may_be_mobile(&parsed)).then_some(number);
    }
    let national = Some((number, kind)).filter(|(_, kind)| is_valid(*kind));
    let code = region.and_then(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(region.0));
    // The parameters of `tel:` are no part of the number.
    let has_code = code.is_some_and(|code| written.starts_with(&code.to_string()) && !text.contains(';'));
    let with_code = has_code.then(|| read(&format!("+{written}"), None)).flatten();
    let with_code = with_code.and_then(|parsed| Some((E164::of(&parsed)?, parsed.get_type())));
    match (national, with_code.filter(|(_, kind)| is_valid(*kind))) {
        (Some((one, _)), Some((other, _))) if one == other => Some(one),
        (Some((national, one)), Some((with_code, other))) => match (is_mobile(one), is_mobile(other)) {
            (true, false) => Some(national),
            (false, true) => Some(with_code),
            _ => None,
        },
        (Some((number, _)), None) | (None, Some((number, _))) => Some(number),
        (None, None) => None,
    }
}

fn read(text: &str, region: Option<Region>) -> Option<PhoneNumber> {
    let parsed = PHONE_NUMBER_UTIL.parse(text, region.map(|region| region.0)).ok()?;
    parsed.extension.is_none().then_some(parsed)
}

/// The data knows the range of a valid number, and so what kind of number it is.
fn is_valid(kind: PhoneNumberType) -> bool {
    kind != PhoneNumberType::Unknown
}

fn is_mobile(kind: PhoneNumberType) -> bool {
    matches!(kind, PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile)
}

fn may_be_mobile(number: &PhoneNumber) -> bool {
    let length = PHONE_NUMBER_UTIL.is_possible_number_for_type_with_reason(number, PhoneNumberType::Mobile);
    matches!(length, Ok(NumberLengthType::IsPossible))
}
