use async_trait::async_trait;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::StoreError;
use muster_domain::access::{
    AdmitOutcome, BindOutcome, Binding, Candidate, Candidates, Grounds, IdentityKey, IdentityStore,
};
use muster_domain::audit::AuditEvent;
use muster_domain::user::{Source, User, fold};
use time::OffsetDateTime;

use crate::Store;
use crate::db::{Db, on_both, with_lookup, with_tx};
use crate::error::DbError;
use crate::locks::Locks;
use crate::one_row::OneRow;
use crate::ports::names::{Kind, Names};
use crate::ports::removal::Leaving;
use crate::record::Record;
use crate::rows::{CandidateRow, DirectoryColumns, OwnColumns};
use crate::schema::{identities, known_names, users};
use crate::types::{DbId, Ts};

#[async_trait]
impl IdentityStore for Store {
    async fn candidates(&self, key: &IdentityKey) -> Result<Candidates, StoreError> {
        let key = Folded::from(key);
        self.asking(move |db| candidates(db, key)).await
    }

    async fn bind(&self, binding: &Binding, events: &[AuditEvent]) -> Result<BindOutcome, StoreError> {
        let (binding, events) = (binding.clone(), events.to_vec());
        self.detached(move |db| bind(db, binding, events)).await
    }

    async fn admit(&self, person: &User, key: &IdentityKey, events: &[AuditEvent]) -> Result<AdmitOutcome, StoreError> {
        let (own, described) = (OwnColumns::from(person), DirectoryColumns::from(person));
        let (key, events) = (Folded::from(key), events.to_vec());
        let (id, at) = (DbId::from(person.id), Ts::from(person.created_at));
        self.detached(move |db| async move {
            match admit(db, (own, described), id, at, key, events).await {
                Err(DbError::NotAdmitted(outcome)) => Ok(outcome),
                other => other,
            }
        })
        .await
    }
}

/// What a token says of whose it is, folded.
#[derive(Clone)]
pub(super) struct Folded {
    issuer: String,
    subject: String,
    logins: Vec<String>,
    /// The logins and the e-mail address.
    names: Vec<String>,
}

impl From<&IdentityKey> for Folded {
    fn from(key: &IdentityKey) -> Self {
        let logins: Vec<String> = key.logins.iter().map(|login| fold(login)).collect();
        let names = logins.iter().cloned().chain(key.email.as_deref().map(fold)).collect();
        Self { issuer: key.issuer.clone(), subject: key.subject.clone(), logins, names }
    }
}

async fn candidates(db: Db, key: Folded) -> Result<Candidates, DbError> {
    // At most one row by the external id, one by the binding, and one for each login.
    let rows: Vec<(CandidateRow, Option<DbId>)> = with_lookup!(&db, |c| {
        let bound = || {
            let of_subject = identities::subject.eq(&key.subject).and(identities::issuer.eq(&key.issuer));
            identities::table.filter(of_subject).select(identities::user_id).single_value()
        };
        let by_name = users::external_id.eq(&key.subject).or(users::user_name_key.eq_any(&key.logins));
        users::table
            .filter(users::source.eq(Source::Scim.as_str()))
            .filter(by_name.or(users::id.nullable().eq(bound())))
            .select((CandidateRow::as_select(), bound()))
            .load(c)
            .await?
    });
    let mut found = Candidates::default();
    for (row, bound) in rows {
        let is_bound = bound == Some(row.account.id);
        let has_id = row.external_id.as_deref() == Some(&key.subject);
        let login = key.logins.iter().position(|login| *login == row.account.user_name_key);
        let candidate = Candidate::try_from(row)?;
        found.bound = found.bound.or(is_bound.then_some(candidate));
        found.by_external_id = found.by_external_id.or(has_id.then_some(candidate));
        found.by_user_name.extend(login.map(|login| (login, candidate)));
    }
    found.by_user_name.sort_by_key(|(login, _)| *login);
    Ok(found)
}

async fn bind(db: Db, binding: Binding, events: Vec<AuditEvent>) -> Result<BindOutcome, DbError> {
    let (id, at) = (DbId::from(binding.user_id), Ts::from(binding.at));
    let instead_of = binding.instead_of.map(DbId::from);
    let duplicate: Vec<_> = binding.duplicate.into_iter().collect();
    with_tx!(&db, |c| {
        if let [duplicate] = duplicate[..] {
            c.lock_people(vec![id, duplicate.id.into()]).await?;
        }
        let (Some(names), Some(duplicates)) = (c.share_names(id).await?.pop(), c.find_duplicates(&duplicate).await?)
        else {
            return Ok(BindOutcome::Stale);
        };
        match &binding.grounds {
            Grounds::ExternalId if names.external_id.as_ref() == Some(&binding.subject) => {}
            Grounds::UserName { name, issued_at } if names.user_name_key == fold(name) => {
                let people = [Some(id), instead_of].into_iter().flatten().collect();
                if c.others_had(names.user_name_key, people, *issued_at).await? {
                    return Ok(BindOutcome::Outdated);
                }
            }
            Grounds::ExternalId | Grounds::UserName { .. } => return Ok(BindOutcome::Stale),
        }
        let bound = match instead_of {
            None => {
                let row = (
                    identities::subject.eq(&binding.subject),
                    identities::issuer.eq(&binding.issuer),
                    identities::user_id.eq(id),
                    identities::bound_at.eq(at),
                );
                diesel::insert_into(identities::table).values(row).on_conflict_do_nothing().execute(c).await?
            }
            Some(other) => {
                let bound = identities::table.find((&binding.subject, &binding.issuer));
                let to_another = bound.filter(identities::user_id.eq(other));
                let to_this = (identities::user_id.eq(id), identities::bound_at.eq(at));
                diesel::update(to_another).set(to_this).execute(c).await?
            }
        };
        if bound == 0 {
            return Ok(BindOutcome::Stale);
        }
        for (duplicate, names) in duplicates {
            c.take_away(duplicate, names, at).await?;
            c.unbind(duplicate).await?;
        }
        c.record(&events).await?;
        Ok(BindOutcome::Bound)
    })
}

async fn admit(
    db: Db,
    person: (OwnColumns, DirectoryColumns),
    id: DbId,
    at: Ts,
    key: Folded,
    events: Vec<AuditEvent>,
) -> Result<AdmitOutcome, DbError> {
    let user_name_key = person.1.user_name_key.clone();
    let identity = (
        identities::subject.eq(key.subject.clone()),
        identities::issuer.eq(key.issuer.clone()),
        identities::user_id.eq(id),
        identities::bound_at.eq(at),
    );
    with_tx!(&db, |c| {
        if diesel::insert_into(users::table).values(person).on_conflict_do_nothing().execute(c).await? == 0 {
            return Ok(c.who_is_known(id, &key).await?.unwrap_or(AdmitOutcome::Known));
        }
        if diesel::insert_into(identities::table).values(identity).on_conflict_do_nothing().execute(c).await? == 0 {
            return Err(DbError::NotAdmitted(AdmitOutcome::Known));
        }
        // Only now: the insert waited for a person who is just losing the user name or the subject, and what they lost is
        // seen.
        if let Some(outcome) = c.who_is_known(id, &key).await? {
            return Err(DbError::NotAdmitted(outcome));
        }
        for login in key.logins.into_iter().filter(|login| *login != user_name_key) {
            c.remember(Kind::UserName, login, id, at).await?;
        }
        c.record(&events).await?;
        Ok(AdmitOutcome::Admitted)
    })
}

on_both! {
    trait Recognising {
        /// Whether anybody but these people had a user name, or had it as their e-mail address, at that time or later;
        /// at any time, when none is given.
        async fn others_had(conn, name: String, people: Vec<DbId>, since: Option<OffsetDateTime>) -> bool {
            let since = Ts::from(since.unwrap_or(OffsetDateTime::UNIX_EPOCH));
            let known = known_names::table
                .filter(known_names::name_key.eq(&name).and(known_names::kind.ne(Kind::ExternalId.as_str())))
                .filter(known_names::user_id.ne_all(people.clone()))
                .filter(known_names::at.ge(since));
            let removed = users::table
                .filter(users::former_user_name_key.eq(&name))
                .filter(users::id.ne_all(people))
                .filter(users::removed_at.ge(since));
            let had: (bool, bool) = select((exists(known), exists(removed))).one(conn).await?;
            Ok(had.0 || had.1)
        }

        /// What keeps somebody who signs in from being added, if anything does: of the other people who are or
        /// were on record.
        async fn who_is_known(conn, id: DbId, key: &Folded) -> Option<AdmitOutcome> {
            let others = users::table.filter(users::id.ne(id));
            let now = others
                .filter(users::source.eq(Source::Scim.as_str()))
                .filter(users::user_name_key.eq_any(&key.logins).or(users::external_id.eq(&key.subject)));
            let bound = identities::table
                .find((&key.subject, &key.issuer))
                .filter(identities::user_id.ne(id));
            let named = others.filter(
                users::user_name_key
                    .eq_any(&key.names)
                    .or(users::email_key.eq_any(&key.names))
                    .or(users::former_user_name_key.eq_any(&key.names))
                    .or(users::former_external_id.eq(&key.subject)),
            );
            let is_external_id = known_names::kind.eq(Kind::ExternalId.as_str());
            let once = known_names::table.filter(known_names::user_id.ne(id)).filter(
                is_external_id
                    .and(known_names::name_key.eq(&key.subject))
                    .or(known_names::kind.ne(Kind::ExternalId.as_str()).and(known_names::name_key.eq_any(&key.names))),
            );
            // One statement, so that a person who is renamed meanwhile is not missed.
            let known: (bool, bool, bool, bool) =
                select((exists(now), exists(bound), exists(named), exists(once))).one(conn).await?;
            Ok(match known {
                (true, ..) | (_, true, ..) => Some(AdmitOutcome::Known),
                (_, _, true, _) | (_, _, _, true) => Some(AdmitOutcome::Refused),
                _ => None,
            })
        }
    }
}
