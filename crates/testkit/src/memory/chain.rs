use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use muster_domain::audit::chain::{AuditChain, ChainMarks, Forgetting, SealedRecord, Sealing, Unsealed};
use muster_domain::audit::{AuditEvent, AuditKey};
use muster_domain::{AuditId, StoreError};

use crate::MemoryStore;
use crate::memory::State;

/// The chain of audit records as a [`MemoryStore`] keeps it, for tests that change it by hand.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeptChain {
    /// Where it starts and ends.
    pub marks: ChainMarks,
    /// The sealed records by their places; each says its place itself too.
    pub records: BTreeMap<u64, SealedRecord>,
}

#[async_trait]
impl AuditChain for MemoryStore {
    async fn marks(&self) -> Result<ChainMarks, StoreError> {
        Ok(self.open()?.chain.marks)
    }

    async fn unsealed(&self, limit: u16) -> Result<Unsealed, StoreError> {
        let state = self.open()?;
        let mut records: Vec<&AuditEvent> = state.unsealed().collect();
        records.sort_by_key(|event| AuditKey::of(event));
        let records = records.into_iter().take(limit.into()).cloned().collect();
        Ok(Unsealed { head: state.chain.marks.head, records })
    }

    async fn seal(&self, sealing: &Sealing) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        if state.chain.marks.head != sealing.after {
            return Ok(false);
        }
        let waiting: BTreeMap<AuditId, &AuditEvent> = state.unsealed().map(|event| (event.id, event)).collect();
        let after = sealing.after.map_or(0, |mark| mark.position);
        let link = |(position, (id, hash)): (u64, &(AuditId, _))| {
            let event = Some(AuditEvent::clone(waiting.get(id)?));
            let key = Some(sealing.key);
            Some((position, SealedRecord { position, id: *id, hash: *hash, key, event }))
        };
        let Some(links) = (after + 1..).zip(&sealing.seals).map(link).collect::<Option<Vec<_>>>() else {
            return Ok(false);
        };
        if links.iter().any(|(position, _)| state.chain.records.contains_key(position)) {
            return Err(StoreError::inconsistent("the end of the chain is not its last record"));
        }
        state.chain.records.extend(links);
        state.chain.marks.head = Some(sealing.head);
        Ok(true)
    }

    async fn sealed(&self, position: u64, limit: u16) -> Result<Vec<SealedRecord>, StoreError> {
        let state = self.open()?;
        let after = state.chain.records.range(position + 1..);
        Ok(after.take(limit.into()).map(|(_, record)| record.clone()).collect())
    }

    async fn forget(&self, forgetting: &Forgetting) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        if state.chain.marks.start != forgetting.after {
            return Ok(false);
        }
        let kept = state.chain.records.split_off(&(forgetting.start.position + 1));
        let gone = std::mem::replace(&mut state.chain.records, kept);
        let gone: BTreeSet<AuditId> = gone.into_values().map(|record| record.id).collect();
        state.trail.retain(|event| !gone.contains(&event.id));
        state.chain.marks.start = Some(forgetting.start);
        state.trail.push(forgetting.event.clone());
        Ok(true)
    }
}

impl MemoryStore {
    /// Changes the chain as somebody does who writes to the store by hand. What [`MemoryStore::audit_trail`] and the
    /// audit reader show stays as it was.
    pub fn tamper(&self, change: impl FnOnce(&mut KeptChain)) {
        change(&mut self.state().chain);
    }

    /// Adds a record that no change of state came with, as somebody does who writes to the store by hand.
    pub fn insert_record(&self, event: AuditEvent) {
        self.state().trail.push(event);
    }
}

impl State {
    fn unsealed(&self) -> impl Iterator<Item = &AuditEvent> {
        let sealed: BTreeSet<AuditId> = self.chain.records.values().map(|record| record.id).collect();
        self.trail.iter().filter(move |event| !sealed.contains(&event.id))
    }
}
