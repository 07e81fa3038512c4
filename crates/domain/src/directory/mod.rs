//! The company directory's word on who works here. It owns names and contacts; nobody else writes them.

mod amend_user;
mod apply_record;
mod brake;
mod change;
mod create_team;
mod create_user;
mod groups;
mod port;
mod position;
mod query;
mod recognise;
mod record;
mod remove_user;

pub use apply_record::{Applied, ApplyRecordError, Change};
pub use brake::{Brake, BrakePolicy, EngagedBrake};
pub use change::ChangeError;
pub use create_team::CreateTeamError;
pub use groups::{GroupChange, MembersChange};
pub use port::{
    DirectoryReader, DirectoryStore, Duplicate, GroupUpdate, InsertOutcome, KnownPeople, PersonKey, UpdateOutcome,
    UserRemoval, UserUpdate,
};
pub use position::{Attribute, Position};
pub use query::{
    Comparison, Condition, DirectoryQuery, Found, Group, GroupAttribute, GroupRecord, Kind, Operand, Order,
    UserAttribute,
};
pub use record::{DirectoryRecord, RawRecord};

#[cfg(feature = "mock")]
pub use port::{MockDirectoryReader, MockDirectoryStore};

use std::sync::Arc;

use crate::verification::Fingerprinter;
use crate::{Clock, Entropy};

/// Taking over what the directory says.
pub struct DirectoryService {
    /// Where people and teams are kept.
    pub directory: Arc<dyn DirectoryStore>,
    /// What it delivered so far.
    pub reader: Arc<dyn DirectoryReader>,
    /// Tells one destination from another.
    pub fingerprinter: Arc<dyn Fingerprinter>,
    /// How many deactivations of one client's are let through.
    pub brake: BrakePolicy,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For ids.
    pub entropy: Arc<dyn Entropy>,
}
