use std::collections::BTreeMap;

use super::{KeyRotationService, KeyedRows};
use crate::{KeyId, KeyStanding, StoreError};

/// How many rows of each kind were hashed under which key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyUse {
    /// By kind and by what the key is to this server.
    pub counts: BTreeMap<(KeyedRows, KeyStanding), u64>,
    /// The keys that rows name and this server does not have.
    pub unknown: Vec<KeyId>,
}

impl KeyUse {
    /// How many rows of these kinds have a key of that standing.
    #[must_use]
    pub fn of(&self, standing: KeyStanding, kinds: &[KeyedRows]) -> u64 {
        kinds.iter().filter_map(|kind| self.counts.get(&(*kind, standing))).sum()
    }
}

impl KeyRotationService {
    /// Counts what is stored by the keys that it was hashed under: when nothing but refresh tokens is left of the previous
    /// ones, they can be removed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count(&self) -> Result<KeyUse, StoreError> {
        let keys = self.fingerprinter.keys();
        let mut usage = KeyUse::default();
        for counted in self.store.count_by_key(self.clock.now()).await? {
            let standing = keys.standing(counted.key);
            *usage.counts.entry((counted.rows, standing)).or_default() += counted.count;
            if let (KeyStanding::Unknown, Some(key)) = (standing, counted.key) {
                usage.unknown.push(key);
            }
        }
        usage.unknown.sort_unstable();
        usage.unknown.dedup();
        Ok(usage)
    }
}
