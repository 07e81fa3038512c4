//! The time, and ids that begin with it.

use ring::rand::{SecureRandom, SystemRandom};
use time::{Duration, OffsetDateTime};
use uuid::{Builder, Uuid};

use crate::problem::Problem;

/// Now, in whole microseconds as PostgreSQL keeps it.
#[expect(clippy::disallowed_methods, reason = "none of Muster's layers is in here, its clock neither")]
pub(crate) fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now - Duration::nanoseconds(i64::from(now.nanosecond() % 1_000))
}

/// So many random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Problem::internal(&"no random bytes"))?;
    Ok(bytes)
}

/// A UUID of version 7.
pub(crate) fn new_id(at: OffsetDateTime) -> Result<Uuid, Problem> {
    let millis = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    Ok(Builder::from_unix_timestamp_millis(millis, &random()?).into_uuid())
}
