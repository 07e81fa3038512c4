use std::fmt;
use std::str::FromStr;

use phonenumber::country;

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
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("E164(redacted)")
    }
}

/// The country whose national numbers are meant when a number has no country code (ISO 3166-1 alpha-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region(country::Id);

impl FromStr for Region {
    type Err = ();

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        country::Id::from_str(&code.trim().to_ascii_uppercase()).map(Self).map_err(|_| ())
    }
}

/// A phone number as the directory gave it, normalized when it can be.
///
/// `Debug` is redacted: a whole number does not belong in a log.
#[derive(Clone, PartialEq, Eq)]
pub enum Phone {
    /// A valid number.
    Deliverable(E164),
    /// Kept as it was given and never proven, because no valid number could be made of it.
    Undeliverable(String),
}

impl Phone {
    /// Normalizes a number; `region` is taken for one without a country code. Formatting does not matter:
    /// `+1 (500) 555-0006` and `+15005550006` are the same number. An extension makes a number undeliverable,
    /// since no text message reaches one.
    #[must_use]
    pub fn parse(raw: &str, region: Option<Region>) -> Self {
        let raw = raw.trim();
        // RFC 3966 is how SCIM writes numbers (RFC 7643, section 4.1.2).
        let number = raw.strip_prefix("tel:").unwrap_or(raw);
        let e164 = phonenumber::parse(region.map(|r| r.0), number)
            .ok()
            .filter(|parsed| parsed.extension().is_none() && parsed.is_valid())
            .and_then(|parsed| E164::from_canonical(&parsed.format().mode(phonenumber::Mode::E164).to_string()));
        e164.map_or_else(|| Self::Undeliverable(raw.to_owned()), Self::Deliverable)
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
