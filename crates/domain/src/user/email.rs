use std::fmt;

use email_address::Options;

use crate::user::fold;

/// An e-mail address as the directory gave it (RFC 5321 form, at most 254 bytes).
///
/// `Debug` is redacted: a whole address does not belong in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

/// Why a string is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address of at most 254 bytes, like ada@example.com")]
pub struct InvalidEmail;

impl EmailAddress {
    /// The most bytes an address may have in an SMTP path (RFC 5321, section 4.5.3.1.3).
    pub const MAX_BYTES: usize = 254;

    /// Takes an address if it has the form of one. No display name, no address literal, no quoted local part.
    ///
    /// # Errors
    /// When it has not.
    ///
    /// ```
    /// use muster_domain::user::EmailAddress;
    ///
    /// let address = EmailAddress::parse(" Ada@Example.com ").unwrap();
    /// assert_eq!(address.as_str(), "Ada@Example.com");
    /// assert_eq!(address.normalized(), "ada@example.com");
    /// assert!(EmailAddress::parse("ada@localhost").is_err());
    /// ```
    pub fn parse(raw: &str) -> Result<Self, InvalidEmail> {
        let address = raw.trim();
        let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
        let quoted = address.starts_with('"');
        if address.len() > Self::MAX_BYTES || quoted || address.chars().any(char::is_control) {
            return Err(InvalidEmail);
        }
        let parsed = email_address::EmailAddress::parse_with_options(address, options).map_err(|_| InvalidEmail)?;
        // `1.2.3.4` has the form of a domain, and is none.
        if parsed.domain().rsplit('.').next().is_some_and(|tld| tld.bytes().all(|b| b.is_ascii_digit())) {
            return Err(InvalidEmail);
        }
        Ok(Self(address.to_owned()))
    }

    /// The address as it was given, for sending to.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that decides whether two addresses are one destination: a change of case is no change.
    #[must_use]
    pub fn normalized(&self) -> String {
        fold(&self.0)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(redacted)")
    }
}
