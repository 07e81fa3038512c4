//! By what people are known beside their rows in `users`: names that they had, and subjects of identity providers.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::directory::Duplicate;

use crate::db::on_both;
use crate::locks::Locks;
use crate::rows::{DirectoryColumns, NamesRow};
use crate::schema::{identities, known_names, users};
use crate::types::{DbId, Ts};

/// What kind of name a row of `known_names` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    UserName,
    ExternalId,
    Email,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::UserName => "user_name",
            Self::ExternalId => "external_id",
            Self::Email => "email",
        }
    }
}

on_both! {
    trait Names {
        /// Notes that a person had a name until then.
        async fn remember(conn, kind: Kind, name: String, id: DbId, at: Ts) -> () {
            let row = (
                known_names::name_key.eq(name),
                known_names::kind.eq(kind.as_str()),
                known_names::user_id.eq(id),
                known_names::at.eq(at),
            );
            diesel::insert_into(known_names::table)
                .values(row)
                .on_conflict((known_names::name_key, known_names::kind, known_names::user_id))
                .do_update()
                .set(known_names::at.eq(at))
                .execute(conn)
                .await?;
            Ok(())
        }

        /// Notes each name that a person had before a change and has no more.
        async fn remember_former(conn, before: &NamesRow, after: &DirectoryColumns, id: DbId, at: Ts) -> () {
            let user_name = (before.user_name_key != after.user_name_key).then_some(&before.user_name_key);
            let external_id = before.external_id.as_ref().filter(|_| before.external_id != after.external_id);
            let email = before.email_key.as_ref().filter(|_| before.email_key != after.email_key);
            for (kind, name) in [(Kind::UserName, user_name), (Kind::ExternalId, external_id), (Kind::Email, email)] {
                if let Some(name) = name {
                    conn.remember(kind, name.clone(), id, at).await?;
                }
            }
            Ok(())
        }

        /// These people with their names, when each is still at its version. Their rows are locked.
        async fn find_duplicates(conn, duplicates: &[Duplicate]) -> Option<Vec<(DbId, NamesRow)>> {
            let mut found = Vec::new();
            for duplicate in duplicates {
                let id = DbId::from(duplicate.id);
                let Some(names) = conn.lock_user_at(id, duplicate.expected_version).await?.pop() else {
                    return Ok(None);
                };
                found.push((id, names));
            }
            Ok(Some(found))
        }

        /// The subjects of removed people whose last external id it was stand for this person from now on.
        async fn inherit_identities(conn, id: DbId, external_id: &str) -> () {
            let former = users::table.filter(users::former_external_id.eq(external_id)).select(users::id);
            let theirs = identities::table.filter(identities::user_id.eq_any(former));
            diesel::update(theirs).set(identities::user_id.eq(id)).execute(conn).await?;
            Ok(())
        }

        /// A person's subjects stand for no person from now on.
        async fn unbind(conn, id: DbId) -> () {
            diesel::delete(identities::table.filter(identities::user_id.eq(id))).execute(conn).await?;
            Ok(())
        }
    }
}
