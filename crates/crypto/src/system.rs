use muster_domain::{Clock, Entropy, to_micros};
use ring::rand::{SecureRandom, SystemRandom};
use time::OffsetDateTime;

/// The operating system's clock, in UTC and cut to microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter through which the time comes in")]
    fn now(&self) -> OffsetDateTime {
        to_micros(OffsetDateTime::now_utc())
    }
}

/// The operating system's random source.
///
/// When it fails, the process is aborted: a server without randomness can make no code, no token and no id, and to go
/// on with predictable ones would be worse than to stop.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        if SystemRandom::new().fill(buffer).is_err() {
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_utc_and_cut_to_microseconds() {
        let now = SystemClock.now();
        assert!(now.offset().is_utc());
        assert_eq!(now, to_micros(now));
    }

    #[test]
    fn two_draws_differ_and_fill_the_whole_buffer() {
        let entropy = SystemEntropy;
        let (mut first, mut second) = ([0; 64], [0; 64]);
        entropy.fill(&mut first);
        entropy.fill(&mut second);
        assert_ne!(first, second);
        assert!(first.chunks(16).all(|chunk| chunk != [0; 16]));
    }
}
