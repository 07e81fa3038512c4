use async_trait::async_trait;
use diesel::prelude::*;
use diesel::query_dsl::methods;
use diesel_async::RunQueryDsl;
use muster_domain::audit::AuditEvent;
use muster_domain::verification::{
    Challenge, Delivery, Fingerprint, Method, OpenOutcome, Quota, Refused, VerificationStore,
};
use muster_domain::{ChallengeId, StoreError, UserId};
use time::OffsetDateTime;

use crate::Store;
use crate::db::{on_both, with_conn, with_tx};
use crate::error::DbError;
use crate::locks::Locks;
use crate::one_row::OneRow;
use crate::ports::send_limits::SendLimits;
use crate::ports::spend_attempt::{SpendAttempt, live, spend_attempt};
use crate::record::Record;
use crate::rows::{ChallengeRow, ProofRow};
use crate::schema::{challenges, devices, proofs};
use crate::types::{DbId, Ts, key_column};

#[async_trait]
impl VerificationStore for Store {
    async fn open_challenge(
        &self,
        challenge: &Challenge,
        quotas: &[Quota],
        event: &AuditEvent,
    ) -> Result<OpenOutcome, StoreError> {
        let row = ChallengeRow::from(challenge);
        let (opened_at, quotas) = (challenge.opened_at, quotas.to_vec());
        let event = [event.clone()];
        self.detached(move |db| async move {
            let opened = with_tx!(&db, |c| {
                if !c.share_user(row.user_id).await?.iter().any(|(is_active, ..)| *is_active) {
                    return Ok(OpenOutcome::NoUser);
                }
                if let Some(device) = row.device_id
                    && !c.share_device(device).await?.contains(&row.user_id)
                {
                    return Ok(OpenOutcome::NoDevice);
                }
                let latest = challenges::table.find((row.user_id, row.method.clone()));
                let replace = diesel::insert_into(challenges::table)
                    .values(&row)
                    .on_conflict((challenges::user_id, challenges::method))
                    .do_update()
                    .set((&row, challenges::delivery.eq(None::<String>)));
                // Spelled out, because a query's `filter` is another trait's.
                let replace_old = methods::FilterDsl::filter(replace, challenges::resend_after.le(Ts::from(opened_at)));
                if replace_old.execute(c).await? == 0 {
                    let times = latest.select((challenges::opened_at, challenges::resend_after));
                    let (opened_at, resend_after): (Ts, Ts) = times.one(c).await?;
                    return Ok(OpenOutcome::TooSoon { opened_at: opened_at.into(), resend_after: resend_after.into() });
                }
                for quota in &quotas {
                    c.count(quota, opened_at).await?;
                }
                c.record(&event).await?;
                Ok(OpenOutcome::Opened)
            });
            match opened {
                Err(DbError::OverQuota(outcome)) => Ok(outcome),
                opened => opened,
            }
        })
        .await
    }

    async fn record_refusal(
        &self,
        refused: &Refused,
        cutoff: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let (refused, cutoff) = (*refused, Ts::from(cutoff));
        let event = [event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                let due = c.note_refusal(&refused, cutoff).await?;
                if due {
                    c.record(&event).await?;
                }
                Ok(due)
            })
        })
        .await
    }

    async fn record_delivery(
        &self,
        id: ChallengeId,
        delivery: &Delivery,
        event: &AuditEvent,
    ) -> Result<(), StoreError> {
        let id = DbId::from(id);
        let delivery = serde_json::to_string(delivery).map_err(|error| StoreError::Backend(Box::new(error)))?;
        let event = [event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                let challenge = challenges::table.filter(challenges::id.eq(id));
                diesel::update(challenge).set(challenges::delivery.eq(delivery)).execute(c).await?;
                c.record(&event).await
            })
        })
        .await
    }

    async fn find_challenge(&self, user_id: UserId, method: Method) -> Result<Option<Challenge>, StoreError> {
        self.reading(move |db| async move {
            let row = with_conn!(&db, |c| {
                let latest = challenges::table.find((DbId::from(user_id), method.as_str()));
                latest.select(ChallengeRow::as_select()).one(c).await.optional()?
            });
            row.map(TryInto::try_into).transpose()
        })
        .await
    }

    async fn spend_attempt(
        &self,
        id: ChallengeId,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<Option<u8>, StoreError> {
        let guess = SpendAttempt { challenge: id.into(), at: at.into(), event: event.into() };
        self.detached(move |db| spend_attempt(db, guess)).await
    }

    async fn complete_challenge(
        &self,
        id: ChallengeId,
        destination: &Fingerprint,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let (id, destination, at) = (DbId::from(id), *destination, Ts::from(at));
        let event = [event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                let challenge = challenges::table.filter(challenges::id.eq(id)).select(ChallengeRow::as_select());
                let Some(challenge) = challenge.one(c).await.optional()? else {
                    return Ok(false);
                };
                if c.lock_destination(&challenge).await? != Some(destination) {
                    return Ok(false);
                }
                let completed = diesel::update(challenges::table.filter(live(id, at)))
                    .set(challenges::completed_at.eq(at))
                    .execute(c)
                    .await?;
                if completed == 0 {
                    return Ok(false);
                }
                c.prove(challenge, destination, at).await?;
                c.record(&event).await?;
                Ok(true)
            })
        })
        .await
    }
}

on_both! {
    trait Proving {
        /// The fingerprint that the person has now for a challenge's method, or the challenge's device. It stays that
        /// until the transaction ends.
        async fn lock_destination(conn, challenge: &ChallengeRow) -> Option<Fingerprint> {
            // Not shared: what is proven changes their row too, and two who shared it would wait for each other.
            let Some((_, email, phone)) = conn.lock_contacts(challenge.user_id).await?.pop() else {
                return Ok(None);
            };
            let current = match (challenge.method()?, challenge.device_id) {
                (Method::Email, _) => email,
                (Method::Sms, _) => phone,
                (Method::Push, None) => None,
                (Method::Push, Some(device)) => {
                    let device = conn.lock_device(device).await?.pop();
                    device.filter(|(owner, ..)| *owner == challenge.user_id).map(|(_, token, _)| token)
                }
            };
            Ok(current.map(|hash| hash.0.into()))
        }

        /// Puts the proof where it belongs.
        async fn prove(conn, challenge: ChallengeRow, destination: Fingerprint, at: Ts) -> () {
            if let Some(device) = challenge.device_id {
                let device = devices::table.find(device);
                diesel::update(device).set(devices::verified_at.eq(at)).execute(conn).await?;
                return Ok(());
            }
            let ChallengeRow { user_id, method, .. } = challenge;
            let fingerprint_key = destination.key.map(key_column);
            let proof = ProofRow { user_id, method, fingerprint: destination.into(), fingerprint_key, verified_at: at };
            diesel::insert_into(proofs::table)
                .values(&proof)
                .on_conflict((proofs::user_id, proofs::method))
                .do_update()
                .set(&proof)
                .execute(conn)
                .await?;
            Ok(())
        }
    }
}
