//! How 256 random bits are written so that people, programs and secret scanners can tell what they are.

use zeroize::Zeroizing;

/// How many base62 digits 128 bits take.
const HALF: usize = 22;
/// How many base62 digits 32 bits take.
const CHECKSUM: usize = 6;

/// The bits as text: the prefix, 44 base62 characters, a CRC-32 of both as 6 more. The prefix lets secret scanners find
/// a leaked one; the checksum lets a typo be refused without asking the store.
pub(crate) fn write(prefix: &str, bits: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + 2 * HALF + CHECKSUM));
    text.push_str(prefix);
    let (mut high, mut low) = ([0; 16], [0; 16]);
    high.copy_from_slice(&bits[..16]);
    low.copy_from_slice(&bits[16..]);
    push_base62(&mut text, u128::from_be_bytes(high), HALF);
    push_base62(&mut text, u128::from_be_bytes(low), HALF);
    let checksum = crc32fast::hash(text.as_bytes());
    push_base62(&mut text, u128::from(checksum), CHECKSUM);
    text
}

/// Reads the bits back when the form and the checksum are right. Each value has one spelling.
pub(crate) fn read(prefix: &str, text: &str) -> Option<[u8; 32]> {
    let body = text.strip_prefix(prefix)?;
    if body.len() != 2 * HALF + CHECKSUM || !body.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let (digits, checksum) = body.split_at(2 * HALF);
    let (high, low) = digits.split_at(HALF);
    let expected = crc32fast::hash(&text.as_bytes()[..text.len() - CHECKSUM]);
    if base62::decode(checksum).ok()? != u128::from(expected) {
        return None;
    }
    let mut bits = [0; 32];
    bits[..16].copy_from_slice(&base62::decode(high).ok()?.to_be_bytes());
    bits[16..].copy_from_slice(&base62::decode(low).ok()?.to_be_bytes());
    Some(bits)
}

fn push_base62(text: &mut String, number: u128, width: usize) {
    let digits = Zeroizing::new(base62::encode(number));
    text.extend(std::iter::repeat_n('0', width.saturating_sub(digits.len())));
    text.push_str(&digits);
}
