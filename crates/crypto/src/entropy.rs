use muster_domain::Entropy;
use ring::rand::{SecureRandom, SystemRandom};

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
    fn two_draws_differ_and_fill_the_whole_buffer() {
        let entropy = SystemEntropy;
        let (mut first, mut second) = ([0; 64], [0; 64]);
        entropy.fill(&mut first);
        entropy.fill(&mut second);
        assert_ne!(first, second);
        assert!(first.chunks(16).all(|chunk| chunk != [0; 16]));
    }
}
