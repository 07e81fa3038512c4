use async_trait::async_trait;
use muster_domain::key_rotation::{FingerprintMove, KeyCount, KeyRotationStore, KeyedRows, StoredFingerprint};
use muster_domain::user::{EmailAddress, Phone, User};
use muster_domain::verification::{ChallengeState, Fingerprint, Method};
use muster_domain::{DeviceId, KeyId, StoreError, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::MemoryStore;
use crate::memory::State;
use crate::memory::sessions::is_live;

#[async_trait]
impl KeyRotationStore for MemoryStore {
    async fn fingerprints(
        &self,
        method: Method,
        other_than: &[KeyId],
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<StoredFingerprint>, StoreError> {
        let state = self.open()?;
        let mut found: Vec<StoredFingerprint> = state.keyed(method).collect();
        found.retain(|stored| stored.fingerprint.key.is_none_or(|key| !other_than.contains(&key)));
        found.retain(|stored| after.is_none_or(|after| stored.holder > after));
        found.truncate(limit.into());
        Ok(found)
    }

    async fn move_fingerprints(&self, method: Method, moves: &[FingerprintMove]) -> Result<u64, StoreError> {
        let mut state = self.open()?;
        Ok(moves.iter().filter(|one| state.move_fingerprint(method, one)).count() as u64)
    }

    async fn record_successor_key(&self, key: KeyId, limit: u16) -> Result<u64, StoreError> {
        let mut state = self.open()?;
        let tokens = state.tokens.values_mut().map(|(_, token)| token);
        let without = tokens.filter(|token| token.successor_key.is_none() && token.superseded_at.is_none());
        Ok(without.take(limit.into()).map(|token| token.successor_key = Some(key)).count() as u64)
    }

    async fn count_by_key(&self, at: OffsetDateTime) -> Result<Vec<KeyCount>, StoreError> {
        let state = self.open()?;
        let mut counts: Vec<KeyCount> = Vec::new();
        let mut count = |rows, key| match counts.iter_mut().find(|count| count.rows == rows && count.key == key) {
            Some(count) => count.count += 1,
            None => counts.push(KeyCount { rows, key, count: 1 }),
        };
        for (rows, method) in
            [(KeyedRows::Emails, Method::Email), (KeyedRows::Phones, Method::Sms), (KeyedRows::Devices, Method::Push)]
        {
            state.keyed(method).for_each(|stored| count(rows, stored.fingerprint.key));
        }
        for challenge in state.challenges.values() {
            if matches!(challenge.state(at), ChallengeState::Live { .. }) {
                count(KeyedRows::Codes, challenge.code_hash.key);
            }
        }
        for (session, token) in state.tokens.values() {
            let live = state.sessions.get(session).is_some_and(|session| is_live(session, at));
            if live && token.superseded_at.is_none() {
                count(KeyedRows::RefreshTokens, token.successor_key);
            }
        }
        Ok(counts)
    }
}

impl State {
    /// Every fingerprint of a method's destinations, in the order of their holders.
    fn keyed(&self, method: Method) -> Box<dyn Iterator<Item = StoredFingerprint> + '_> {
        let of_user = move |user: &User| {
            let (destination, fingerprint) = match method {
                Method::Email => (user.email.as_ref().map(EmailAddress::normalized), user.email_fingerprint),
                Method::Sms | Method::Push => {
                    let number = user.phone.as_ref().and_then(Phone::deliverable);
                    (number.map(|number| number.as_str().to_owned()), user.phone_fingerprint)
                }
            };
            Some(StoredFingerprint { holder: user.id.0, destination: destination?, fingerprint: fingerprint? })
        };
        match method {
            Method::Email | Method::Sms => Box::new(self.users.values().filter_map(of_user)),
            Method::Push => Box::new(self.devices.values().map(|device| StoredFingerprint {
                holder: device.id.0,
                destination: device.destination(),
                fingerprint: device.token_fingerprint,
            })),
        }
    }

    fn move_fingerprint(&mut self, method: Method, one: &FingerprintMove) -> bool {
        let FingerprintMove { holder, from, to } = *one;
        let own: Option<&mut Fingerprint> = match method {
            Method::Email => self.users.get_mut(&UserId(holder)).and_then(|user| user.email_fingerprint.as_mut()),
            Method::Sms => self.users.get_mut(&UserId(holder)).and_then(|user| user.phone_fingerprint.as_mut()),
            Method::Push => self.devices.get_mut(&DeviceId(holder)).map(|device| &mut device.token_fingerprint),
        };
        let Some(own) = own.filter(|own| **own == from) else { return false };
        *own = to;
        if method != Method::Push {
            if let Some(user) = self.users.get_mut(&UserId(holder)).filter(|_| from != to) {
                user.version += 1;
            }
            if let Some(proof) =
                self.proofs.get_mut(&(UserId(holder), method)).filter(|proof| proof.fingerprint == from)
            {
                proof.fingerprint = to;
            }
        }
        true
    }
}
