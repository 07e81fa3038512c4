use async_trait::async_trait;
use diesel::dsl::{auto_type, case_when};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::audit::AuditEvent;
use muster_domain::break_glass::{
    AttemptLimit, BreakGlassAccount, BreakGlassStore, Credential, PasswordHash, PasswordTag, Refusal, RefusalRecord,
};
use muster_domain::directory::InsertOutcome;
use muster_domain::notice::Notice;
use muster_domain::user::{Role, User, fold};
use muster_domain::{StoreError, UserId};
use time::OffsetDateTime;

use crate::Store;
use crate::bulk::Bulk;
use crate::db::{with_conn, with_tx};
use crate::delivered::{self, nobodys_name};
use crate::one_row::OneRow;
use crate::ports::sign_in_attempts::Attempts;
use crate::record::Record;
use crate::rows::{BreakGlassRow, CredentialRow, DirectoryColumns, NoticeRow, OwnColumns};
use crate::schema::{break_glass_accounts, users};
use crate::types::{DbId, Ts};

#[async_trait]
impl BreakGlassStore for Store {
    async fn insert(
        &self,
        user: &User,
        name: &str,
        hash: &PasswordHash,
        tag: PasswordTag,
        event: &AuditEvent,
    ) -> Result<InsertOutcome, StoreError> {
        let (own, id, created_at) = (OwnColumns::from(user), DbId::from(user.id), Ts::from(user.created_at));
        let mut described = DirectoryColumns::from(user);
        described.user_name_key = nobodys_name(id);
        let (name, name_key, hash) = (name.to_owned(), fold(name), hash.as_str().to_owned());
        let event = [event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                let of_that_name = break_glass_accounts::table.filter(working(name_key.clone()));
                if of_that_name.count().one::<i64>(c).await? > 0 {
                    return Ok(InsertOutcome::Taken);
                }
                diesel::insert_into(users::table).values((own, described)).execute(c).await?;
                let account = (
                    break_glass_accounts::user_id.eq(id),
                    break_glass_accounts::name.eq(name),
                    break_glass_accounts::name_key.eq(name_key),
                    break_glass_accounts::password_hash.eq(hash),
                    break_glass_accounts::password_tag.eq(i64::from(tag.0)),
                    break_glass_accounts::created_at.eq(created_at),
                );
                let insert = diesel::insert_into(break_glass_accounts::table).values(account);
                // On PostgreSQL another may get the name between our look and our insert.
                if insert.on_conflict_do_nothing().execute(c).await? == 0 {
                    diesel::delete(users::table.find(id)).execute(c).await?;
                    return Ok(InsertOutcome::Taken);
                }
                c.record(&event).await?;
                Ok(InsertOutcome::Inserted)
            })
        })
        .await
    }

    async fn list(&self) -> Result<Vec<BreakGlassAccount>, StoreError> {
        self.reading(move |db| async move {
            let rows: Vec<BreakGlassRow> = with_conn!(&db, |c| {
                let newest_first = (break_glass_accounts::created_at.desc(), break_glass_accounts::user_id.desc());
                let by_name = break_glass_accounts::table.order((break_glass_accounts::name_key, newest_first));
                by_name.select(BreakGlassRow::as_select()).load(c).await?
            });
            Ok(rows.into_iter().map(Into::into).collect())
        })
        .await
    }

    async fn find(&self, name: &str) -> Result<Option<Credential>, StoreError> {
        let Some(name_key) = key(name) else {
            return Ok(None);
        };
        self.reading(move |db| async move {
            let row: Option<CredentialRow> = with_conn!(&db, |c| {
                let account = break_glass_accounts::table.filter(working(name_key));
                account.select(CredentialRow::as_select()).one(c).await.optional()?
            });
            row.map(TryInto::try_into).transpose()
        })
        .await
    }

    async fn revoke(&self, name: &str, at: OffsetDateTime, event: &AuditEvent) -> Result<bool, StoreError> {
        let Some(name_key) = key(name) else {
            return Ok(false);
        };
        let at = Ts::from(at);
        let event = [event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                let revoked: Option<DbId> = diesel::update(break_glass_accounts::table.filter(working(name_key)))
                    .set(break_glass_accounts::revoked_at.eq(at))
                    .returning(break_glass_accounts::user_id)
                    .one(c)
                    .await
                    .optional()?;
                let Some(id) = revoked else {
                    return Ok(false);
                };
                let deactivated = (users::active.eq(false), users::updated_at.eq(at));
                diesel::update(users::table.find(id)).set(deactivated).execute(c).await?;
                c.record(&event).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn count_attempt(
        &self,
        limit: &AttemptLimit,
        at: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        let limit = limit.clone();
        self.detached(move |db| async move { with_tx!(&db, |c| c.count_attempt(&limit, at).await) }).await
    }

    async fn admins(&self) -> Result<Vec<UserId>, StoreError> {
        self.reading(move |db| async move {
            let admins = users::table
                .filter(users::role.eq(Role::Admin.as_str()).and(users::active))
                .filter(delivered::person().and(users::email.is_not_null()))
                .order(users::id)
                .select(users::id);
            let ids: Vec<DbId> = with_conn!(&db, |c| admins.load(c).await?);
            Ok(ids.into_iter().map(Into::into).collect())
        })
        .await
    }

    async fn record_use(
        &self,
        user_id: UserId,
        at: OffsetDateTime,
        notices: &[Notice],
        event: &AuditEvent,
    ) -> Result<bool, StoreError> {
        let (id, at) = (DbId::from(user_id), Ts::from(at));
        let (notices, event) = (NoticeRow::of(notices)?, [event.clone()]);
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                let account = break_glass_accounts::table.find(id).filter(break_glass_accounts::revoked_at.is_null());
                let last_used_at = break_glass_accounts::last_used_at;
                let latest = case_when(last_used_at.gt(at), last_used_at).otherwise(Some(at));
                if diesel::update(account).set(last_used_at.eq(latest)).execute(c).await? == 0 {
                    return Ok(false);
                }
                c.insert_notices(notices).await?;
                c.record(&event).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn record_refusal(&self, refusal: &Refusal) -> Result<u64, StoreError> {
        let (refusal, notices) = (refusal.clone(), NoticeRow::of(&refusal.notices)?);
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                let number = c.count_refusal(refusal.account.as_deref(), refusal.at).await?;
                if RefusalRecord::of(number) == RefusalRecord::FloodBegins {
                    c.insert_notices(notices).await?;
                }
                if let Some(record) = refusal.record(number) {
                    c.record(&[record]).await?;
                }
                Ok(number)
            })
        })
        .await
    }
}

/// The account of that folded name that works.
#[auto_type]
fn working(name_key: String) -> _ {
    break_glass_accounts::name_key.eq(name_key).and(break_glass_accounts::revoked_at.is_null())
}

/// A name that somebody typed, folded; `None` when no account is called so: PostgreSQL takes no text with a NUL in it.
fn key(name: &str) -> Option<String> {
    let key = fold(name);
    (!key.contains('\0')).then_some(key)
}
