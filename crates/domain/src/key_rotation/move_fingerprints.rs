use super::{FingerprintMove, KeyRotationService, StoredFingerprint};
use crate::verification::{Fingerprint, Method};
use crate::{KeyStanding, StoreError};

/// What one pass over all fingerprints came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many fingerprints were moved to the current key, or had their key recorded.
    pub fingerprints: u64,
    /// How many refresh tokens had their key recorded.
    pub refresh_tokens: u64,
    /// How many fingerprints were left as they are, because no key of the server's made them of their destination. They
    /// go on counting: what is proven stays proven.
    pub unrecognized: u64,
}

impl KeyRotationService {
    /// How many are moved in one transaction.
    pub const BATCH: u16 = 100;

    /// Moves every fingerprint that a previous key made to the current one, and records the key where none is recorded.
    /// What the next key made is left alone: servers that are a step ahead in the rotation made it. With `unverified`,
    /// what no key of the server's made is moved too, on the word of the operator that the contacts on record are right;
    /// otherwise a fingerprint is moved only when a key shows that it is the destination's. Any number of servers may do
    /// it at once.
    ///
    /// # Errors
    /// When the store fails; what was moved by then stays moved.
    pub async fn move_all(&self, unverified: bool) -> Result<Moved, StoreError> {
        let mut moved = Moved { refresh_tokens: self.record_successor_keys().await?, ..Moved::default() };
        for method in Method::ALL {
            self.move_method(method, unverified, &mut moved).await?;
        }
        Ok(moved)
    }

    async fn move_method(&self, method: Method, unverified: bool, pass: &mut Moved) -> Result<(), StoreError> {
        let keys = self.fingerprinter.keys();
        let settled: Vec<_> = [Some(keys.current), keys.next].into_iter().flatten().collect();
        let mut after = None;
        loop {
            let batch = self.store.fingerprints(method, &settled, after, Self::BATCH).await?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = Some(last.holder);
            let mut moves = Vec::with_capacity(batch.len());
            for stored in &batch {
                match self.target(method, stored, unverified) {
                    Some(to) => moves.push(FingerprintMove { holder: stored.holder, from: stored.fingerprint, to }),
                    None => pass.unrecognized += 1,
                }
            }
            if !moves.is_empty() {
                pass.fingerprints += self.store.move_fingerprints(method, &moves).await?;
            }
        }
    }

    /// What is to take a fingerprint's place; `None` when it is to stay.
    fn target(&self, method: Method, stored: &StoredFingerprint, unverified: bool) -> Option<Fingerprint> {
        let known = self.fingerprinter.fingerprints(method, &stored.destination);
        let keys = self.fingerprinter.keys();
        let current = known.first().copied();
        let Some(made) = known.into_iter().find(|fingerprint| *fingerprint == stored.fingerprint) else {
            let is_lost =
                matches!(keys.standing(stored.fingerprint.key), KeyStanding::Unknown | KeyStanding::Unrecorded);
            return current.filter(|_| unverified && is_lost);
        };
        if keys.standing(made.key) == KeyStanding::Next { Some(made) } else { current }
    }

    /// Refresh tokens of a release that had one key only were made with the key that this server has too. A server that
    /// has several finds out by which of them the fingerprints of then were made.
    async fn record_successor_keys(&self) -> Result<u64, StoreError> {
        let keys = self.fingerprinter.keys();
        let mut key = self.tokens.key();
        if keys.next.is_some() || !keys.previous.is_empty() {
            for method in Method::ALL {
                let settled: Vec<_> = keys.previous.iter().copied().chain(keys.next).chain([keys.current]).collect();
                let others = self.store.fingerprints(method, &settled, None, Self::BATCH).await?;
                let made_with = others.iter().filter(|stored| stored.fingerprint.key.is_none()).find_map(|stored| {
                    let known = self.fingerprinter.fingerprints(method, &stored.destination);
                    known.into_iter().find(|fingerprint| *fingerprint == stored.fingerprint)?.key
                });
                if let Some(made_with) = made_with {
                    key = made_with;
                    break;
                }
            }
        }
        let mut recorded = 0;
        loop {
            let batch = self.store.record_successor_key(key, Self::BATCH * 5).await?;
            recorded += batch;
            if batch == 0 {
                return Ok(recorded);
            }
        }
    }
}
