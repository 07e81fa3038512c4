//! Counting attempts to sign in.

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::query_dsl::methods;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use muster_domain::break_glass::{AttemptLimit, AttemptScope};
use time::OffsetDateTime;

use crate::db::{Db, on_both, with_tx};
use crate::error::DbError;
use crate::one_row::OneRow;
use crate::schema::sign_in_attempts;
use crate::types::Ts;

pub(super) async fn count_attempt(
    db: Db,
    mut limits: Vec<AttemptLimit>,
    at: OffsetDateTime,
) -> Result<Option<OffsetDateTime>, DbError> {
    // Always in one order, so that two who count the same things do not wait for each other.
    limits.sort_by_cached_key(|limit| key(&limit.scope));
    let counted = with_tx!(&db, |c| {
        let mut full = None;
        for limit in &limits {
            full = full.max(c.count_one(limit, at).await?);
        }
        match full {
            Some(until) => Err(DbError::OverLimit(until)),
            None => Ok(None),
        }
    });
    match counted {
        Err(DbError::OverLimit(until)) => Ok(Some(until)),
        counted => counted,
    }
}

on_both! {
    trait Attempts {
        /// Counts one attempt, or tells when the window ends that is full.
        async fn count_one(conn, limit: &AttemptLimit, at: OffsetDateTime) -> Option<OffsetDateTime> {
            let (began_at, ended) = (Ts::from(at), Ts::from(at - limit.window));
            let (scope, key) = key(&limit.scope);
            // A row that is new meets no condition, so a limit of none is not let come so far.
            if limit.max > 0 {
                let first = (
                    sign_in_attempts::scope.eq(scope),
                    sign_in_attempts::scope_key.eq(&key),
                    sign_in_attempts::began_at.eq(began_at),
                    sign_in_attempts::used.eq(1_i64),
                );
                let has_ended = sign_in_attempts::began_at.le(ended);
                let one_more = (
                    sign_in_attempts::began_at.eq(case_when(has_ended, excluded(sign_in_attempts::began_at))
                        .otherwise(sign_in_attempts::began_at)),
                    sign_in_attempts::used.eq(case_when(has_ended, excluded(sign_in_attempts::used))
                        .otherwise(sign_in_attempts::used + 1)),
                );
                let count = diesel::insert_into(sign_in_attempts::table)
                    .values(first)
                    .on_conflict((sign_in_attempts::scope, sign_in_attempts::scope_key))
                    .do_update()
                    .set(one_more);
                let allowed = has_ended.or(sign_in_attempts::used.lt(i64::from(limit.max)));
                if methods::FilterDsl::filter(count, allowed).execute(conn).await? == 1 {
                    return Ok(None);
                }
            }
            let running = sign_in_attempts::table.find((scope, key)).filter(sign_in_attempts::began_at.gt(ended));
            let running: Option<Ts> = running.select(sign_in_attempts::began_at).one(conn).await.optional()?;
            Ok(Some(running.map_or(at, OffsetDateTime::from) + limit.window))
        }
    }
}

/// A scope's name, and what tells the counts of it apart.
fn key(scope: &AttemptScope) -> (&'static str, Vec<u8>) {
    match scope {
        AttemptScope::Account(name) => ("account", name.clone().into_bytes()),
        AttemptScope::Address(ip) => ("address", ip.to_string().into_bytes()),
    }
}
