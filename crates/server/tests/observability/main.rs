//! What the started server tells those who run it: lines of its log, metrics, and traces at a collector.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should fail where it stands")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../providers/installation.rs"]
#[allow(dead_code, reason = "this program uses its own part of it")]
mod installation;
mod listener;
mod logs;
mod metrics;
mod traces;

use crate::installation::{Installation, Person, Setting};

/// An installation in production mode that sends text messages to a Twilio at that address.
fn with_twilio(url: &str, others: impl IntoIterator<Item = Setting>) -> Installation {
    let settings = [
        ("MUSTER_CHANNELS", "sms"),
        ("TWILIO_ACCOUNT_SID", "AC0123456789abcdef0123456789abcdef"),
        ("TWILIO_AUTH_TOKEN", "b7c29d55e1f04a6eb8d1"),
        ("TWILIO_PHONE_NUMBER", "+15005550006"),
        ("TWILIO_API_BASE_URL", url),
    ];
    let settings = settings.map(|(name, value)| (name, value.to_owned()));
    let people = vec![Person::new("grace@example.com", "+12025550101")];
    Installation::new().with(settings).with(others).import(people)
}
