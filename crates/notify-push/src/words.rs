use muster_domain::verification::CodeMessage;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What a newer code replaces an older one by: the same for all of them, within one device. Fits a Web Push topic
/// (RFC 8030, section 5.4: 32 characters of base64url) and the other services' keys.
pub(crate) const COLLAPSE_KEY: &str = "muster-code";

/// What an app is given to show, the same on every platform.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Words {
    pub(crate) title: String,
    pub(crate) body: String,
    /// The code alone, to fill in.
    pub(crate) code: String,
    /// When it stops working (RFC 3339).
    pub(crate) expires_at: String,
}

impl Words {
    pub(crate) fn of(message: &CodeMessage) -> Self {
        let minutes = message.valid_for.whole_minutes().max(1);
        let unit = if minutes == 1 { "minute" } else { "minutes" };
        let asked = match message.requested_from {
            Some(address) => format!("It was asked for from {address}."),
            None => "Somebody asked for it.".to_owned(),
        };
        Self {
            title: format!("Muster code {}", message.code.expose()),
            body: format!("Enter it within {minutes} {unit}. {asked} If that was not you, ignore it."),
            code: message.code.expose().to_owned(),
            expires_at: expires_at(message).format(&Rfc3339).unwrap_or_default(),
        }
    }
}

/// When a code stops working.
pub(crate) fn expires_at(message: &CodeMessage) -> OffsetDateTime {
    message.at + message.valid_for
}

/// For how many more seconds a code works.
pub(crate) fn seconds_left(message: &CodeMessage, now: OffsetDateTime) -> i64 {
    (expires_at(message) - now).whole_seconds().max(0)
}
