use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::audit::AuditEvent;
use muster_domain::user::{
    Account, ProfileFacts, ProfileReader, Role, RoleOutcome, UserQuery, UserStore, UserSummary, fold,
};
use muster_domain::{StoreError, UserId};
use time::OffsetDateTime;

use crate::Store;
use crate::db::{with_conn, with_lookup};
use crate::delivered;
use crate::one_row::OneRow;
use crate::ports::change_role::change_role;
use crate::ports::people_list::people_list;
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::rows::AccountRow;
use crate::schema::users;
#[cfg(feature = "sqlite")]
use crate::sqlite;
use crate::types::DbId;

#[async_trait]
impl ProfileReader for Store {
    async fn profile(&self, id: UserId) -> Result<Option<ProfileFacts>, StoreError> {
        self.asking(move |db| async move {
            with_lookup!(
                &db,
                pg | c | postgres::person::profile(c, id.into()).await,
                sqlite | c | sqlite::person::profile(c, id.into()).await
            )
        })
        .await
    }
}

#[async_trait]
impl UserStore for Store {
    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        self.asking(move |db| async move {
            let row = with_lookup!(&db, |c| {
                let account = users::table.find(DbId::from(id)).select(AccountRow::as_select());
                account.one(c).await.optional()?
            });
            row.map(TryInto::try_into).transpose()
        })
        .await
    }

    async fn find_login(&self, login: &str) -> Result<Option<Account>, StoreError> {
        let login = fold(login);
        self.reading(move |db| async move {
            // Two rows are enough: the one with the user name comes first, and two with the address are one too many.
            let rows: Vec<AccountRow> = with_conn!(&db, |c| {
                let fitting = users::table
                    .filter(users::user_name_key.eq(&login).or(users::email_key.eq(&login)))
                    .filter(delivered::person())
                    .order((users::user_name_key.eq(&login).desc(), users::id))
                    .select(AccountRow::as_select());
                fitting.limit(2).load(c).await?
            });
            let ambiguous = rows.len() > 1;
            let first = rows.into_iter().next().filter(|row| row.user_name_key == login || !ambiguous);
            first.map(TryInto::try_into).transpose()
        })
        .await
    }

    async fn list(&self, query: &UserQuery) -> Result<Vec<UserSummary>, StoreError> {
        let query = query.clone();
        self.reading(move |db| people_list(db, query)).await
    }

    async fn change_role(
        &self,
        id: UserId,
        role: Role,
        at: OffsetDateTime,
        event: &AuditEvent,
    ) -> Result<RoleOutcome, StoreError> {
        let event = [event.clone()];
        self.detached(move |db| change_role(db, id.into(), role, at.into(), event)).await
    }
}
