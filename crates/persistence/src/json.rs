//! Reading column values from PostgreSQL's JSON, as strictly as from its rows.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::types::{DbId, Hash, Ts};

impl<'de> Deserialize<'de> for DbId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Uuid::deserialize(from).map(Self)
    }
}

impl<'de> Deserialize<'de> for Ts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let time = |text: &str| OffsetDateTime::parse(text, &Rfc3339).map(Self::from).ok();
        from.deserialize_str(Text { of: "a time", read: time })
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let hash = |text: &str| bytes_of(text).map(Self);
        from.deserialize_str(Text { of: "32 bytes", read: hash })
    }
}

/// A value that is read from a text, which needs no copy for that.
struct Text<Read> {
    of: &'static str,
    read: Read,
}

impl<T, Read: FnOnce(&str) -> Option<T>> Visitor<'_> for Text<Read> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.of)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let Self { of, read } = self;
        read(text).ok_or_else(|| E::custom(format_args!("not {of}")))
    }
}

/// The bytes of a `bytea` in JSON, in either of the forms that the server may be set to (`bytea_output`). Only the
/// hexadecimal one begins with `\\x`.
fn bytes_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    match text.strip_prefix("\\x") {
        Some(digits) => hexadecimal(digits),
        None => escaped(text),
    }
}

/// Two hexadecimal digits for each byte.
fn hexadecimal<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

/// Printable ASCII as it is, a backslash twice, and each other byte as a backslash and three octal digits.
fn escaped<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let mut rest = text.as_bytes();
    for byte in &mut bytes {
        (*byte, rest) = match rest {
            [b'\\', b'\\', rest @ ..] => (b'\\', rest),
            [b'\\', high @ b'0'..=b'3', middle @ b'0'..=b'7', low @ b'0'..=b'7', rest @ ..] => {
                ((high - b'0') << 6 | (middle - b'0') << 3 | (low - b'0'), rest)
            }
            [b'\\', ..] | [] => return None,
            [plain, rest @ ..] => (*plain, rest),
        };
    }
    rest.is_empty().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::bytes_of;

    #[test]
    fn bytes_are_read_in_both_forms_of_bytea_output() {
        let bytes = *b"\x00\\x~\xff7";
        assert_eq!(bytes_of(r"\x005c787eff37"), Some(bytes));
        assert_eq!(bytes_of(r"\000\\x~\3777"), Some(bytes));
        for wrong in [
            r"\x005c787eff3",
            r"\x005c787eff3700",
            r"\x005c787eff3g",
            r"\000\\x~\377",
            r"\000\\x~\37777",
            r"\000\x~\4777",
            "",
        ] {
            assert_eq!(bytes_of::<6>(wrong), None, "{wrong}");
        }
    }
}
