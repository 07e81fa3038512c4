use std::fmt;

use crate::verification::Method;

/// A keyed hash of a normalized destination: tells whether two destinations are one without saying which it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// Makes fingerprints under the server's pepper.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Fingerprinter: Send + Sync {
    /// The fingerprint of a destination in its normalized form. The same text under two methods gives two fingerprints.
    fn fingerprint(&self, method: Method, normalized: &str) -> Fingerprint;
}
