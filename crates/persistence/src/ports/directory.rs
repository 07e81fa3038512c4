use async_trait::async_trait;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::RunQueryDsl;
use muster_domain::audit::{AuditEvent, RevokeReason};
use muster_domain::directory::{
    DirectoryStore, EngagedBrake, GroupUpdate, InsertOutcome, PersonKey, UpdateOutcome, UserRemoval, UserUpdate,
};
use muster_domain::team::{Member, Team};
use muster_domain::user::{User, fold};
use muster_domain::verification::Method;
use muster_domain::{StoreError, TeamId};
use time::OffsetDateTime;

use crate::Store;
use crate::bulk::Bulk;
use crate::db::{Db, on_both, with_conn, with_tx};
use crate::error::DbError;
use crate::locks::Locks;
use crate::ports::brakes::{Brakes, engaged_brakes, release_brake};
use crate::ports::endings::Endings;
use crate::ports::groups::{insert_team, remove_group, update_group};
use crate::ports::removal::remove_user;
use crate::record::Record;
use crate::rows::{DirectoryColumns, NoticeRow, OwnColumns, UserRow};
use crate::schema::{challenges, proofs, users};
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
                users::table
                    .filter(by_either)
                    .filter(users::removed_at.is_null())
                    .select(UserRow::as_select())
                    .load(c)
                    .await?
            });
            let decisive = rows.into_iter().max_by_key(|row| row.external_id == external_id);
            decisive.map(TryInto::try_into).transpose()
        })
        .await
    }

    async fn was_removed(&self, key: &PersonKey) -> Result<bool, StoreError> {
        let (external_id, user_name_key) = (key.external_id.clone(), fold(&key.user_name));
        self.reading(move |db| async move {
            // An external id that is not given is nobody's.
            let by_either = users::former_user_name_key.eq(user_name_key).or(users::former_external_id.eq(external_id));
            let removed = exists(users::table.filter(by_either));
            Ok(with_conn!(&db, |c| select(removed).get_result(c).await?))
        })
        .await
    }

    async fn insert_user(&self, user: &User, event: &AuditEvent) -> Result<InsertOutcome, StoreError> {
        let (own, described) = (OwnColumns::from(user), DirectoryColumns::from(user));
        let event = [event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
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
        let (update, notices) = (update.clone(), NoticeRow::of(&update.notices)?);
        let events = events.to_vec();
        self.detached(move |db| update_user(db, update, notices, events)).await
    }

    async fn remove_user(&self, removal: &UserRemoval, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        let (removal, events) = (removal.clone(), events.to_vec());
        self.detached(move |db| remove_user(db, removal, events)).await
    }

    async fn engaged_brakes(&self) -> Result<Vec<EngagedBrake>, StoreError> {
        self.reading(engaged_brakes).await
    }

    async fn release_brake(&self, client: &str, at: OffsetDateTime, event: &AuditEvent) -> Result<bool, StoreError> {
        let (client, event) = (client.to_owned(), [event.clone()]);
        self.detached(move |db| release_brake(db, client, at.into(), event)).await
    }

    async fn insert_team(
        &self,
        team: &Team,
        members: &[Member],
        events: &[AuditEvent],
    ) -> Result<InsertOutcome, StoreError> {
        let (team, members, events) = (team.clone(), members.to_vec(), events.to_vec());
        self.detached(move |db| insert_team(db, team, members, events)).await
    }

    async fn update_group(&self, update: &GroupUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        let (update, events) = (update.clone(), events.to_vec());
        self.detached(move |db| update_group(db, update, events)).await
    }

    async fn remove_group(
        &self,
        id: TeamId,
        expected_version: i64,
        at: OffsetDateTime,
        events: &[AuditEvent],
    ) -> Result<UpdateOutcome, StoreError> {
        let events = events.to_vec();
        self.detached(move |db| remove_group(db, id.into(), expected_version, at.into(), events)).await
    }
}

async fn update_user(
    db: Db,
    update: UserUpdate,
    notices: Vec<NoticeRow>,
    events: Vec<AuditEvent>,
) -> Result<UpdateOutcome, DbError> {
    let (id, at) = (DbId::from(update.user.id), Ts::from(update.at));
    let described = DirectoryColumns::from(&update.user);
    let updated = with_tx!(&db, |c| {
        let held = match &update.brake {
            Some(brake) if update.deactivates => Some((brake, c.hold_brake(&brake.client).await?)),
            _ => None,
        };
        let Some((user_name_key, external_id, is_active)) = c.lock_user_at(id, update.expected_version).await?.pop()
        else {
            return Ok(UpdateOutcome::Stale);
        };
        if (&user_name_key, &external_id) != (&described.user_name_key, &described.external_id)
            && c.names_are_taken(id, &described).await?
        {
            return Ok(UpdateOutcome::Taken);
        }
        if let Some((brake, held)) = held
            && is_active
            && !c.passes(brake, held, id, at).await?
        {
            return Ok(UpdateOutcome::Braked);
        }
        diesel::update(users::table.find(id)).set(described).execute(c).await?;
        c.take_back_proofs(id, &update.lost_proofs, at).await?;
        if update.deactivates {
            c.end_all_sessions(id, at).await?;
        }
        c.insert_notices(notices).await?;
        c.record(&events).await?;
        Ok(UpdateOutcome::Updated)
    });
    unless_taken_meanwhile("users", updated)
}

/// On PostgreSQL somebody else may get a name between our look and our update. Then the index refuses the update, which
/// undid the whole unit of work: "taken" is all that is left to say. It is the only unique rule of `table` that an update
/// can break, because it never writes the id. No lock could tell earlier without holding off everybody else who is
/// renamed, and distributed engines have no such lock. On SQLite nobody else writes meanwhile.
pub(super) fn unless_taken_meanwhile(
    table: &str,
    updated: Result<UpdateOutcome, DbError>,
) -> Result<UpdateOutcome, DbError> {
    match updated {
        Err(DbError::Query(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, refused)))
            if refused.table_name() == Some(table) =>
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

        /// Ends the live sessions of a locked person who is deactivated, and removes the devices that they are on.
        async fn end_all_sessions(conn, id: DbId, at: Ts) -> () {
            let all = conn.live_sessions(id, at).await?;
            conn.end_sessions(id, &all, RevokeReason::Deactivated, at, None).await
        }
    }
}
