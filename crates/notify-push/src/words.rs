use std::collections::BTreeMap;

use muster_domain::notice::{NoticeContent, NoticeMessage};
use muster_domain::verification::{CodeMessage, Message};
use muster_notify::contact;
use serde::Serialize;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, UtcOffset};

/// What a newer code replaces an older one by: the same for all of them, within one device. Fits a Web Push topic
/// (RFC 8030, section 5.4: 32 characters of base64url) and the other services' keys.
const CODE: &str = "muster-code";
/// How long push services try to deliver a notice.
const NOTICE_LIFETIME: Duration = Duration::DAY;

const DAY_AND_TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:short], [hour]:[minute] UTC");

/// A push message: what it says, and how a service should carry it.
pub(crate) struct Parcel {
    pub(crate) words: Words,
    /// A message takes the place of an older one of the same topic, within one device.
    pub(crate) topic: String,
    /// Until when it is worth delivering.
    pub(crate) expires_at: OffsetDateTime,
    /// Whether somebody waits for it, and a device is to be woken up.
    pub(crate) is_urgent: bool,
}

/// What an app is given to show, the same on every platform.
#[derive(Serialize)]
pub(crate) struct Words {
    pub(crate) title: String,
    pub(crate) body: String,
    /// What the app itself makes use of. For a code `code`, to fill in, and `expiresAt` (RFC 3339); for a notice `kind`,
    /// by its name in the audit trail, `at` (RFC 3339), and `method`, when it is about a channel.
    #[serde(flatten)]
    pub(crate) data: BTreeMap<&'static str, String>,
}

impl Parcel {
    pub(crate) fn of(message: &Message) -> Self {
        match message {
            Message::Code(message) => of_code(message),
            Message::Notice(message) => of_notice(message),
        }
    }

    /// For how many more seconds it is worth delivering.
    pub(crate) fn seconds_left(&self, now: OffsetDateTime) -> i64 {
        (self.expires_at - now).whole_seconds().max(0)
    }
}

fn of_code(message: &CodeMessage) -> Parcel {
    let minutes = message.valid_for.whole_minutes().max(1);
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    let asked = match message.requested_from {
        Some(address) => format!("It was asked for from {address}."),
        None => "Somebody asked for it.".to_owned(),
    };
    let expires_at = message.at + message.valid_for;
    let code = message.code.expose();
    Parcel {
        words: Words {
            title: format!("Muster code {code}"),
            body: format!("Enter it within {minutes} {unit}. {asked} If that was not you, ignore it."),
            data: BTreeMap::from([("code", code.to_owned()), ("expiresAt", rfc3339(expires_at))]),
        },
        topic: CODE.to_owned(),
        expires_at,
        is_urgent: true,
    }
}

/// Each notice has a topic of its own, or a change that was made and undone would show only as the latter. One that is
/// sent again has the same, and is shown once.
fn of_notice(message: &NoticeMessage) -> Parcel {
    let mut data = BTreeMap::from([("kind", message.content.name().to_owned()), ("at", rfc3339(message.at))]);
    let (title, body, about) = match &message.content {
        NoticeContent::ContactChanged { method, destination } => {
            data.insert("method", method.as_str().to_owned());
            let contact = contact(*method);
            let (done, now) = match destination {
                Some(masked) => {
                    ("changed", format!("It is {masked} now. Prove it again in Muster, or you cannot be on call."))
                }
                None => ("removed", "Without one you cannot be on call.".to_owned()),
            };
            let body = format!("{now} Is it wrong? Tell an administrator at once.");
            (format!("Your {contact} was {done}"), body, method.as_str())
        }
        // Without its name, which comes from outside.
        NoticeContent::BreakGlassUsed { ip, at, .. } => {
            let on = at.to_offset(UtcOffset::UTC).format(DAY_AND_TIME).unwrap_or_default();
            let from = ip.map(|ip| format!(" from {}", ip.to_canonical())).unwrap_or_default();
            let body = format!("Signed in on {on}{from}. Nobody on your team? Run: muster break-glass revoke NAME");
            ("A break-glass account was used".to_owned(), body, "glass")
        }
        NoticeContent::BreakGlassFlooded { .. } => {
            let body = "They cannot be guessed. The audit trail has the addresses that they come from.".to_owned();
            ("Somebody tries break-glass passwords".to_owned(), body, "flood")
        }
    };
    Parcel {
        words: Words { title, body, data },
        // 31 characters at the most until the year 2527.
        topic: format!("muster-notice-{about}-{:x}", message.at.unix_timestamp_nanos() / 1_000_000),
        expires_at: message.at + NOTICE_LIFETIME,
        is_urgent: false,
    }
}

fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use muster_domain::verification::{Code, Masked, Method};
    use rstest::rstest;
    use time::macros::datetime;

    use super::*;

    fn notice(content: NoticeContent, at: OffsetDateTime) -> Parcel {
        Parcel::of(&Message::Notice(NoticeMessage { content, display_name: "Ada".to_owned(), locale: None, at }))
    }

    fn changed(method: Method, destination: Option<&str>, at: OffsetDateTime) -> Parcel {
        let destination = destination.map(|masked| Masked::from_stored(masked.to_owned()));
        notice(NoticeContent::ContactChanged { method, destination }, at)
    }

    #[test]
    fn an_app_is_told_a_code_and_when_it_stops_working() {
        let message = CodeMessage {
            code: Code::parse("042917").unwrap(),
            display_name: "Ada".to_owned(),
            locale: None,
            valid_for: Duration::MINUTE,
            at: datetime!(2026-11-22 12:00 UTC),
            requested_from: None,
        };
        let parcel = Parcel::of(&Message::Code(message));
        let words = r#"{"title":"Muster code 042917","body":"Enter it within 1 minute. Somebody asked for it. If that was not you, ignore it.","code":"042917","expiresAt":"2026-11-22T12:01:00Z"}"#;
        assert_eq!(serde_json::to_string(&parcel.words).unwrap(), words);
        assert_eq!((parcel.topic.as_str(), parcel.is_urgent), ("muster-code", true));
    }

    #[test]
    fn a_contact_that_was_removed_is_told_so() {
        let parcel = changed(Method::Email, None, datetime!(2026-11-22 12:00 UTC));
        assert_eq!(parcel.words.title, "Your e-mail address was removed");
        let body = "Without one you cannot be on call. Is it wrong? Tell an administrator at once.";
        assert_eq!(parcel.words.body, body);
    }

    #[test]
    fn a_break_glass_account_that_was_used_is_told_without_its_name() {
        let ip = "::ffff:203.0.113.7".parse().ok();
        let at = datetime!(2026-09-30 23:59 -1);
        let parcel = notice(NoticeContent::BreakGlassUsed { account: "night".to_owned(), ip, at }, at);
        assert_eq!(parcel.words.title, "A break-glass account was used");
        assert_eq!(
            parcel.words.body,
            "Signed in on 1 Oct, 00:59 UTC from 203.0.113.7. Nobody on your team? Run: muster break-glass revoke NAME"
        );
        let data = [("at", "2026-09-30T23:59:00-01:00".to_owned()), ("kind", "breakGlassUsed".to_owned())];
        assert_eq!(parcel.words.data, data.into());
    }

    /// RFC 8030, section 5.4.
    #[rstest]
    #[case(Method::Email)]
    #[case(Method::Sms)]
    #[case(Method::Push)]
    fn a_notices_topic_is_one_and_is_of_that_change_alone(#[case] method: Method) {
        let at = datetime!(2500-01-01 0:00 UTC);
        let topic = changed(method, Some("***0143"), at).topic;
        let is_plain = topic.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        assert!(is_plain && topic.len() <= 32, "{topic}");
        let others = Method::ALL.into_iter().filter(|other| *other != method).map(|other| changed(other, None, at));
        let later = changed(method, Some("***0143"), at + Duration::MILLISECOND);
        assert!(others.chain([later]).all(|other| other.topic != topic));
    }
}
