use std::fmt;

/// Names the key that made a keyed hash, so that a hash of before a rotation is compared under the key of then.
///
/// It is derived from the key in a way that tells nothing of it, so it may be stored, logged and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The keys that one server has during a rotation.
///
/// A rotation has three steps, each of them done on all servers before the next begins: the new key is made known as
/// `next`; it becomes `current`, and the old one `previous`; the old one is removed. Between any two neighbouring steps
/// every server can check what every other makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyIds {
    /// Makes every new hash.
    pub current: KeyId,
    /// Only checks hashes: other servers may make them with it already.
    pub next: Option<KeyId>,
    /// Only check hashes, which are made anew under the current key where that is possible.
    pub previous: Vec<KeyId>,
}

/// What a key is to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyStanding {
    /// It makes new hashes.
    Current,
    /// It will be the current one after the next step of a rotation.
    Next,
    /// It was the current one before.
    Previous,
    /// The server does not have it, so what it made cannot be checked.
    Unknown,
    /// The row does not name its key: it was written by a release that had one key only.
    Unrecorded,
}

impl KeyStanding {
    /// Its name in metrics, like `previous`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Next => "next",
            Self::Previous => "previous",
            Self::Unknown => "unknown",
            Self::Unrecorded => "unrecorded",
        }
    }
}

impl KeyIds {
    /// One key alone, outside of any rotation.
    #[must_use]
    pub fn only(current: KeyId) -> Self {
        Self { current, next: None, previous: Vec::new() }
    }

    /// What the key that a row names is to this server.
    #[must_use]
    pub fn standing(&self, key: Option<KeyId>) -> KeyStanding {
        match key {
            None => KeyStanding::Unrecorded,
            Some(key) if key == self.current => KeyStanding::Current,
            Some(key) if Some(key) == self.next => KeyStanding::Next,
            Some(key) if self.previous.contains(&key) => KeyStanding::Previous,
            Some(_) => KeyStanding::Unknown,
        }
    }
}
