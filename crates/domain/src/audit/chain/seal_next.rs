use time::Duration;

use super::content::{End, content, mark};
use super::{AuditChainService, ChainError, ChainMark, SealHash, Sealing, Unsealed};

/// What a batch of seals came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// How many records were sealed: 0 when none waited, or when another server was faster.
    pub records: usize,
    /// Whether more are waiting to be sealed at once. Who lost against another server leaves them to that one.
    pub more: bool,
    /// How long the oldest of them had waited.
    pub lag: Duration,
}

impl AuditChainService {
    /// How many records are sealed at once.
    pub const BATCH: u16 = 500;

    /// Seals the next batch of records. Any number of servers may do this over one store.
    ///
    /// # Errors
    /// When the store fails, or holds a record that cannot be read: nothing after it is sealed before it is mended; or
    /// when the chain's end was set with another key.
    pub async fn seal_next(&self) -> Result<Sealed, ChainError> {
        let Unsealed { head: after, records } = self.chain.unsealed(Self::BATCH).await?;
        let Some(oldest) = records.first() else {
            return Ok(Sealed { records: 0, more: false, lag: Duration::ZERO });
        };
        self.recognize(End::Head, after)?;
        let lag = (self.clock.now() - oldest.at).max(Duration::ZERO);
        let (mut position, mut previous) =
            after.map_or((0, SealHash::NONE), |ChainMark { position, hash, .. }| (position, hash));
        let mut seals = Vec::with_capacity(records.len());
        for record in &records {
            position += 1;
            previous = self.sealer.seal(&content(position, &previous, record));
            seals.push((record.id, previous));
        }
        let head = mark(&*self.sealer, End::Head, position, previous);
        let ours = self.chain.seal(&Sealing { after, seals, key: self.sealer.keys().current, head }).await?;
        let records = if ours { records.len() } else { 0 };
        Ok(Sealed { records, more: records == usize::from(Self::BATCH), lag })
    }
}
