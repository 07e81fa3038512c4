use time::OffsetDateTime;

/// Where the domain learns what time it is.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Clock: Send + Sync {
    /// The current time in UTC, cut to microseconds (see [`to_micros`]), so that what is stored reads back equal.
    fn now(&self) -> OffsetDateTime;
}

/// Cuts a time to whole microseconds, the precision every store keeps.
#[must_use]
pub fn to_micros(at: OffsetDateTime) -> OffsetDateTime {
    at - time::Duration::nanoseconds(i64::from(at.nanosecond() % 1_000))
}
