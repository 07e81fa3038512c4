//! Counting attempts to sign in.

use diesel::dsl::{auto_type, case_when};
use diesel::prelude::*;
use diesel::query_dsl::methods;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use muster_domain::break_glass::{AttemptLimit, Refusal};
use muster_domain::user::fold;
use time::OffsetDateTime;

use crate::db::on_both;
use crate::one_row::OneRow;
use crate::schema::sign_in_attempts;
use crate::types::Ts;

/// One more in a window, or the first of the next when it began by then.
macro_rules! one_more {
    ($ended:expr) => {{
        let has_ended = sign_in_attempts::began_at.le($ended);
        (
            sign_in_attempts::began_at
                .eq(case_when(has_ended, excluded(sign_in_attempts::began_at)).otherwise(sign_in_attempts::began_at)),
            sign_in_attempts::used
                .eq(case_when(has_ended, excluded(sign_in_attempts::used)).otherwise(sign_in_attempts::used + 1)),
        )
    }};
}

on_both! {
    trait Attempts {
        /// Counts one attempt, or tells when the window ends that is full.
        async fn count_attempt(conn, limit: &AttemptLimit, at: OffsetDateTime) -> Option<OffsetDateTime> {
            let (began_at, ended) = (Ts::from(at), Ts::from(at - limit.window));
            let key = limit.address.to_string().into_bytes();
            // A row that is new meets no condition, so a limit of none is not let come so far.
            if limit.max > 0 {
                let count = diesel::insert_into(sign_in_attempts::table)
                    .values(first("address", key.clone(), began_at))
                    .on_conflict((sign_in_attempts::scope, sign_in_attempts::scope_key))
                    .do_update()
                    .set(one_more!(ended));
                let has_room = sign_in_attempts::used.lt(i64::from(limit.max));
                let allowed = sign_in_attempts::began_at.le(ended).or(has_room);
                if methods::FilterDsl::filter(count, allowed).execute(conn).await? == 1 {
                    return Ok(None);
                }
            }
            let running = sign_in_attempts::table.find(("address", key)).filter(sign_in_attempts::began_at.gt(ended));
            let running: Option<Ts> = running.select(sign_in_attempts::began_at).one(conn).await.optional()?;
            Ok(Some(running.map_or(at, OffsetDateTime::from) + limit.window))
        }

        /// Counts one refused attempt for an account, or for all names that are none, and returns its number.
        async fn count_refusal(conn, account: Option<&str>, at: OffsetDateTime) -> u64 {
            // An account's key is never empty.
            let key = account.map(|name| format!("refused {}", fold(name)).into_bytes()).unwrap_or_default();
            let count = diesel::insert_into(sign_in_attempts::table)
                .values(first("account", key, at.into()))
                .on_conflict((sign_in_attempts::scope, sign_in_attempts::scope_key))
                .do_update()
                .set(one_more!(Ts::from(at - Refusal::WINDOW)))
                .returning(sign_in_attempts::used);
            let number: i64 = count.one(conn).await?;
            Ok(number.unsigned_abs())
        }
    }
}

/// The row of a window that begins.
#[auto_type]
fn first(scope: &'static str, key: Vec<u8>, began_at: Ts) -> _ {
    (
        sign_in_attempts::scope.eq(scope),
        sign_in_attempts::scope_key.eq(key),
        sign_in_attempts::began_at.eq(began_at),
        sign_in_attempts::used.eq(1_i64),
    )
}
