use time::OffsetDateTime;

use super::content::{End, mark};
use super::{AuditChainService, ChainError, Forgetting};
use crate::audit::{AuditChange, AuditEvent, Origin};

/// What a batch of removed records came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten {
    /// How many records were removed.
    pub records: u64,
    /// Whether there may be more to remove. A caller that lost against another server leaves them to that one.
    pub more: bool,
}

impl AuditChainService {
    /// Removes records of before that time, the oldest of the chain first and a batch at a time, and returns how many
    /// went. Only sealed ones go, and none that stands after a younger one, so that what stays is proven as before. Of
    /// several servers that do this at once one does it.
    ///
    /// # Errors
    /// When the store fails, or the chain's start was set with another key.
    pub async fn forget_before(&self, before: OffsetDateTime, origin: &Origin) -> Result<u64, ChainError> {
        let mut removed = 0;
        loop {
            let Forgotten { records, more } = self.forget_next(before, origin).await?;
            removed += records;
            if !more {
                return Ok(removed);
            }
        }
    }

    /// One batch of [`AuditChainService::forget_before`], so that the caller can rest before the next one.
    ///
    /// # Errors
    /// When the store fails, or the chain's start was set with another key.
    pub async fn forget_next(&self, before: OffsetDateTime, origin: &Origin) -> Result<Forgotten, ChainError> {
        const NONE: Forgotten = Forgotten { records: 0, more: false };
        let after = self.chain.marks().await?.start;
        self.recognize(End::Start, after)?;
        let oldest = self.chain.sealed(after.map_or(0, |mark| mark.position), Self::BATCH).await?;
        let old = |at: Option<OffsetDateTime>| at.is_some_and(|at| at < before);
        let going = oldest.iter().take_while(|record| old(record.event.as_ref().map(|event| event.at))).count();
        let Some(last) = going.checked_sub(1).and_then(|index| oldest.get(index)) else { return Ok(NONE) };
        let start = mark(&*self.sealer, End::Start, last.position, last.hash);
        let change = AuditChange::AuditForgotten { through: last.position, records: going };
        let event = AuditEvent::new(self.clock.now(), &*self.entropy, origin, None, &change);
        if !self.chain.forget(&Forgetting { after, start, event }).await? {
            return Ok(NONE);
        }
        Ok(Forgotten { records: going as u64, more: going == usize::from(Self::BATCH) })
    }
}
