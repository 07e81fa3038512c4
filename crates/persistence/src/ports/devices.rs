use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::audit::AuditEvent;
use muster_domain::device::{Device, DeviceLoss, DeviceRemoval, DeviceStore, RegisterOutcome, RegistrationEvents};
use muster_domain::{SessionId, StoreError, UserId};
use serde_json::json;

use crate::Store;
use crate::db::{Db, on_both, with_conn, with_tx};
use crate::error::DbError;
use crate::locks::{Locks, has_destination};
use crate::one_row::OneRow;
use crate::ports::endings::Endings;
use crate::record::Record;
use crate::rows::DeviceRow;
use crate::schema::{challenges, devices, users};
use crate::types::{DbId, Hash, Ts};

#[async_trait]
impl DeviceStore for Store {
    async fn register(
        &self,
        device: &Device,
        max: u32,
        session: Option<SessionId>,
        events: &RegistrationEvents,
    ) -> Result<RegisterOutcome, StoreError> {
        let (row, session) = (DeviceRow::from(device), session.map(DbId::from));
        let destination = device.destination();
        let events = events.clone();
        self.detached(move |db| async move {
            loop {
                match register(&db, &row, &destination, max, session, events.clone()).await {
                    // Another registration of the token was faster, so this one begins anew.
                    Err(DbError::HolderChanged) => {}
                    outcome => return outcome,
                }
            }
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

    async fn remove(&self, removal: &DeviceRemoval, event: &AuditEvent) -> Result<bool, StoreError> {
        let (user_id, id, at) = (DbId::from(removal.user_id), DbId::from(removal.id), Ts::from(removal.at));
        let (removal, event) = (removal.clone(), [event.clone()]);
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                c.lock_user(user_id).await?;
                let seen_later = |seen: Ts| removal.unless_seen_after.is_some_and(|at| seen > Ts::from(at));
                let found = c.lock_device(id).await?.pop();
                if found.is_none_or(|(owner, _, seen)| owner != user_id || seen_later(seen)) {
                    return Ok(false);
                }
                let mut on_it = c.live_sessions_on(user_id, id, at).await?;
                on_it.retain(|session| Some(*session) != removal.spared.map(DbId::from));
                c.drop_device(id, at, removal.reason).await?;
                c.record(&event).await?;
                if let Some(ending) = &removal.ending {
                    c.end_by(user_id, &on_it, ending).await?;
                }
                Ok(true)
            })
        })
        .await
    }
}

/// Registers a device in a transaction of its own. [`DbError::HolderChanged`] undoes it when the token changed hands after
/// it was looked up.
async fn register(
    db: &Db,
    row: &DeviceRow,
    destination: &str,
    max: u32,
    session: Option<DbId>,
    events: RegistrationEvents,
) -> Result<RegisterOutcome, DbError> {
    with_tx!(db, |c| {
        // The lock on the person keeps other registrations for them waiting, so that the count below stays true. A person
        // who loses a device is locked before the device, as whenever devices change. People are never locked after a
        // device: transactions that did so would wait for each other in a circle.
        let holder = c.holder_of(destination.to_owned(), row.token_fingerprint).await?;
        let locked: Vec<DbId> = holder.into_iter().chain([row.user_id]).collect();
        c.lock_people(locked.clone()).await?;
        if let Some(session) = session
            && !c.live_sessions(row.user_id, row.last_seen_at).await?.contains(&session)
        {
            return Ok(RegisterOutcome::SessionEnded);
        }
        let holder = c.lock_holder(destination.to_owned(), row.token_fingerprint).await?.pop();
        if let Some((id, owner)) = holder
            && owner == row.user_id
        {
            return c.update_device(id, row, session, events.updated).await;
        }
        if holder.is_some_and(|(_, owner)| !locked.contains(&owner)) {
            return Err(DbError::HolderChanged);
        }
        if c.count_devices(row.user_id).await? >= i64::from(max) {
            return Ok(RegisterOutcome::LimitReached);
        }
        if let Some((id, owner)) = holder {
            let on_it = c.live_sessions_on(owner, id, row.last_seen_at).await?;
            c.drop_device(id, row.last_seen_at, DeviceLoss::Released).await?;
            c.record(&[AuditEvent { subject: Some(owner.into()), ..events.released.clone() }]).await?;
            c.end_by(owner, &on_it, &events.ending.clone().of(owner.into())).await?;
        }
        let insert = diesel::insert_into(devices::table).values((row, devices::session_id.eq(session)));
        if insert.on_conflict_do_nothing().execute(c).await? == 0 {
            return Err(DbError::HolderChanged);
        }
        c.record(&[events.registered]).await?;
        Ok(RegisterOutcome::Created(row.clone().try_into()?))
    })
}

on_both! {
    trait Registering {
        async fn count_devices(conn, owner: DbId) -> i64 {
            Ok(devices::table.filter(devices::user_id.eq(owner)).count().one(conn).await?)
        }

        /// Whose device has a token, as far as this transaction sees. See [`Locks::lock_holder`].
        async fn holder_of(conn, destination: String, fingerprint: Hash) -> Option<DbId> {
            let with_token = has_destination(destination).or(devices::token_fingerprint.eq(fingerprint));
            let holder = devices::table.filter(with_token).select(devices::user_id);
            Ok(holder.one(conn).await.optional()?)
        }

        /// Writes what its app says about a locked device.
        async fn update_device(
            conn, id: DbId, given: &DeviceRow, session: Option<DbId>, event: AuditEvent
        ) -> RegisterOutcome {
            let mut event = event;
            if session.is_some() {
                diesel::update(devices::table.find(id)).set(devices::session_id.eq(session)).execute(conn).await?;
            }
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
                .one(conn)
                .await?;
            let device = Device::try_from(row)?;
            if let Some(details) = event.details.as_object_mut() {
                details.insert("deviceId".to_owned(), json!(device.id));
            }
            conn.record(&[event]).await?;
            Ok(RegisterOutcome::Updated(device))
        }

        /// Removes a locked device of a locked person, cancels the challenge that was sent to it, and notes why a proof is
        /// lost.
        async fn drop_device(conn, id: DbId, at: Ts, reason: DeviceLoss) -> () {
            let sent_to_it = challenges::table
                .filter(challenges::device_id.eq(id))
                .filter(challenges::completed_at.is_null().and(challenges::cancelled_at.is_null()));
            diesel::update(sent_to_it).set(challenges::cancelled_at.eq(at)).execute(conn).await?;
            conn.lock_sessions_on(id).await?;
            let gone = diesel::delete(devices::table.find(id)).returning((devices::user_id, devices::verified_at));
            let gone: Option<(DbId, Option<Ts>)> = gone.one(conn).await.optional()?;
            if let Some((owner, Some(_))) = gone {
                let lost = (users::push_lost_reason.eq(reason.as_str()), users::push_lost_at.eq(at));
                diesel::update(users::table.find(owner)).set(lost).execute(conn).await?;
            }
            Ok(())
        }
    }
}
