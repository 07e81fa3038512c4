//! The company directory's word on who works here. It owns names and contacts; nobody else writes them.

mod apply_record;
mod create_team;
mod port;
mod record;

pub use apply_record::{Applied, ApplyRecordError, Change};
pub use create_team::CreateTeamError;
pub use port::{DirectoryStore, InsertOutcome, PersonKey, UpdateOutcome, UserUpdate};
pub use record::{DirectoryRecord, RawRecord};

#[cfg(feature = "mock")]
pub use port::MockDirectoryStore;

use std::sync::Arc;

use crate::verification::Fingerprinter;
use crate::{Clock, Entropy};

/// Taking over what the directory says.
pub struct DirectoryService {
    /// Where people and teams are kept.
    pub directory: Arc<dyn DirectoryStore>,
    /// Tells one destination from another.
    pub fingerprinter: Arc<dyn Fingerprinter>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For ids.
    pub entropy: Arc<dyn Entropy>,
}
