//! Message encryption for Web Push (RFC 8291) in the encoding `aes128gcm` (RFC 8188), on ring.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

/// The one record's size. Push services take 4096 bytes in all (RFC 8291, section 4).
const RECORD: u32 = 4_096;

/// Every message is padded to a multiple of this, so that its length tells a push service nothing.
const PADDED_TO: usize = 512;

/// The head (salt, record size, length of the key, key) and the tag that come with the text.
const HEAD: usize = 16 + 4 + 1 + 65;
const TAG: usize = 16;

/// Encrypts a text for a browser, under a key and a salt of its own each time.
///
/// # Errors
/// When the browser's key is no point of the curve, or the text does not fit one message.
pub(super) fn encrypt(p256dh: &[u8], auth: &[u8], text: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let random = SystemRandom::new();
    let ours = EphemeralPrivateKey::generate(&ECDH_P256, &random)?;
    let our_public = ours.compute_public_key()?;
    let mut salt = [0; 16];
    random.fill(&mut salt)?;
    let parties = Parties { theirs: p256dh, ours: our_public.as_ref(), auth };
    agree_ephemeral(ours, &UnparsedPublicKey::new(&ECDH_P256, p256dh), |secret| {
        seal(secret, &parties, &salt, &pad(text)?)
    })?
}

/// The public keys of both sides and the secret that the browser made for this subscription.
struct Parties<'a> {
    theirs: &'a [u8],
    ours: &'a [u8],
    auth: &'a [u8],
}

/// The text, the byte that ends the last record, and zeros (RFC 8188, section 2).
fn pad(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let length = (text.len() + 1).next_multiple_of(PADDED_TO);
    if HEAD + length + TAG > RECORD as usize {
        return Err(Unspecified);
    }
    let mut padded = Zeroizing::new(Vec::with_capacity(length + TAG));
    padded.extend_from_slice(text);
    padded.push(2);
    padded.resize(length, 0);
    Ok(padded)
}

fn seal(secret: &[u8], parties: &Parties<'_>, salt: &[u8; 16], padded: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let Parties { theirs, ours, auth } = parties;
    let shared = Salt::new(HKDF_SHA256, auth).extract(secret);
    let input: Zeroizing<[u8; 32]> = expand(&shared, &[b"WebPush: info\0", theirs, ours])?;
    let keys = Salt::new(HKDF_SHA256, salt).extract(&*input);
    let key: Zeroizing<[u8; 16]> = expand(&keys, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: Zeroizing<[u8; 12]> = expand(&keys, &[b"Content-Encoding: nonce\0"])?;

    let mut sealed = padded.to_vec();
    LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &*key)?).seal_in_place_append_tag(
        Nonce::assume_unique_for_key(*nonce),
        Aad::empty(),
        &mut sealed,
    )?;
    let mut message = Vec::with_capacity(HEAD + sealed.len());
    message.extend_from_slice(salt);
    message.extend_from_slice(&RECORD.to_be_bytes());
    message.push(65);
    message.extend_from_slice(ours);
    message.extend_from_slice(&sealed);
    Ok(message)
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(key: &Prk, info: &[&[u8]]) -> Result<Zeroizing<[u8; N]>, Unspecified> {
    let mut derived = Zeroizing::new([0; N]);
    key.expand(info, Length(N))?.fill(&mut *derived)?;
    Ok(derived)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// RFC 8291, section 5 and appendix A.
    #[test]
    fn the_example_of_the_rfc_is_encrypted_as_it_says() {
        let parties = Parties {
            theirs: &bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
            ours: &bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"),
            auth: &bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        };
        let secret = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let message = seal(&secret, &parties, &salt, b"When I grow up, I want to be a watermelon\x02").unwrap();
        let expected = concat!(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK",
            "6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
        );
        assert_eq!(URL_SAFE_NO_PAD.encode(message), expected);
    }

    #[test]
    fn messages_of_different_length_look_alike_and_one_that_is_too_long_is_refused() {
        let theirs = bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let length = |text: usize| encrypt(&theirs, &[9; 16], &vec![b'x'; text]).map(|message| message.len());
        assert_eq!(length(1).unwrap(), HEAD + 512 + TAG);
        assert_eq!(length(511).unwrap(), HEAD + 512 + TAG);
        assert_eq!(length(512).unwrap(), HEAD + 1_024 + TAG);
        assert_eq!(length(3_583).unwrap(), HEAD + 3_584 + TAG);
        assert!(length(3_584).is_err());
    }

    #[test]
    fn a_key_that_is_no_point_of_the_curve_is_refused() {
        assert!(encrypt(&[4; 65], &[9; 16], b"x").is_err());
        assert!(encrypt(&[], &[9; 16], b"x").is_err());
    }

    #[test]
    fn no_two_messages_are_the_same() {
        let theirs = bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let encrypted = || encrypt(&theirs, &[9; 16], b"the same").unwrap();
        let (one, other) = (encrypted(), encrypted());
        assert_ne!(one[..16], other[..16], "salts");
        assert_ne!(one[21..86], other[21..86], "keys");
    }
}
