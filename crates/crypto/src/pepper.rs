use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use muster_domain::{Entropy, KeyId};
use zeroize::{Zeroize, Zeroizing};

use crate::keyring;

/// Standard base64, written with padding and read with or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The server's secret under which codes, contacts and token successors are hashed. The store never has it.
///
/// It is rotated with an overlap (see [`Keyring::rotating`](crate::Keyring::rotating)): what was hashed under the pepper
/// before is recognized until it was moved to the new one. Redacted in `Debug`, wiped when dropped.
#[derive(Clone)]
pub struct Pepper(Zeroizing<Vec<u8>>);

/// The text is not a pepper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the base64 of at least 32 random bytes")]
pub struct InvalidPepper;

impl Pepper {
    /// The fewest bytes a pepper may have: as many as its hashes have.
    pub const MIN_BYTES: usize = 32;

    /// Draws a pepper.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new(vec![0; Self::MIN_BYTES]);
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads what [`Pepper::to_base64`] wrote, or `openssl rand -base64 32`. White space around it does not matter.
    ///
    /// # Errors
    /// When it is not base64, or too short.
    pub fn from_base64(text: &str) -> Result<Self, InvalidPepper> {
        let mut bytes = BASE64.decode(text.trim()).map_err(|_| InvalidPepper)?;
        if bytes.len() < Self::MIN_BYTES {
            bytes.zeroize();
            return Err(InvalidPepper);
        }
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The pepper as text, for the file that keeps it.
    #[must_use]
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(&*self.0))
    }

    /// What names the pepper in the store and to operators. It tells nothing of the pepper.
    #[must_use]
    pub fn id(&self) -> KeyId {
        keyring::id_of(self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::SystemEntropy;

    #[test]
    fn generated_pepper_survives_the_round_trip() {
        let pepper = Pepper::generate(&SystemEntropy);
        let text = pepper.to_base64();
        let back = Pepper::from_base64(&format!(" {}\n", *text)).unwrap();
        assert_eq!(back.as_bytes(), pepper.as_bytes());
        assert_eq!(back.as_bytes().len(), 32);
    }

    #[rstest]
    #[case::empty("")]
    #[case::thirty_one_bytes("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")]
    #[case::not_base64("this is not base64 but it is quite long enough, isn't it?")]
    #[case::a_nul("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0")]
    fn what_is_no_pepper_is_refused(#[case] text: &str) {
        assert_eq!(Pepper::from_base64(text).unwrap_err(), InvalidPepper);
    }

    #[rstest]
    #[case::padded("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    #[case::unpadded("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    fn padding_may_be_left_out(#[case] text: &str) {
        assert_eq!(Pepper::from_base64(text).unwrap().as_bytes(), [0; 32]);
    }

    #[test]
    fn debug_says_nothing() {
        let pepper = Pepper::generate(&SystemEntropy);
        assert_eq!(format!("{pepper:?}"), "Pepper(redacted)");
    }
}
