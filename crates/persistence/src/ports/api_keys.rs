use async_trait::async_trait;
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::api_key::{ApiKey, ApiKeyHash, ApiKeyStore, KeyRotation, RotateKeyOutcome};
use muster_domain::audit::AuditEvent;
use muster_domain::{ApiKeyId, StoreError};
use time::OffsetDateTime;

use crate::Store;
use crate::db::{with_conn, with_lookup, with_tx};
use crate::one_row::OneRow;
use crate::record::Record;
use crate::rows::ApiKeyRow;
use crate::schema::api_keys;
use crate::types::{DbId, Hash, Ts};

#[async_trait]
impl ApiKeyStore for Store {
    async fn insert(&self, key: &ApiKey, hash: &ApiKeyHash, event: &AuditEvent) -> Result<(), StoreError> {
        let row = ApiKeyRow::new(key, *hash);
        let event = [event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                diesel::insert_into(api_keys::table).values(row).execute(c).await?;
                c.record(&event).await
            })
        })
        .await
    }

    async fn list(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.reading(move |db| async move {
            let rows: Vec<ApiKeyRow> = with_conn!(&db, |c| {
                let newest_first = api_keys::table.order((api_keys::created_at.desc(), api_keys::id.desc()));
                newest_first.select(ApiKeyRow::as_select()).load(c).await?
            });
            rows.into_iter().map(ApiKey::try_from).collect()
        })
        .await
    }

    async fn find(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, StoreError> {
        let hash = Hash::from(*hash);
        self.asking(move |db| async move {
            let row: Option<ApiKeyRow> = with_lookup!(&db, |c| {
                let key = api_keys::table.filter(api_keys::hash.eq(hash)).select(ApiKeyRow::as_select());
                key.one(c).await.optional()?
            });
            row.map(ApiKey::try_from).transpose()
        })
        .await
    }

    async fn touch(&self, id: ApiKeyId, at: OffsetDateTime) -> Result<(), StoreError> {
        let (id, at) = (DbId::from(id), Ts::from(at));
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                let used_before = api_keys::last_used_at.is_null().or(api_keys::last_used_at.lt(at));
                let key = api_keys::table.find(id).filter(used_before);
                diesel::update(key).set(api_keys::last_used_at.eq(at)).execute(c).await?;
                Ok(())
            })
        })
        .await
    }

    async fn revoke(&self, id: ApiKeyId, at: OffsetDateTime, event: &AuditEvent) -> Result<bool, StoreError> {
        let (id, at) = (DbId::from(id), Ts::from(at));
        let event = [event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                let key = api_keys::table.find(id).filter(api_keys::revoked_at.is_null());
                let revoked = diesel::update(key).set(api_keys::revoked_at.eq(at)).execute(c).await? == 1;
                if revoked {
                    c.record(&event).await?;
                }
                Ok(revoked)
            })
        })
        .await
    }

    async fn rotate(&self, rotation: &KeyRotation, event: &AuditEvent) -> Result<RotateKeyOutcome, StoreError> {
        let (old, until, at) = (DbId::from(rotation.old), Ts::from(rotation.old_until), Ts::from(rotation.at));
        let row = ApiKeyRow::new(&rotation.new, rotation.hash);
        let event = [event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                let unexpired = api_keys::expires_at.is_null().or(api_keys::expires_at.gt(at));
                let live = api_keys::table.find(old).filter(api_keys::revoked_at.is_null()).filter(unexpired);
                let earlier = case_when(api_keys::expires_at.lt(until), api_keys::expires_at).otherwise(Some(until));
                let shared: Option<(String, String)> = diesel::update(live)
                    .set(api_keys::expires_at.eq(earlier))
                    .returning((api_keys::name, api_keys::scopes))
                    .one(c)
                    .await
                    .optional()?;
                let Some((name, scopes)) = shared else {
                    return Ok(RotateKeyOutcome::NotLive);
                };
                let mut row = row;
                (row.name, row.scopes) = (name, scopes);
                diesel::insert_into(api_keys::table).values(&row).execute(c).await?;
                c.record(&event).await?;
                Ok(RotateKeyOutcome::Rotated(row.try_into()?))
            })
        })
        .await
    }
}
