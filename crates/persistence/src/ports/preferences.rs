use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::audit::AuditEvent;
use muster_domain::preferences::{PreferenceStore, Preferences, StoredPreferences};
use muster_domain::{StoreError, UserId};

use crate::Store;
use crate::db::{with_conn, with_tx};
use crate::one_row::OneRow;
use crate::record::Record;
use crate::rows::PreferencesRow;
use crate::schema::preferences;
use crate::types::DbId;

#[async_trait]
impl PreferenceStore for Store {
    async fn load(&self, user_id: UserId) -> Result<Option<StoredPreferences>, StoreError> {
        self.reading(move |db| async move {
            let row = with_conn!(&db, |c| {
                let stored = preferences::table.find(DbId::from(user_id)).select(PreferencesRow::as_select());
                stored.one(c).await.optional()?
            });
            row.map(TryInto::try_into).transpose()
        })
        .await
    }

    async fn replace(
        &self,
        user_id: UserId,
        expected: i64,
        document: &Preferences,
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let id = DbId::from(user_id);
        let document = serde_json::to_string(document).map_err(|error| StoreError::Backend(Box::new(error)))?;
        let event = [event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                let written = if expected == 0 {
                    let first =
                        (preferences::user_id.eq(id), preferences::version.eq(1), preferences::document.eq(document));
                    let insert = diesel::insert_into(preferences::table).values(first);
                    insert.on_conflict_do_nothing().execute(c).await?
                } else {
                    let stored = preferences::table.find(id).filter(preferences::version.eq(expected));
                    let next = (preferences::version.eq(expected + 1), preferences::document.eq(document));
                    diesel::update(stored).set(next).execute(c).await?
                };
                if written == 1 {
                    c.record(&event).await?;
                }
                Ok(written == 1)
            })
        })
        .await
    }
}
