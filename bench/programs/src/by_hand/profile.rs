//! A person's profile: what is read of the store, and the answer that is made of it. Every channel counts as on.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use uuid::Uuid;

/// A person's row.
#[expect(clippy::struct_field_names, reason = "the column has that name")]
pub(crate) struct User {
    pub(crate) id: Uuid,
    pub(crate) user_name: String,
    pub(crate) display_name: String,
    pub(crate) given_name: Option<String>,
    pub(crate) family_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) email_fingerprint: Option<Vec<u8>>,
    pub(crate) phone_fingerprint: Option<Vec<u8>>,
    pub(crate) time_zone: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) role: String,
    pub(crate) active: bool,
    pub(crate) source: String,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) push_lost_reason: Option<String>,
    pub(crate) push_lost_at: Option<OffsetDateTime>,
}

/// The rows of the other tables.
#[derive(Deserialize)]
pub(crate) struct Records<'a> {
    #[serde(borrow)]
    pub(crate) proofs: Vec<Proof<'a>>,
    #[serde(borrow)]
    pub(crate) devices: Vec<Device<'a>>,
    #[serde(borrow)]
    pub(crate) challenges: Vec<Challenge<'a>>,
    pub(crate) preferences: Option<Preferences>,
    #[serde(borrow)]
    pub(crate) teams: Vec<Team<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Proof<'a> {
    #[serde(borrow)]
    pub(crate) method: Cow<'a, str>,
    #[serde(deserialize_with = "bytes")]
    pub(crate) fingerprint: Vec<u8>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) verified_at: OffsetDateTime,
}

#[derive(Deserialize)]
pub(crate) struct Device<'a> {
    pub(crate) id: Uuid,
    #[serde(borrow)]
    pub(crate) platform: Cow<'a, str>,
    pub(crate) name: Option<String>,
    pub(crate) app_version: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) verified_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) last_seen_at: OffsetDateTime,
}

#[derive(Deserialize)]
pub(crate) struct Challenge<'a> {
    #[serde(borrow)]
    pub(crate) method: Cow<'a, str>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) resend_after: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) expires_at: OffsetDateTime,
    pub(crate) failed_attempts: i16,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) completed_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) cancelled_at: Option<OffsetDateTime>,
}

#[derive(Deserialize)]
pub(crate) struct Preferences {
    pub(crate) document: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Team<'a> {
    pub(crate) id: Uuid,
    #[serde(borrow)]
    pub(crate) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) role: Cow<'a, str>,
}

/// PostgreSQL's `\x…`.
fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = Cow::<'de, str>::deserialize(deserializer)?;
    let digits = text.strip_prefix("\\x").unwrap_or_default().as_bytes();
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let read: Option<Vec<u8>> = digits.chunks(2).map(|c| Some(digit(c[0])? << 4 | digit(*c.get(1)?)?)).collect();
    read.ok_or_else(|| serde::de::Error::custom("not bytes in hexadecimal"))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Profile<'a> {
    id: Uuid,
    user_name: &'a str,
    display_name: &'a str,
    given_name: Option<&'a str>,
    family_name: Option<&'a str>,
    email: Option<&'a str>,
    phone: Option<&'a str>,
    time_zone: Option<&'a str>,
    locale: Option<&'a str>,
    role: &'a str,
    active: bool,
    source: &'a str,
    teams: &'a [Team<'a>],
    verification: Verification<'a>,
    devices: Vec<DeviceView<'a>>,
    preferences: &'a RawValue,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeviceView<'a> {
    id: Uuid,
    platform: &'a str,
    name: Option<&'a str>,
    app_version: Option<&'a str>,
    verified: bool,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    last_seen_at: OffsetDateTime,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verification<'a> {
    email: Channel<'a>,
    sms: Channel<'a>,
    push: Push<'a>,
    all_verified: bool,
    can_be_on_call: bool,
    missing: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Channel<'a> {
    destination: Option<Cow<'a, str>>,
    verified: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    verified_at: Option<OffsetDateTime>,
    pending: Option<Pending>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Push<'a> {
    destination: Option<Cow<'a, str>>,
    verified: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    verified_at: Option<OffsetDateTime>,
    pending: Option<Pending>,
    device_count: usize,
    reason: Option<&'a str>,
    #[serde(with = "time::serde::rfc3339::option")]
    since: Option<OffsetDateTime>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pending {
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    attempts_left: i16,
    #[serde(with = "time::serde::rfc3339")]
    resend_after: OffsetDateTime,
}

const MAX_ATTEMPTS: i16 = 5;
/// The preferences of who never chose.
const DEFAULTS: &str = r#"{"channels":{"email":true,"sms":true,"push":true},"rules":{"critical":[{"channel":"push","afterMinutes":0},{"channel":"sms","afterMinutes":2},{"channel":"email","afterMinutes":2}],"high":[{"channel":"push","afterMinutes":0},{"channel":"sms","afterMinutes":5},{"channel":"email","afterMinutes":5}],"medium":[{"channel":"push","afterMinutes":0},{"channel":"email","afterMinutes":15}],"low":[{"channel":"email","afterMinutes":0}],"info":[{"channel":"email","afterMinutes":0}]},"quietHours":null}"#;

impl<'a> Profile<'a> {
    pub(crate) fn new(
        user: &'a User,
        records: &'a Records<'a>,
        now: OffsetDateTime,
    ) -> Result<Self, serde_json::Error> {
        let document = records.preferences.as_ref().map_or(DEFAULTS, |preferences| &preferences.document);
        Ok(Self {
            id: user.id,
            user_name: &user.user_name,
            display_name: &user.display_name,
            given_name: user.given_name.as_deref(),
            family_name: user.family_name.as_deref(),
            email: user.email.as_deref(),
            phone: user.phone.as_deref(),
            time_zone: user.time_zone.as_deref(),
            locale: user.locale.as_deref(),
            role: &user.role,
            active: user.active,
            source: &user.source,
            teams: &records.teams,
            verification: Verification::new(user, records, now),
            devices: records.devices.iter().map(DeviceView::new).collect(),
            preferences: serde_json::from_str(document)?,
            created_at: user.created_at,
            updated_at: user.updated_at,
        })
    }
}

impl<'a> DeviceView<'a> {
    fn new(device: &'a Device<'_>) -> Self {
        Self {
            id: device.id,
            platform: &device.platform,
            name: device.name.as_deref(),
            app_version: device.app_version.as_deref(),
            verified: device.verified_at.is_some(),
            created_at: device.created_at,
            last_seen_at: device.last_seen_at,
        }
    }
}

impl<'a> Verification<'a> {
    fn new(user: &'a User, records: &'a Records<'_>, now: OffsetDateTime) -> Self {
        let proven = |method: &str, current: Option<&Vec<u8>>| {
            let current = current?;
            let proof = records.proofs.iter().find(|p| p.method == method && p.fingerprint == *current)?;
            Some(proof.verified_at)
        };
        let pending = |method: &str| {
            let code = records.challenges.iter().find(|challenge| challenge.method == method)?;
            let closed = code.completed_at.is_some() || code.cancelled_at.is_some();
            let live = !closed && code.failed_attempts < MAX_ATTEMPTS && now < code.expires_at;
            live.then(|| Pending {
                expires_at: code.expires_at,
                attempts_left: MAX_ATTEMPTS - code.failed_attempts,
                resend_after: code.resend_after,
            })
        };
        let channel = |destination, verified_at: Option<OffsetDateTime>, method| Channel {
            destination,
            verified: verified_at.is_some(),
            verified_at,
            pending: pending(method),
        };
        let newest = records.devices.iter().max_by_key(|d| (d.verified_at.is_some(), d.last_seen_at));
        let email = proven("email", user.email_fingerprint.as_ref());
        let sms = proven("sms", user.phone_fingerprint.as_ref());
        let push = records.devices.iter().filter_map(|device| device.verified_at).min();
        let methods = [("email", email), ("sms", sms), ("push", push)];
        let missing: Vec<_> = methods.iter().filter(|(_, since)| since.is_none()).map(|(method, _)| *method).collect();
        Self {
            email: channel(user.email.as_deref().map(|address| masked_email(address).into()), email, "email"),
            sms: channel(user.phone.as_deref().map(|number| masked_phone(number).into()), sms, "sms"),
            push: Push {
                destination: newest.map(|device| Cow::Borrowed(&*device.platform)),
                verified: push.is_some(),
                verified_at: push,
                pending: pending("push"),
                device_count: records.devices.len(),
                reason: user.push_lost_reason.as_deref().filter(|_| push.is_none()),
                since: user.push_lost_at.filter(|_| push.is_none()),
            },
            all_verified: missing.is_empty(),
            can_be_on_call: user.active && missing.is_empty(),
            missing,
        }
    }
}

fn masked_email(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let shown = local.chars().count().saturating_sub(1).min(2);
    let end = local.char_indices().nth(shown).map_or(local.len(), |(at, _)| at);
    format!("{}***@{domain}", &local[..end])
}

fn masked_phone(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    format!("***{}", &digits[digits.len() - (digits.len() / 2).min(4)..])
}
