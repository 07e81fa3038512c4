use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Entropy;

/// A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, the rest random, so that ids sort by the time they were made.
fn uuid_v7(at: OffsetDateTime, entropy: &dyn Entropy) -> Uuid {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let millis = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id for something that is made at `at`.
            #[must_use]
            pub fn new(at: OffsetDateTime, entropy: &dyn Entropy) -> Self {
                Self(uuid_v7(at, entropy))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// Names a person.
    UserId;
    /// Names a team.
    TeamId;
    /// Names a registered device.
    DeviceId;
    /// Names one sent code.
    ChallengeId;
    /// Names a phone session, which is a refresh token family.
    SessionId;
    /// Names an audit record.
    AuditId;
}
