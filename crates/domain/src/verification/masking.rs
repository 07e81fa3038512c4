use std::fmt;

use serde::{Deserialize, Serialize};

use crate::device::Platform;
use crate::user::EmailAddress;

/// A contact with most of it hidden: enough for its owner to recognize, too little for others to use. The only form in
/// which contacts reach audit records and logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Masked(String);

impl Masked {
    /// `ad***@example.com`: the first two characters of the local part at the most, and never all of it.
    #[must_use]
    pub fn email(address: &EmailAddress) -> Self {
        Self::login(address.as_str())
    }

    /// Masks a sign-in name, which is often an e-mail address and is masked like one when it has an `@`.
    #[must_use]
    pub fn login(name: &str) -> Self {
        let (local, domain) = match name.rsplit_once('@') {
            Some((local, domain)) => (local, Some(domain)),
            None => (name, None),
        };
        let shown = local.chars().count().saturating_sub(1).min(2);
        let mut text: String = local.chars().take(shown).collect();
        text.push_str("***");
        if let Some(domain) = domain {
            text.push('@');
            text.push_str(domain);
        }
        Self(text)
    }

    /// `***0100`: the last four digits at the most, and never more than half of them.
    ///
    /// ```
    /// use muster_domain::verification::Masked;
    ///
    /// assert_eq!(Masked::phone("+12025550100").as_str(), "***0100");
    /// assert_eq!(Masked::login("ada@example.com").as_str(), "ad***@example.com");
    /// ```
    #[must_use]
    pub fn phone(number: &str) -> Self {
        let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
        let shown = (digits.len() / 2).min(4);
        Self(format!("***{}", digits[digits.len() - shown..].iter().collect::<String>()))
    }

    /// A device, by its platform: its name is its owner's free text.
    #[must_use]
    pub fn device(platform: Platform) -> Self {
        Self(platform.as_str().to_owned())
    }

    /// Reads back a masked text that a store kept.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The masked text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
