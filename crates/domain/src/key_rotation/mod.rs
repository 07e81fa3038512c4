//! Rotation of the pepper: what was hashed under a previous key is moved to the current one, in small batches and on any
//! number of servers at once, so that the previous key can be removed without unproving anybody.
//!
//! Contacts and push tokens are stored in plain beside their fingerprints, so new ones can be made. A person's fingerprint
//! and that of their proof are moved together. What cannot be moved ends by itself: codes within
//! [`Challenge::LIFETIME`](crate::verification::Challenge::LIFETIME), refresh tokens when they are refreshed.

mod count;
mod move_fingerprints;
mod port;

pub use count::KeyUse;
pub use move_fingerprints::Moved;
pub use port::{FingerprintMove, KeyCount, KeyRotationStore, KeyedRows, StoredFingerprint};

#[cfg(feature = "mock")]
pub use port::MockKeyRotationStore;

use std::sync::Arc;

use crate::Clock;
use crate::session::RefreshTokenHasher;
use crate::verification::Fingerprinter;

/// Moves what is stored from previous keys to the current one, and counts what is left.
pub struct KeyRotationService {
    /// Where fingerprints are kept.
    pub store: Arc<dyn KeyRotationStore>,
    /// Makes fingerprints, and knows the keys.
    pub fingerprinter: Arc<dyn Fingerprinter>,
    /// Knows the key of refresh tokens that are made now.
    pub tokens: Arc<dyn RefreshTokenHasher>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}
