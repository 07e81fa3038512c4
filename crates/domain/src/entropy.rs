/// A cryptographically secure source of random bytes.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Entropy: Send + Sync {
    /// Fills `buffer` with uniform random bytes. An adapter whose source fails must not return.
    fn fill(&self, buffer: &mut [u8]);
}
