//! Refresh tokens as Muster spells them: `mst_rt_`, two halves of 128 bits in base62, a CRC-32 of all that.

use ring::digest;

use crate::clock;
use crate::problem::Problem;

const PREFIX: &str = "mst_rt_";
const HALF: usize = 22;
const CHECKSUM: usize = 6;

pub(crate) struct NewToken {
    pub(crate) text: String,
    pub(crate) hash: Vec<u8>,
    pub(crate) salt: Vec<u8>,
}

/// Draws a token. That it is random, and not made of the one before it, spares a hash.
pub(crate) fn draw() -> Result<NewToken, Problem> {
    let bits: [u8; 32] = clock::random()?;
    Ok(NewToken { text: write(&bits), hash: hash(&bits), salt: clock::random::<16>()?.to_vec() })
}

/// The hash that the store has of a token, if the text is one.
pub(crate) fn hash_of(text: &str) -> Option<Vec<u8>> {
    read(text).map(|bits| hash(&bits))
}

fn hash(bits: &[u8; 32]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bits).as_ref().to_vec()
}

fn write(bits: &[u8; 32]) -> String {
    let (mut high, mut low) = ([0; 16], [0; 16]);
    high.copy_from_slice(&bits[..16]);
    low.copy_from_slice(&bits[16..]);
    let mut text = String::with_capacity(PREFIX.len() + 2 * HALF + CHECKSUM);
    text.push_str(PREFIX);
    push(&mut text, u128::from_be_bytes(high), HALF);
    push(&mut text, u128::from_be_bytes(low), HALF);
    let checksum = crc32fast::hash(text.as_bytes());
    push(&mut text, checksum.into(), CHECKSUM);
    text
}

fn push(text: &mut String, number: u128, width: usize) {
    let digits = base62::encode(number);
    text.extend(std::iter::repeat_n('0', width.saturating_sub(digits.len())));
    text.push_str(&digits);
}

fn read(text: &str) -> Option<[u8; 32]> {
    let body = text.strip_prefix(PREFIX)?;
    if body.len() != 2 * HALF + CHECKSUM || !body.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let (digits, checksum) = body.split_at(2 * HALF);
    if base62::decode(checksum).ok()? != crc32fast::hash(&text.as_bytes()[..text.len() - CHECKSUM]).into() {
        return None;
    }
    let (high, low) = digits.split_at(HALF);
    let mut bits = [0; 32];
    bits[..16].copy_from_slice(&base62::decode(high).ok()?.to_be_bytes());
    bits[16..].copy_from_slice(&base62::decode(low).ok()?.to_be_bytes());
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_a_mistyped_one_does_not() {
        for bits in [[0; 32], [0xff; 32], std::array::from_fn(|n| u8::try_from(n).unwrap())] {
            let text = write(&bits);
            assert_eq!(text.len(), 57);
            assert_eq!(read(&text), Some(bits));
            assert_eq!(read(&text.replace("rt_", "rt-")), None);
            let last = if text.ends_with('0') { '1' } else { '0' };
            assert_eq!(read(&format!("{}{last}", &text[..56])), None);
        }
    }
}
