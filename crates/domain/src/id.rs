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

/// The string is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a UUID like 01a20320-a200-7e23-a324-5aa232a9e247")]
pub struct InvalidId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
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
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // One spelling of each id: of all that the uuid crate reads, only the hyphenated has this length.
                match Uuid::try_parse(text) {
                    Ok(id) if text.len() == 36 => Ok(Self(id)),
                    _ => Err(InvalidId),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
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
    /// Names an API key.
    ApiKeyId;
    /// Names a notice that waits to be sent.
    NoticeId;
    /// Names an audit record.
    AuditId;
}
