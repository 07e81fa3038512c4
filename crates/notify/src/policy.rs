use std::time::Duration;

/// What every provider is held to. One value for all of them: see the fields for what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long a send may take in all, retries and waiting for a free place included.
    pub deadline: Duration,
    /// How often an attempt that was surely not accepted is made again.
    pub retries: usize,
    /// How long to wait before the first retry; the next waits three times as long. Up to as much again is added at
    /// random, so that many do not come back at once.
    pub backoff: Duration,
    /// The longest that a provider may ask to be left alone for and still be tried again within the same send.
    pub longest_wait: Duration,
    /// How much of the deadline must be left for an attempt to begin after a wait for a free place.
    pub least_time: Duration,
    /// How many sends one server has under way with one provider.
    pub concurrency: usize,
    /// How many failures in a row open the circuit.
    pub failures: u32,
    /// How long the circuit stays open before one send may try the provider again.
    pub cool_down: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            retries: 2,
            backoff: Duration::from_millis(100),
            longest_wait: Duration::from_secs(1),
            least_time: Duration::from_secs(1),
            concurrency: 16,
            failures: 5,
            cool_down: Duration::from_secs(10),
        }
    }
}
