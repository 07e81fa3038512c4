use time::{Duration, OffsetDateTime};

use crate::audit::AuditEvent;
use crate::notice::Notice;

/// An attempt to sign in whose password was checked and refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// For which account, as it was made; `None` when the name is no working account's.
    pub account: Option<String>,
    /// When.
    pub at: OffsetDateTime,
    /// The record of this one attempt.
    pub refused: AuditEvent,
    /// The pattern of the record of a flood; the store puts the number of attempts into its details as `attempts`.
    pub flooded: AuditEvent,
    /// What is sent when a flood begins.
    pub notices: Vec<Notice>,
}

/// What is written of a refused attempt, by its number within [`Refusal::WINDOW`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalRecord {
    /// A record of its own.
    Single,
    /// The record of a flood and the notices: this is the attempt from which on it is one.
    FloodBegins,
    /// The record of a flood that has ten times as many attempts as when it was recorded last.
    FloodGrows,
    /// Nothing but the count.
    Counted,
}

impl Refusal {
    /// How long a count runs.
    pub const WINDOW: Duration = Duration::minutes(15);
    /// From which attempt within a window on it is a flood: people mistype a password a few times.
    pub const FLOOD: u64 = 10;

    /// The audit record of the attempt of that number, when it has one.
    #[must_use]
    pub fn record(&self, number: u64) -> Option<AuditEvent> {
        match RefusalRecord::of(number) {
            RefusalRecord::Single => Some(self.refused.clone()),
            RefusalRecord::FloodBegins | RefusalRecord::FloodGrows => {
                Some(self.flooded.copy_for(0, "attempts", number))
            }
            RefusalRecord::Counted => None,
        }
    }
}

impl RefusalRecord {
    /// What is written of the attempt of that number, from 1. A flood of a million attempts has nine single records and
    /// six of the flood.
    #[must_use]
    pub fn of(number: u64) -> Self {
        let is_power_of_ten = number > 0 && 10_u64.pow(number.ilog10()) == number;
        match number {
            Refusal::FLOOD => Self::FloodBegins,
            _ if number < Refusal::FLOOD => Self::Single,
            _ if is_power_of_ten => Self::FloodGrows,
            _ => Self::Counted,
        }
    }
}
