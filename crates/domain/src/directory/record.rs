use std::fmt;

use crate::directory::PersonKey;
use crate::text::{without_invisible, without_invisible_ends};
use crate::user::{EmailAddress, GivenContacts, Phone, Region};
use crate::{FieldError, Text};

/// A person as the directory wrote them, unchecked. Field names in errors are SCIM's.
#[derive(Clone, Default)]
pub struct RawRecord {
    /// `externalId`.
    pub external_id: Option<String>,
    /// `userName`.
    pub user_name: Option<String>,
    /// `displayName`.
    pub display_name: Option<String>,
    /// `name.givenName`.
    pub given_name: Option<String>,
    /// `name.familyName`.
    pub family_name: Option<String>,
    /// `emails`: the primary one.
    pub email: Option<String>,
    /// `phoneNumbers`: the mobile or primary one.
    pub phone: Option<String>,
    /// `timezone`.
    pub time_zone: Option<String>,
    /// `locale`.
    pub locale: Option<String>,
    /// `active`. When it is left out, a new person is active and a known one stays what they are.
    pub active: Option<bool>,
}

impl fmt::Debug for RawRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawRecord(redacted)")
    }
}

/// A person as the directory knows them, checked and normalized.
#[derive(Clone, PartialEq, Eq)]
pub struct DirectoryRecord {
    pub(super) external_id: Option<String>,
    /// Without an external id a known one is left alone, unless this says that there is none any more.
    pub(super) drops_external_id: bool,
    pub(super) user_name: String,
    pub(super) display_name: String,
    pub(super) given_name: Option<String>,
    pub(super) family_name: Option<String>,
    pub(super) email: Option<EmailAddress>,
    pub(super) phone: Option<Phone>,
    pub(super) given: GivenContacts,
    pub(super) time_zone: Option<String>,
    pub(super) locale: Option<String>,
    /// What the record says of it, if anything.
    pub(super) active: Option<bool>,
}

impl fmt::Debug for DirectoryRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DirectoryRecord(redacted)")
    }
}

impl DirectoryRecord {
    /// The most characters of an e-mail address that are kept when it is none.
    const MAX_GIVEN_EMAIL: usize = 320;
    /// The most characters of a phone number that are kept. A longer text is no number.
    const MAX_GIVEN_PHONE: usize = Phone::TOO_LONG;

    /// Checks a record. An empty string counts as left out, as identity providers mean it. A contact that cannot be
    /// understood is kept as it was given, will not be proven, and hinders nothing else: a person must not stay active
    /// because of it. Anything else that is malformed refuses the record. Names lose invisible characters at their ends.
    ///
    /// # Errors
    /// Everything that is wrong, each with its field.
    pub fn parse(raw: RawRecord, default_region: Option<Region>) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let user_name = text::<255>("userName", raw.user_name, &mut errors);
        if user_name.is_none() && errors.is_empty() {
            errors.push(FieldError::new("userName", "is required"));
        }
        let given_name = text::<200>("name.givenName", raw.given_name, &mut errors);
        let family_name = text::<200>("name.familyName", raw.family_name, &mut errors);
        let display_name = text::<400>("displayName", raw.display_name, &mut errors);
        let (email, given_email) = match contact(raw.email, Self::MAX_GIVEN_EMAIL) {
            Some(address) => match EmailAddress::parse(&address) {
                Ok(parsed) => (Some(parsed), None),
                Err(_) => (None, Some(address)),
            },
            None => (None, None),
        };
        let given_phone = contact(raw.phone, Self::MAX_GIVEN_PHONE);
        let phone = given_phone.as_deref().map(|number| Phone::parse(number, default_region));
        let given_phone = given_phone.filter(|given| phone.as_ref().is_some_and(|phone| phone.as_str() != given));
        let external_id = text::<255>("externalId", raw.external_id, &mut errors);
        let time_zone = text::<64>("timezone", raw.time_zone, &mut errors);
        let locale = text::<35>("locale", raw.locale, &mut errors);
        let user_name = match user_name {
            Some(name) if errors.is_empty() => name,
            _ => return Err(errors),
        };
        Ok(Self {
            external_id,
            drops_external_id: false,
            display_name: display_name
                .unwrap_or_else(|| full_name(given_name.as_deref(), family_name.as_deref(), &user_name)),
            user_name,
            given_name,
            family_name,
            email,
            phone,
            given: GivenContacts { email: given_email, phone: given_phone },
            time_zone,
            locale,
            active: raw.active,
        })
    }

    /// The sign-in name.
    #[must_use]
    pub fn user_name(&self) -> &str {
        &self.user_name
    }

    /// Whom the record names.
    pub(super) fn key(&self) -> PersonKey {
        PersonKey {
            external_id: self.external_id.clone(),
            user_name: self.user_name.clone(),
            email: self.email.as_ref().map(|email| email.as_str().to_owned()),
        }
    }

    /// The record of somebody whose external id, when it names none, is known to be gone and not only left out.
    #[must_use]
    pub fn with_complete_external_id(self) -> Self {
        Self { drops_external_id: true, ..self }
    }

    /// Whether there is an e-mail address that is none.
    #[must_use]
    pub fn email_is_malformed(&self) -> bool {
        self.given.email.is_some()
    }

    /// Whether there is a phone number and no message can reach it.
    #[must_use]
    pub fn phone_is_undeliverable(&self) -> bool {
        matches!(self.phone, Some(Phone::Undeliverable(_)))
    }
}

fn non_empty(value: Option<String>) -> Option<String> {
    value.filter(|text| !text.trim().is_empty())
}

/// A contact without invisible characters, cut at `max` characters.
fn contact(value: Option<String>, max: usize) -> Option<String> {
    non_empty(Some(without_invisible(&value?).trim().chars().take(max).collect()))
}

fn text<const MAX: usize>(field: &str, value: Option<String>, errors: &mut Vec<FieldError>) -> Option<String> {
    let value = value?;
    let value = without_invisible_ends(&value);
    if value.is_empty() {
        return None;
    }
    match Text::<MAX>::parse(value) {
        Ok(text) => Some(text.into()),
        Err(error) => {
            errors.push(FieldError::new(field, error.to_string()));
            None
        }
    }
}

fn full_name(given: Option<&str>, family: Option<&str>, user_name: &str) -> String {
    let parts: Vec<&str> = [given, family].into_iter().flatten().collect();
    if parts.is_empty() { user_name.to_owned() } else { parts.join(" ").chars().take(400).collect() }
}
