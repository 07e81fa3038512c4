use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::RunQueryDsl;
use muster_domain::StoreError;
use muster_domain::audit::{AuditEvent, RevokeReason};
use muster_domain::directory::{DirectoryStore, InsertOutcome, PersonKey, UpdateOutcome, UserUpdate};
use muster_domain::team::{Member, Team};
use muster_domain::user::{User, fold};
use muster_domain::verification::Method;

use crate::Store;
use crate::db::{on_both, with_conn, with_tx};
use crate::error::DbError;
use crate::locks::Locks;
use crate::ports::sessions::live;
use crate::ports::teams::insert_team;
use crate::record::Record;
use crate::rows::{DirectoryColumns, UserRow};
use crate::schema::{challenges, proofs, sessions, users};
use crate::types::{DbId, Ts};

#[async_trait]
impl DirectoryStore for Store {
    async fn count_users(&self) -> Result<u64, StoreError> {
        self.reading(move |db| async move {
            let count: i64 = with_conn!(&db, |c| users::table.count().get_result(c).await?);
            Ok(count.unsigned_abs())
        })
        .await
    }

    async fn find_user(&self, key: &PersonKey) -> Result<Option<User>, StoreError> {
        let (external_id, user_name_key) = (key.external_id.clone(), fold(&key.user_name));
        self.reading(move |db| async move {
            // One statement, so that nobody is missed who is renamed meanwhile.
            let rows: Vec<UserRow> = with_conn!(&db, |c| {
                let by_either = users::user_name_key.eq(user_name_key).or(users::external_id.eq(&external_id));
                users::table.filter(by_either).select(UserRow::as_select()).load(c).await?
            });
            let decisive = rows.into_iter().max_by_key(|row| row.external_id == external_id);
            decisive.map(TryInto::try_into).transpose()
        })
        .await
    }

    async fn insert_user(&self, user: &User, event: &AuditEvent) -> Result<InsertOutcome, StoreError> {
        let described = DirectoryColumns::from(user);
        let (id, role, source, created_at) =
            (DbId::from(user.id), user.role.as_str(), user.source.as_str(), Ts::from(user.created_at));
        let event = [event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                let own = (
                    users::id.eq(id),
                    users::role.eq(role),
                    users::source.eq(source),
                    users::created_at.eq(created_at),
                );
                let insert = diesel::insert_into(users::table).values((own, described));
                if insert.on_conflict_do_nothing().execute(c).await? == 0 {
                    return Ok(InsertOutcome::Taken);
                }
                c.record(&event).await?;
                Ok(InsertOutcome::Inserted)
            })
        })
        .await
    }

    async fn update_user(&self, update: &UserUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        let update = update.clone();
        let events = events.to_vec();
        self.detached(move |db| async move {
            let updated = with_tx!(&db, |c| {
                let id = DbId::from(update.user.id);
                let described = DirectoryColumns::from(&update.user);
                let expected = users::table.find(id).filter(users::version.eq(update.expected_version));
                let names = expected.select((users::user_name_key, users::external_id)).first(c).await.optional()?;
                let Some((user_name_key, external_id)) = names else {
                    return Ok(UpdateOutcome::Stale);
                };
                if (&user_name_key, &external_id) != (&described.user_name_key, &described.external_id)
                    && c.names_are_taken(id, &described).await?
                {
                    return Ok(UpdateOutcome::Taken);
                }
                if diesel::update(expected).set(described).execute(c).await? == 0 {
                    return Ok(UpdateOutcome::Stale);
                }
                c.take_back_proofs(id, &update.lost_proofs, update.at.into()).await?;
                if update.end_sessions {
                    c.end_sessions(id, update.at.into()).await?;
                }
                c.record(&events).await?;
                Ok(UpdateOutcome::Updated)
            });
            unless_taken_meanwhile(updated)
        })
        .await
    }

    async fn insert_team(
        &self,
        team: &Team,
        members: &[Member],
        event: &AuditEvent,
    ) -> Result<InsertOutcome, StoreError> {
        let (team, members, event) = (team.clone(), members.to_vec(), [event.clone()]);
        self.detached(move |db| insert_team(db, team, members, event)).await
    }
}

/// On PostgreSQL somebody else may get a name between our look and our update. Then the index refuses the update, which
/// undid the whole unit of work: "taken" is all that is left to say. It is the only unique rule of `users` that an update
/// can break, because it never writes the id. No lock could tell earlier without holding off everybody else who is
/// renamed, and distributed engines have no such lock. On SQLite nobody else writes meanwhile.
fn unless_taken_meanwhile(updated: Result<UpdateOutcome, DbError>) -> Result<UpdateOutcome, DbError> {
    match updated {
        Err(DbError::Query(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, refused)))
            if refused.table_name() == Some("users") =>
        {
            Ok(UpdateOutcome::Taken)
        }
        other => other,
    }
}

on_both! {
    trait Describing {
        /// Whether another person has that user name or external id, as far as this transaction sees.
        async fn names_are_taken(conn, id: DbId, wanted: &DirectoryColumns) -> bool {
            let others = users::table
                .filter(users::id.ne(id))
                .filter(users::user_name_key.eq(&wanted.user_name_key).or(users::external_id.eq(&wanted.external_id)));
            Ok(others.count().get_result::<i64>(conn).await? > 0)
        }

        /// Takes back what was proven by these methods. Challenges first: whoever is completing one is waited for there,
        /// and their proof is seen when the proofs go.
        async fn take_back_proofs(conn, id: DbId, methods: &[Method], at: Ts) -> () {
            for method in methods {
                let open = challenges::table
                    .find((id, method.as_str()))
                    .filter(challenges::completed_at.is_null().and(challenges::cancelled_at.is_null()));
                diesel::update(open).set(challenges::cancelled_at.eq(at)).execute(conn).await?;
                diesel::delete(proofs::table.find((id, method.as_str()))).execute(conn).await?;
            }
            Ok(())
        }

        /// Ends a person's live sessions, because they are deactivated.
        async fn end_sessions(conn, id: DbId, at: Ts) -> () {
            conn.lock_sessions_of(id).await?;
            let end = (sessions::revoked_at.eq(at), sessions::revoke_reason.eq(RevokeReason::Deactivated.as_str()));
            let all = sessions::table.filter(sessions::user_id.eq(id)).filter(live(at));
            diesel::update(all).set(end).execute(conn).await?;
            Ok(())
        }
    }
}
