use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::audit::AuditEvent;
use muster_domain::device::{Device, DeviceStore, RegisterOutcome, RegistrationEvents};
use muster_domain::{DeviceId, StoreError, UserId};
use serde_json::json;
use time::OffsetDateTime;

use crate::Store;
use crate::db::{on_both, with_conn, with_tx};
use crate::locks::{Locks, has_destination};
use crate::record::Record;
use crate::rows::DeviceRow;
use crate::schema::{challenges, devices};
use crate::types::{DbId, Hash, Ts};

#[async_trait]
impl DeviceStore for Store {
    async fn register(
        &self,
        device: &Device,
        max: u32,
        events: &RegistrationEvents,
    ) -> Result<RegisterOutcome, StoreError> {
        let (row, destination) = (DeviceRow::from(device), device.destination());
        let events = events.clone();
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                // Whoever else registers for this person waits, so that the count below stays true. Who loses a device is
                // locked before it, as whenever devices change: their row in `users` tells what is proven.
                let holder = c.holder_of(destination.clone(), row.token_fingerprint).await?;
                c.lock_people(holder.into_iter().chain([row.user_id]).collect()).await?;
                // Again when somebody else took the token between the look and the insert; each time one of us is done.
                loop {
                    let holder = c.lock_holder(destination.clone(), row.token_fingerprint).await?.pop();
                    if let Some((id, owner)) = holder
                        && owner == row.user_id
                    {
                        return c.update_device(id, &row, events.updated).await;
                    }
                    if c.count_devices(row.user_id).await? >= i64::from(max) {
                        return Ok(RegisterOutcome::LimitReached);
                    }
                    if let Some((id, owner)) = holder {
                        c.drop_device(id, row.last_seen_at).await?;
                        c.record(&[AuditEvent { subject: Some(owner.into()), ..events.released.clone() }]).await?;
                    }
                    let insert = diesel::insert_into(devices::table).values(&row);
                    if insert.on_conflict_do_nothing().execute(c).await? == 1 {
                        c.record(&[events.registered]).await?;
                        return Ok(RegisterOutcome::Created(row.try_into()?));
                    }
                }
            })
        })
        .await
    }

    async fn list(&self, user_id: UserId) -> Result<Vec<Device>, StoreError> {
        self.reading(move |db| async move {
            let rows: Vec<DeviceRow> = with_conn!(&db, |c| {
                let own = devices::table.filter(devices::user_id.eq(DbId::from(user_id)));
                let oldest_first = own.order((devices::created_at, devices::id));
                oldest_first.select(DeviceRow::as_select()).load(c).await?
            });
            rows.into_iter().map(Device::try_from).collect()
        })
        .await
    }

    async fn remove(
        &self,
        user_id: UserId,
        id: DeviceId,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let (user_id, id, at) = (DbId::from(user_id), DbId::from(id), Ts::from(at));
        let event = [event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                c.lock_user(user_id).await?;
                if !c.lock_device(id).await?.iter().any(|(owner, _)| *owner == user_id) {
                    return Ok(false);
                }
                c.drop_device(id, at).await?;
                c.record(&event).await?;
                Ok(true)
            })
        })
        .await
    }
}

on_both! {
    trait Registering {
        async fn count_devices(conn, owner: DbId) -> i64 {
            Ok(devices::table.filter(devices::user_id.eq(owner)).count().get_result(conn).await?)
        }

        /// Whose device has a token, as far as this transaction sees. See [`Locks::lock_holder`].
        async fn holder_of(conn, destination: String, fingerprint: Hash) -> Option<DbId> {
            let with_token = has_destination(destination).or(devices::token_fingerprint.eq(fingerprint));
            let holder = devices::table.filter(with_token).select(devices::user_id);
            Ok(holder.get_result(conn).await.optional()?)
        }

        /// Writes what its app says about a locked device.
        async fn update_device(conn, id: DbId, given: &DeviceRow, event: AuditEvent) -> RegisterOutcome {
            let mut event = event;
            let row: DeviceRow = diesel::update(devices::table.find(id))
                .set((
                    devices::platform.eq(&given.platform),
                    devices::token.eq(&given.token),
                    devices::token_fingerprint.eq(given.token_fingerprint),
                    devices::token_fingerprint_key.eq(given.token_fingerprint_key),
                    devices::name.eq(&given.name),
                    devices::app_version.eq(&given.app_version),
                    devices::last_seen_at.eq(given.last_seen_at),
                ))
                .returning(DeviceRow::as_returning())
                .get_result(conn)
                .await?;
            let device = Device::try_from(row)?;
            if let Some(details) = event.details.as_object_mut() {
                details.insert("deviceId".to_owned(), json!(device.id));
            }
            conn.record(&[event]).await?;
            Ok(RegisterOutcome::Updated(device))
        }

        /// Removes a locked device and cancels the challenge that was sent to it.
        async fn drop_device(conn, id: DbId, at: Ts) -> () {
            let sent_to_it = challenges::table
                .filter(challenges::device_id.eq(id))
                .filter(challenges::completed_at.is_null().and(challenges::cancelled_at.is_null()));
            diesel::update(sent_to_it).set(challenges::cancelled_at.eq(at)).execute(conn).await?;
            conn.lock_sessions_on(id).await?;
            diesel::delete(devices::table.find(id)).execute(conn).await?;
            Ok(())
        }
    }
}
