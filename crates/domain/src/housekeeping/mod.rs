//! Removing what has served its time, in small batches and on any number of servers at once.

mod port;
mod sweep;

pub use port::{Bookmark, Housekeeping, OldDevice, Purged, Stale};
pub use sweep::{Batch, Sweep, Swept};

#[cfg(feature = "mock")]
pub use port::MockHousekeeping;

use std::sync::Arc;

use crate::{Clock, Entropy};

/// Removes what has served its time.
pub struct HousekeepingService {
    /// Where it is kept.
    pub store: Arc<dyn Housekeeping>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub entropy: Arc<dyn Entropy>,
}
