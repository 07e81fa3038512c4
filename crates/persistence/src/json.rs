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

/// The bytes of a `bytea` in JSON: `\x` and two hexadecimal digits for each.
fn bytes_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.strip_prefix("\\x")?.as_bytes().as_chunks::<2>();
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
