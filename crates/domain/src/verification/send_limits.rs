use std::fmt;

use serde::Serialize;
use time::Duration;

use crate::UserId;
use crate::user::E164;
use crate::verification::Fingerprint;

/// How many codes may be sent, against floods of other people's phones and of bills (OWASP ASVS 5, 6.6 and 2.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendLimits {
    /// To one destination, whoever asks.
    pub per_destination: Allowance,
    /// For one person, over all channels.
    pub per_user: Allowance,
    /// By the whole installation, over all channels.
    pub installation: Allowance,
    /// To which numbers text messages may go.
    pub sms_prefixes: SmsPrefixes,
}

impl SendLimits {
    /// What one more code for that person at that destination counts against, in the order in which stores count. During
    /// a rotation of the pepper the destination has a fingerprint under each key, and each counts, so that what was sent
    /// before is not forgotten.
    #[must_use]
    pub fn quotas(&self, user_id: UserId, destination: &[Fingerprint]) -> Vec<Quota> {
        let pair = |scope, allowance: Allowance| {
            [(QuotaWindow::Hour, allowance.hour), (QuotaWindow::Day, allowance.day)].map(|(window, max)| Quota {
                scope,
                window,
                max,
            })
        };
        // In one order on all servers, whichever key is the current one of each: else two would wait for each other.
        let mut destination = destination.to_vec();
        destination.sort_unstable_by_key(|fingerprint| fingerprint.hash);
        destination.dedup();
        let mut quotas = Vec::from(pair(QuotaScope::User(user_id), self.per_user));
        quotas.extend(destination.into_iter().flat_map(|one| pair(QuotaScope::Destination(one), self.per_destination)));
        quotas.extend(pair(QuotaScope::Installation, self.installation));
        quotas
    }
}

impl Default for SendLimits {
    fn default() -> Self {
        Self {
            per_destination: Allowance { hour: 6, day: 15 },
            per_user: Allowance { hour: 15, day: 40 },
            installation: Allowance { hour: 2_000, day: 10_000 },
            sms_prefixes: SmsPrefixes::Any,
        }
    }
}

/// How many by the hour and by the day; at least one, and by the day no fewer than by the hour, or one of them means
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Within an hour of the first.
    pub hour: u32,
    /// Within a day of the first.
    pub day: u32,
}

/// One thing that is counted, for how long, and up to how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// What for.
    pub scope: QuotaScope,
    /// How long a count runs from the first that it counts.
    pub window: QuotaWindow,
    /// The most within one window.
    pub max: u32,
}

/// What a count is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuotaScope {
    /// A person.
    User(UserId),
    /// A destination.
    Destination(Fingerprint),
    /// Everybody together.
    Installation,
}

impl QuotaScope {
    /// `user`, `destination` or `installation`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Destination(_) => "destination",
            Self::Installation => "installation",
        }
    }
}

/// How long a count runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuotaWindow {
    /// An hour.
    Hour,
    /// 24 hours.
    Day,
}

impl QuotaWindow {
    /// `hour` or `day`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// How long that is.
    #[must_use]
    pub fn length(self) -> Duration {
        match self {
            Self::Hour => Duration::HOUR,
            Self::Day => Duration::DAY,
        }
    }
}

/// To which numbers text messages may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmsPrefixes {
    /// Anywhere.
    Any,
    /// Only to numbers that begin with one of these, each a `+` and one to seven digits of which the
    /// first is no 0, for example `+44`.
    Only(Vec<String>),
}

impl SmsPrefixes {
    /// Reads prefixes; `None` when there are none, or one is not a `+` and one to seven digits.
    pub fn only<'a>(prefixes: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let well_formed = |prefix: &str| {
            prefix.strip_prefix('+').is_some_and(|digits| {
                (1..=7).contains(&digits.len())
                    && !digits.starts_with('0')
                    && digits.bytes().all(|digit| digit.is_ascii_digit())
            })
        };
        let prefixes: Vec<&str> = prefixes.into_iter().collect();
        let good = !prefixes.is_empty() && prefixes.iter().all(|prefix| well_formed(prefix));
        good.then(|| Self::Only(prefixes.into_iter().map(str::to_owned).collect()))
    }

    /// Whether a text message may go to that number.
    #[must_use]
    pub fn allow(&self, number: &E164) -> bool {
        match self {
            Self::Any => true,
            Self::Only(prefixes) => prefixes.iter().any(|prefix| number.as_str().starts_with(prefix.as_str())),
        }
    }
}

/// Why a code was not sent although everything else was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RefusalReason {
    /// The wait after the last code is not over.
    TooSoon,
    /// The destination was sent as many as it may be.
    DestinationQuota,
    /// The person was sent as many as they may be.
    UserQuota,
    /// The installation has sent as many as it may.
    InstallationQuota,
    /// Text messages do not go to that country.
    DestinationNotAllowed,
}

impl RefusalReason {
    /// The name that is stored, shown and counted.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooSoon => "tooSoon",
            Self::DestinationQuota => "destinationQuota",
            Self::UserQuota => "userQuota",
            Self::InstallationQuota => "installationQuota",
            Self::DestinationNotAllowed => "destinationNotAllowed",
        }
    }
}

impl From<QuotaScope> for RefusalReason {
    fn from(scope: QuotaScope) -> Self {
        match scope {
            QuotaScope::User(_) => Self::UserQuota,
            QuotaScope::Destination(_) => Self::DestinationQuota,
            QuotaScope::Installation => Self::InstallationQuota,
        }
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
