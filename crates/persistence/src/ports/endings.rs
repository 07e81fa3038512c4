//! How sessions and devices end together. The person is locked before, so that nothing about their sessions and devices
//! changes meanwhile but that sessions are refreshed and expire.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::audit::{AuditEvent, RevokeReason};
use muster_domain::device::DeviceLoss;
use muster_domain::session::Ending;
use muster_domain::{DeviceId, SessionId};

use crate::db::on_both;
use crate::locks::Locks;
use crate::ports::devices::Registering;
use crate::ports::sessions::live;
use crate::record::Record;
use crate::schema::{devices, sessions};
use crate::types::{DbId, Ts};

on_both! {
    trait Endings {
        /// A person's live sessions, those first that were used longest ago.
        async fn live_sessions(conn, user: DbId, at: Ts) -> Vec<DbId> {
            let own = sessions::table.filter(sessions::user_id.eq(user)).filter(live(at));
            let most_idle_first = own.order((sessions::last_used_at, sessions::id)).select(sessions::id);
            Ok(most_idle_first.load(conn).await?)
        }

        /// A person's live sessions that are on a device, in the order of their ids.
        async fn live_sessions_on(conn, user: DbId, device: DbId, at: Ts) -> Vec<DbId> {
            let own = sessions::table.filter(sessions::user_id.eq(user)).filter(live(at));
            let registered_it = devices::table.find(device).select(devices::session_id);
            let on_it = sessions::device_id.eq(device).or(sessions::id.nullable().eq_any(registered_it));
            Ok(own.filter(on_it).order(sessions::id).select(sessions::id).load(conn).await?)
        }

        /// Ends live sessions of a person and removes the devices that no other live session of theirs is on.
        async fn end_sessions(
            conn, user: DbId, ids: &[DbId], reason: RevokeReason, at: Ts, records: Option<&Ending>
        ) -> () {
            if ids.is_empty() {
                return Ok(());
            }
            let lost = conn.lock_devices_without(user, ids.to_vec(), at).await?;
            let end = (sessions::revoked_at.eq(at), sessions::revoke_reason.eq(reason.as_str()));
            diesel::update(sessions::table.filter(sessions::id.eq_any(ids))).set(end).execute(conn).await?;
            for device in &lost {
                conn.drop_device(*device, at, DeviceLoss::SessionEnded(reason)).await?;
            }
            if let Some(ending) = records {
                conn.record(&records_of(ending, ids, &lost)).await?;
            }
            Ok(())
        }

        /// The same with an ending's own reason, time and records.
        async fn end_by(conn, user: DbId, ids: &[DbId], ending: &Ending) -> () {
            conn.end_sessions(user, ids, ending.reason, ending.at.into(), Some(ending)).await
        }
    }
}

fn records_of(ending: &Ending, ended: &[DbId], lost: &[DbId]) -> Vec<AuditEvent> {
    let sessions = (0..)
        .zip(ended)
        .map(|(number, id)| ending.session.copy_for(number, "sessionId", SessionId::from(*id).to_string()));
    let devices =
        (0..).zip(lost).map(|(number, id)| ending.device.copy_for(number, "deviceId", DeviceId::from(*id).to_string()));
    sessions.chain(devices).collect()
}
