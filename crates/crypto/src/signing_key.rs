use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use muster_domain::Entropy;
use ring::digest;
use ring::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

/// The Ed25519 private key that signs access tokens, as PKCS#8 (RFC 8410). Redacted in `Debug`, wiped when dropped but for
/// what ring makes of it to sign with.
pub struct SigningKey {
    der: Zeroizing<Vec<u8>>,
    pair: Arc<Ed25519KeyPair>,
}

/// The text is not a signing key. It says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an Ed25519 private key in PKCS#8, as PEM or as the base64 of its DER in one line \
     (`openssl genpkey -algorithm ed25519` makes one)"
)]
pub struct InvalidSigningKey;

impl SigningKey {
    const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
    const END: &str = "-----END PRIVATE KEY-----";
    /// Everything of a version 1 `PrivateKeyInfo` but the 32 bytes of the key (RFC 8410, section 7). This is the form
    /// that OpenSSL writes and reads.
    const DER_PREFIX: [u8; 16] =
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

    /// Draws a key.
    ///
    /// # Errors
    /// Never in practice: any 32 bytes are a key.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, InvalidSigningKey> {
        let mut seed = Zeroizing::new([0; 32]);
        entropy.fill(&mut *seed);
        let mut der = Zeroizing::new(Vec::with_capacity(Self::DER_PREFIX.len() + seed.len()));
        der.extend_from_slice(&Self::DER_PREFIX);
        der.extend_from_slice(&*seed);
        Self::from_der(der)
    }

    /// Reads a key as PEM, or as the base64 of its DER in one line.
    ///
    /// # Errors
    /// When it is neither, or of another kind.
    pub fn parse(text: &str) -> Result<Self, InvalidSigningKey> {
        let text = text.trim();
        let body = match text.strip_prefix(Self::BEGIN) {
            Some(rest) => rest.strip_suffix(Self::END).ok_or(InvalidSigningKey)?,
            None => text,
        };
        let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
        base64.extend(body.split_ascii_whitespace());
        let der = STANDARD.decode(base64.as_bytes()).map_err(|_| InvalidSigningKey)?;
        Self::from_der(Zeroizing::new(der))
    }

    fn from_der(der: Zeroizing<Vec<u8>>) -> Result<Self, InvalidSigningKey> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| InvalidSigningKey)?;
        Ok(Self { der, pair: Arc::new(pair) })
    }

    /// The key as PEM, for the file that keeps it.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        let base64 = Zeroizing::new(STANDARD.encode(&*self.der));
        let mut pem = Zeroizing::new(String::with_capacity(Self::BEGIN.len() + 2 * base64.len() + Self::END.len()));
        pem.push_str(Self::BEGIN);
        for (index, character) in base64.chars().enumerate() {
            if index % 64 == 0 {
                pem.push('\n');
            }
            pem.push(character);
        }
        pem.push('\n');
        pem.push_str(Self::END);
        pem.push('\n');
        pem
    }

    /// What signs. To make one takes as long as to sign once.
    pub(crate) fn pair(&self) -> Arc<Ed25519KeyPair> {
        self.pair.clone()
    }

    pub(crate) fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// The public key as the `x` of its JWK (RFC 8037, section 2).
    pub(crate) fn x(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.public())
    }

    /// The JWK thumbprint (RFC 7638), which names the key: the `kid` of its tokens and of its public key.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, self.x());
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, jwk.as_bytes()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use rstest::rstest;

    use super::*;
    use crate::SystemEntropy;

    /// RFC 8037, appendix A.1, in the PKCS#8 of RFC 8410.
    pub(crate) const RFC_8037_KEY: &str = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";

    #[test]
    fn public_key_and_thumbprint_are_those_of_rfc_8037() {
        let key = SigningKey::parse(RFC_8037_KEY).unwrap();
        assert_eq!(key.x(), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn generated_key_survives_the_round_trip_through_pem() {
        let key = SigningKey::generate(&SystemEntropy).unwrap();
        let back = SigningKey::parse(&key.to_pem()).unwrap();
        assert_eq!(back.der, key.der);
        assert_eq!(back.public(), key.public());
    }

    #[test]
    fn pem_is_what_openssl_writes() {
        let key = SigningKey::parse(RFC_8037_KEY).unwrap();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{RFC_8037_KEY}\n-----END PRIVATE KEY-----\n");
        assert_eq!(*key.to_pem(), pem);
    }

    #[rstest]
    #[case::empty("")]
    #[case::not_base64("-----BEGIN PRIVATE KEY-----\n***\n-----END PRIVATE KEY-----")]
    #[case::no_end("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g")]
    #[case::cut_short("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrg==")]
    #[case::x25519("MC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g")]
    fn what_is_no_ed25519_key_is_refused(#[case] text: &str) {
        assert_eq!(SigningKey::parse(text).unwrap_err(), InvalidSigningKey);
    }

    #[test]
    fn debug_says_nothing() {
        assert_eq!(format!("{:?}", SigningKey::parse(RFC_8037_KEY).unwrap()), "SigningKey(redacted)");
    }
}
