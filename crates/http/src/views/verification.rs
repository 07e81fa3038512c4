use muster_domain::verification::{ChannelStatus, Masked, Method, Pending, VerificationStatus};
use serde::Serialize;
use time::OffsetDateTime;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerificationStatusView {
    email: ChannelStatusView,
    sms: ChannelStatusView,
    push: PushStatusView,
    all_verified: bool,
    can_be_on_call: bool,
    missing: Vec<Method>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChannelStatusView {
    destination: Option<Masked>,
    verified: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    verified_at: Option<OffsetDateTime>,
    pending: Option<PendingView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PushStatusView {
    #[serde(flatten)]
    channel: ChannelStatusView,
    device_count: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PendingView {
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    attempts_left: u8,
    #[serde(with = "time::serde::rfc3339")]
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
            push: PushStatusView { channel: status.push.into(), device_count: status.device_count },
        }
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
