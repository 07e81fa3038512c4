use muster_domain::DeviceId;
use muster_domain::device::{Device, Platform};
use serde::Serialize;
use time::OffsetDateTime;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeviceView {
    id: DeviceId,
    platform: Platform,
    name: Option<String>,
    app_version: Option<String>,
    verified: bool,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    last_seen_at: OffsetDateTime,
}

impl From<Device> for DeviceView {
    fn from(device: Device) -> Self {
        Self {
            id: device.id,
            platform: device.platform,
            name: device.name,
            app_version: device.app_version,
            verified: device.verified_at.is_some(),
            created_at: device.created_at,
            last_seen_at: device.last_seen_at,
        }
    }
}
