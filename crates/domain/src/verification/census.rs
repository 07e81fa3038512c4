use async_trait::async_trait;

use crate::StoreError;
use crate::verification::{ChannelSet, Method};

/// How many of the people on the roster can be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// Active people whom the directory delivered; break-glass admins are none of them.
    pub active: u64,
    /// How many of those can be on call (see [`crate::verification::VerificationStatus`]).
    pub ready: u64,
    /// How many of those lack each of the channels that are on, in the order of [`Method::ALL`].
    pub missing: Vec<(Method, u64)>,
}

/// Counts who can be reached.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ReadinessReader: Send + Sync {
    /// Counts over everybody, at one moment, by the same rule as a person's own status: `required` are the channels
    /// that are on, and those alone are in [`Census::missing`].
    async fn census(&self, required: ChannelSet) -> Result<Census, StoreError>;
}
