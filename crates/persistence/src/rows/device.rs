use diesel::prelude::*;
use muster_domain::device::{Device, Platform, PushToken};

use crate::error::DbError;
use crate::rows::named;
use crate::schema::devices;
use crate::types::{DbId, Hash, Ts, fingerprint, key_column};

#[derive(Clone, Queryable, Selectable, Insertable)]
#[cfg_attr(feature = "postgres", derive(serde::Deserialize))]
#[diesel(table_name = devices, treat_none_as_default_value = false)]
pub(crate) struct DeviceRow {
    pub(crate) id: DbId,
    pub(crate) user_id: DbId,
    pub(crate) platform: String,
    pub(crate) token: String,
    pub(crate) token_fingerprint: Hash,
    pub(crate) token_fingerprint_key: Option<i32>,
    pub(crate) name: Option<String>,
    pub(crate) app_version: Option<String>,
    verified_at: Option<Ts>,
    created_at: Ts,
    pub(crate) last_seen_at: Ts,
}

impl From<&Device> for DeviceRow {
    fn from(device: &Device) -> Self {
        Self {
            id: device.id.into(),
            user_id: device.user_id.into(),
            platform: device.platform.as_str().to_owned(),
            token: device.token.expose().to_owned(),
            token_fingerprint: device.token_fingerprint.into(),
            token_fingerprint_key: device.token_fingerprint.key.map(key_column),
            name: device.name.clone(),
            app_version: device.app_version.clone(),
            verified_at: device.verified_at.map(Into::into),
            created_at: device.created_at.into(),
            last_seen_at: device.last_seen_at.into(),
        }
    }
}

impl TryFrom<DeviceRow> for Device {
    type Error = DbError;

    fn try_from(row: DeviceRow) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id.into(),
            user_id: row.user_id.into(),
            platform: named("devices", "platform", Platform::from_name(&row.platform))?,
            token: PushToken::from_stored(row.token),
            token_fingerprint: fingerprint(row.token_fingerprint, row.token_fingerprint_key),
            name: row.name,
            app_version: row.app_version,
            verified_at: row.verified_at.map(Into::into),
            created_at: row.created_at.into(),
            last_seen_at: row.last_seen_at.into(),
        })
    }
}
