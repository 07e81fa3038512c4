use muster_domain::verification::{ChannelStatus, Masked, Method, Pending, VerificationStatus};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::openapi::schemas;

/// Which of a person's contacts are proven.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VerificationStatus)]
pub(crate) struct VerificationStatusView {
    email: ContactStatusView,
    sms: ContactStatusView,
    push: PushStatusView,
    /// Whether every channel that the installation has on is proven.
    all_verified: bool,
    /// Whether the person is active besides.
    can_be_on_call: bool,
    /// The channels that are on and not proven.
    #[schema(value_type = Vec<schemas::Channel>, max_items = 3)]
    missing: Vec<Method>,
}

/// Whether a channel is proven.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ChannelStatus)]
struct ChannelStatusView {
    /// Where codes go, masked; null when there is nowhere.
    #[schema(value_type = Option<String>, required = true, examples("gr***@example.com"))]
    destination: Option<Masked>,
    verified: bool,
    /// Since when; null while it is not proven.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<schemas::Time>, required = true)]
    verified_at: Option<OffsetDateTime>,
    /// The code that was sent and is not used up; null when there is none.
    #[schema(required = true)]
    pending: Option<PendingView>,
}

/// Whether a contact of the directory is proven.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ContactStatus)]
struct ContactStatusView {
    #[serde(flatten)]
    channel: ChannelStatusView,
    /// Why it cannot be proven, when the directory gave something that no message can be sent to; it has to be corrected
    /// there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, examples("malformed"))]
    reason: Option<&'static str>,
}

/// Whether push is proven.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PushStatus)]
struct PushStatusView {
    #[serde(flatten)]
    channel: ChannelStatusView,
    /// How many devices there are.
    #[schema(minimum = 0, maximum = 20, examples(1))]
    device_count: usize,
    /// Why push is not proven any more; null while it is, and when it never was.
    #[schema(required = true, examples("signedOut"))]
    reason: Option<&'static str>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<schemas::Time>, required = true)]
    since: Option<OffsetDateTime>,
}

/// A code that was sent and is not used up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PendingCode)]
struct PendingView {
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    expires_at: OffsetDateTime,
    /// How many wrong codes more it takes.
    #[schema(minimum = 1, maximum = 5, examples(5))]
    attempts_left: u8,
    /// When another may be sent.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    resend_after: OffsetDateTime,
}

impl From<VerificationStatus> for VerificationStatusView {
    fn from(status: VerificationStatus) -> Self {
        Self {
            all_verified: status.all_verified(),
            can_be_on_call: status.can_be_on_call(),
            missing: status.missing(),
            email: status.email.into(),
            sms: status.sms.into(),
            push: PushStatusView {
                channel: status.push.into(),
                device_count: status.device_count,
                reason: status.push_loss.map(|loss| loss.reason.as_str()),
                since: status.push_loss.map(|loss| loss.at),
            },
        }
    }
}

impl From<ChannelStatus> for ContactStatusView {
    fn from(status: ChannelStatus) -> Self {
        let reason = status.malformed.then_some("malformed");
        Self { channel: status.into(), reason }
    }
}

impl From<ChannelStatus> for ChannelStatusView {
    fn from(status: ChannelStatus) -> Self {
        Self {
            destination: status.destination,
            verified: status.verified_at.is_some(),
            verified_at: status.verified_at,
            pending: status.pending.map(PendingView::from),
        }
    }
}

impl From<Pending> for PendingView {
    fn from(pending: Pending) -> Self {
        Self {
            expires_at: pending.expires_at,
            attempts_left: pending.attempts_left,
            resend_after: pending.resend_after,
        }
    }
}
