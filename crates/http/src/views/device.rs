use muster_domain::DeviceId;
use muster_domain::device::{Device, Platform};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::openapi::schemas;

/// A device of the caller's that takes push messages. Its token is never shown.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Device)]
pub(crate) struct DeviceView {
    #[schema(value_type = schemas::Id)]
    id: DeviceId,
    #[schema(value_type = schemas::Platform)]
    platform: Platform,
    /// What its owner calls it.
    #[schema(required = true, examples("Grace's phone"))]
    name: Option<String>,
    /// The app's version on it.
    #[schema(required = true, examples("4.2.0"))]
    app_version: Option<String>,
    /// Whether a code that went to it is known to have arrived.
    verified: bool,
    /// When this person first registered it.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    created_at: OffsetDateTime,
    /// When it last registered.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
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
