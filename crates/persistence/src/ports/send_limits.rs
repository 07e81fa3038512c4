//! Counting codes against quotas, and remembering what refusals are on record.

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::query_dsl::methods;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use muster_domain::verification::{OpenOutcome, Quota, QuotaScope, Refused};
use time::OffsetDateTime;

use crate::db::on_both;
use crate::error::DbError;
use crate::one_row::OneRow;
use crate::schema::{send_counts, send_refusals};
use crate::types::{DbId, Ts};

on_both! {
    trait SendLimits {
        /// Counts one code that is opened at that time. [`DbError::OverQuota`] when it is one too many.
        async fn count(conn, quota: &Quota, at: OffsetDateTime) -> () {
            let length = quota.window.length();
            let (began_at, ended) = (Ts::from(at), Ts::from(at - length));
            let (scope, key, window) = (quota.scope.as_str(), key(quota.scope), quota.window.as_str());
            // A row that is new meets no condition, so a quota of none is not let come so far.
            if quota.max > 0 {
                let first = (
                    send_counts::scope.eq(scope),
                    send_counts::scope_key.eq(&key),
                    send_counts::quota_window.eq(window),
                    send_counts::began_at.eq(began_at),
                    send_counts::used.eq(1_i64),
                );
                let has_ended = send_counts::began_at.le(ended);
                let one_more = (
                    send_counts::began_at.eq(case_when(has_ended, excluded(send_counts::began_at)).otherwise(send_counts::began_at)),
                    send_counts::used.eq(case_when(has_ended, excluded(send_counts::used)).otherwise(send_counts::used + 1)),
                );
                let count = diesel::insert_into(send_counts::table)
                    .values(first)
                    .on_conflict((send_counts::scope, send_counts::scope_key, send_counts::quota_window))
                    .do_update()
                    .set(one_more);
                let allowed = has_ended.or(send_counts::used.lt(i64::from(quota.max)));
                if methods::FilterDsl::filter(count, allowed).execute(conn).await? == 1 {
                    return Ok(());
                }
            }
            let running = send_counts::table.find((scope, key, window)).filter(send_counts::began_at.gt(ended));
            let running: Option<Ts> = running.select(send_counts::began_at).one(conn).await.optional()?;
            let until = running.map_or(at, OffsetDateTime::from) + length;
            Err(DbError::OverQuota(OpenOutcome::OverQuota { scope: quota.scope, until }))
        }

        /// Notes that a refusal is on record, unless one after `cutoff` is. Whether it did.
        async fn note_refusal(conn, refused: &Refused, cutoff: Ts) -> bool {
            let recorded_at = send_refusals::recorded_at.eq(Ts::from(refused.at));
            let note = diesel::insert_into(send_refusals::table)
                .values((
                    send_refusals::user_id.eq(DbId::from(refused.user_id)),
                    send_refusals::method.eq(refused.method.as_str()),
                    send_refusals::reason.eq(refused.reason.as_str()),
                    recorded_at,
                ))
                .on_conflict((send_refusals::user_id, send_refusals::method, send_refusals::reason))
                .do_update()
                .set(recorded_at);
            let due = send_refusals::recorded_at.le(cutoff);
            Ok(methods::FilterDsl::filter(note, due).execute(conn).await? == 1)
        }
    }
}

/// What tells the counts of a scope apart.
fn key(scope: QuotaScope) -> Vec<u8> {
    match scope {
        QuotaScope::User(id) => id.0.as_bytes().to_vec(),
        QuotaScope::Destination(fingerprint) => fingerprint.hash.to_vec(),
        QuotaScope::Installation => Vec::new(),
    }
}
