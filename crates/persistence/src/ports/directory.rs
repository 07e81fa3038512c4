use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::RunQueryDsl;
use muster_domain::audit::{AuditEvent, RevokeReason};
use muster_domain::directory::{
    DirectoryStore, EngagedBrake, GroupUpdate, InsertOutcome, KnownPeople, PersonKey, UpdateOutcome, UserRemoval,
    UserUpdate,
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
use crate::one_row::OneRow;
use crate::ports::brakes::{Brakes, engaged_brakes, release_brake};
use crate::ports::endings::Endings;
use crate::ports::groups::{insert_team, remove_group, update_group};
use crate::ports::names::{Kind, Names};
use crate::ports::removal::{Leaving, remove_user};
use crate::record::Record;
use crate::rows::{DirectoryColumns, NoticeRow, OwnColumns, UserRow};
use crate::schema::{challenges, identities, known_names, proofs, users};
use crate::types::{DbId, Ts};

#[async_trait]
impl DirectoryStore for Store {
    async fn count_users(&self) -> Result<u64, StoreError> {
        self.reading(move |db| async move {
            let count: i64 = with_conn!(&db, |c| users::table.count().one(c).await?);
            Ok(count.unsigned_abs())
        })
        .await
    }

    async fn find_people(&self, key: &PersonKey) -> Result<KnownPeople, StoreError> {
        let key = key.clone();
        self.reading(move |db| find_people(db, key)).await
    }

    async fn insert_user(&self, user: &User, event: &AuditEvent) -> Result<InsertOutcome, StoreError> {
        let (own, described) = (OwnColumns::from(user), DirectoryColumns::from(user));
        let (id, external_id) = (DbId::from(user.id), user.external_id.clone());
        let event = [event.clone()];
        self.detached(move |db| async move {
            with_tx!(&db, |c| {
                let insert = diesel::insert_into(users::table).values((own, described));
                if insert.on_conflict_do_nothing().execute(c).await? == 0 {
                    return Ok(InsertOutcome::Taken);
                }
                if let Some(external_id) = external_id {
                    c.inherit_identities(id, &external_id).await?;
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

async fn find_people(db: Db, key: PersonKey) -> Result<KnownPeople, DbError> {
    let (user_name, email) = (fold(&key.user_name), key.email.as_deref().map(fold));
    let names: Vec<String> = [Some(user_name.clone()), email.clone()].into_iter().flatten().collect();
    // No subject is empty, and a person without an external id is not the one of a record without.
    let external_id = key.external_id.clone().unwrap_or_default();
    let awaited = diesel::alias!(users as awaited);
    // As in `User::awaits_directory`.
    let is_awaited = || {
        let is_here = awaited.field(users::removed_at).is_null();
        is_here.and(awaited.field(users::signed_in_first)).and(awaited.field(users::version).eq(1))
    };
    let rows: Vec<(UserRow, Option<DbId>, Option<DbId>)> = with_conn!(&db, |c| {
        let by_subject = || {
            let bound = identities::table.filter(identities::subject.eq(&external_id));
            let bound = bound.inner_join(awaited.on(awaited.field(users::id).eq(identities::user_id)));
            bound.filter(is_awaited()).select(identities::user_id).limit(1).single_value()
        };
        let by_login = || {
            let of_name = known_names::name_key.eq(&user_name).and(known_names::kind.eq(Kind::UserName.as_str()));
            let known = known_names::table.filter(of_name);
            let known = known.inner_join(awaited.on(awaited.field(users::id).eq(known_names::user_id)));
            known.filter(is_awaited()).select(known_names::user_id).limit(1).single_value()
        };
        let by_names = users::user_name_key.eq_any(&names).or(users::external_id.eq(&key.external_id));
        let by_sign_in = users::id.nullable().eq(by_subject()).or(users::id.nullable().eq(by_login()));
        users::table
            .filter(by_names.or(by_sign_in))
            .filter(users::removed_at.is_null())
            .select((UserRow::as_select(), by_subject(), by_login()))
            .load(c)
            .await?
    });
    let mut known = KnownPeople::default();
    for (row, by_subject, by_login) in rows {
        let (is_subject, is_login) = (by_subject == Some(row.id), by_login == Some(row.id));
        let (has_name, has_email) = (row.user_name_key == user_name, Some(&row.user_name_key) == email.as_ref());
        let user = User::try_from(row)?;
        let when = |is: bool| is.then(|| user.clone());
        known.by_external_id =
            known.by_external_id.or(when(key.external_id.is_some() && user.external_id == key.external_id));
        known.by_user_name = known.by_user_name.or(when(has_name));
        known.by_subject = known.by_subject.or(when(is_subject));
        known.by_login = known.by_login.or(when(is_login));
        known.by_email = known.by_email.or(when(has_email && user.awaits_directory()));
    }
    Ok(known)
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
        if !update.duplicates.is_empty() {
            let duplicates = update.duplicates.iter().map(|duplicate| duplicate.id);
            c.lock_people(duplicates.chain([update.user.id]).map(DbId::from).collect()).await?;
        }
        let Some(before) = c.lock_user_at(id, update.expected_version).await?.pop() else {
            return Ok(UpdateOutcome::Stale);
        };
        let Some(duplicates) = c.find_duplicates(&update.duplicates).await? else {
            return Ok(UpdateOutcome::Stale);
        };
        let names_change =
            (&before.user_name_key, &before.external_id) != (&described.user_name_key, &described.external_id);
        let expected = duplicates.iter().map(|(duplicate, _)| *duplicate).chain([id]).collect();
        if names_change && c.names_are_taken(expected, &described).await? {
            return Ok(UpdateOutcome::Taken);
        }
        if let Some((brake, held)) = held
            && before.active
            && !c.passes(brake, held, id, at).await?
        {
            return Ok(UpdateOutcome::Braked);
        }
        for (duplicate, names) in duplicates {
            c.take_away(duplicate, names, at).await?;
            c.unbind(duplicate).await?;
        }
        c.remember_former(&before, &described, id, at).await?;
        diesel::update(users::table.find(id)).set(&described).execute(c).await?;
        if let Some(external_id) = described.external_id.filter(|new| before.external_id.as_ref() != Some(new)) {
            c.inherit_identities(id, &external_id).await?;
        }
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
        /// Whether somebody has that user name or external id who is none of these people, as far as this transaction
        /// sees.
        async fn names_are_taken(conn, people: Vec<DbId>, wanted: &DirectoryColumns) -> bool {
            let others = users::table
                .filter(users::id.ne_all(people))
                .filter(users::user_name_key.eq(&wanted.user_name_key).or(users::external_id.eq(&wanted.external_id)));
            Ok(others.count().one::<i64>(conn).await? > 0)
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
