//! Chains of audit records that have forks, gaps and ends that nobody looked at.

use async_trait::async_trait;
use muster_domain::StoreError;
use muster_domain::audit::chain::{AuditChain, ChainMarks, Forgetting, SealedRecord, Sealing, Unsealed};
use muster_testkit::MemoryStore;

use crate::breakable::{Chain, Kept, over_memory};
use crate::records::record;
use crate::{breaking, caught};

over_memory! {
    /// Looks at what waits by when it was written.
    AsWritten;
    /// Hands out more than it was asked for.
    Unlimited;
    /// Passes over what happened before the last record that was sealed.
    OnlyForward;
    /// Seals after whatever end there is.
    AfterAnyEnd;
    /// Compares the places of ends and no more.
    ByPlace;
    /// Seals what it knows and leaves out the rest.
    WhatItKnows;
    /// Says that it sealed, and did nothing.
    Idle;
    /// Loses the last record of each batch.
    LosesOne;
    /// Reads from the place that it was given, not after it.
    FromPlace;
    /// Forgets after whatever start there is.
    AfterAnyStart;
    /// Forgets one record more than it was told.
    OneMore;
    /// Sets the start and keeps the records.
    KeepsRecords;
    /// Writes no record of what it forgot.
    Silent;
    /// Writes the record also of what was not forgotten.
    RecordsRefusals;
    /// Takes the end back with the records.
    ForgetsEnd;
}

#[async_trait]
impl Chain for AsWritten {
    async fn unsealed(&self, limit: u16) -> Result<Unsealed, StoreError> {
        let mut unsealed = self.0.unsealed(u16::MAX).await?;
        let written = self.0.audit_trail();
        unsealed.records.sort_by_key(|record| written.iter().position(|event| event.id == record.id));
        unsealed.records.truncate(limit.into());
        Ok(unsealed)
    }
}

#[async_trait]
impl Chain for Unlimited {
    async fn unsealed(&self, limit: u16) -> Result<Unsealed, StoreError> {
        self.0.unsealed(limit.saturating_add(1)).await
    }

    async fn sealed(&self, position: u64, limit: u16) -> Result<Vec<SealedRecord>, StoreError> {
        self.0.sealed(position, limit.saturating_add(1)).await
    }
}

#[async_trait]
impl Chain for OnlyForward {
    async fn unsealed(&self, limit: u16) -> Result<Unsealed, StoreError> {
        let sealed = self.0.sealed(0, u16::MAX).await?;
        let last = sealed.iter().filter_map(|record| record.event.as_ref()).map(|event| event.at).max();
        let mut unsealed = self.0.unsealed(limit).await?;
        unsealed.records.retain(|record| last.is_none_or(|last| record.at >= last));
        Ok(unsealed)
    }
}

#[async_trait]
impl Chain for AfterAnyEnd {
    async fn seal(&self, sealing: &Sealing) -> Result<bool, StoreError> {
        let after = self.0.marks().await?.head;
        self.0.seal(&Sealing { after, ..sealing.clone() }).await
    }
}

#[async_trait]
impl Chain for ByPlace {
    async fn seal(&self, sealing: &Sealing) -> Result<bool, StoreError> {
        let head = self.0.marks().await?.head;
        let same = head.map(|head| head.position) == sealing.after.map(|after| after.position);
        let after = if same { head } else { sealing.after };
        self.0.seal(&Sealing { after, ..sealing.clone() }).await
    }

    async fn forget(&self, forgetting: &Forgetting) -> Result<bool, StoreError> {
        let start = self.0.marks().await?.start;
        let same = start.map(|start| start.position) == forgetting.after.map(|after| after.position);
        let after = if same { start } else { forgetting.after };
        self.0.forget(&Forgetting { after, ..forgetting.clone() }).await
    }
}

#[async_trait]
impl Chain for WhatItKnows {
    async fn seal(&self, sealing: &Sealing) -> Result<bool, StoreError> {
        let known = self.0.unsealed(u16::MAX).await?.records;
        let mut sealing = sealing.clone();
        sealing.seals.retain(|(id, _)| known.iter().any(|record| record.id == *id));
        self.0.seal(&sealing).await
    }
}

#[async_trait]
impl Chain for Idle {
    async fn seal(&self, _: &Sealing) -> Result<bool, StoreError> {
        Ok(true)
    }
}

#[async_trait]
impl Chain for LosesOne {
    async fn seal(&self, sealing: &Sealing) -> Result<bool, StoreError> {
        let mut sealing = sealing.clone();
        if sealing.seals.len() > 1 {
            sealing.seals.pop();
        }
        self.0.seal(&sealing).await
    }
}

#[async_trait]
impl Chain for FromPlace {
    async fn sealed(&self, position: u64, limit: u16) -> Result<Vec<SealedRecord>, StoreError> {
        let found = self.0.sealed(position.saturating_sub(1), limit).await?;
        // The suite reads to the end, which must come.
        if found.len() == 1 { self.0.sealed(position, limit).await } else { Ok(found) }
    }
}

#[async_trait]
impl Chain for AfterAnyStart {
    async fn forget(&self, forgetting: &Forgetting) -> Result<bool, StoreError> {
        let after = self.0.marks().await?.start;
        self.0.forget(&Forgetting { after, ..forgetting.clone() }).await
    }
}

#[async_trait]
impl Chain for OneMore {
    async fn forget(&self, forgetting: &Forgetting) -> Result<bool, StoreError> {
        let forgotten = self.0.forget(forgetting).await?;
        if forgotten {
            self.0.tamper(|chain| drop(chain.records.remove(&(forgetting.start.position + 1))));
        }
        Ok(forgotten)
    }
}

#[async_trait]
impl Chain for KeepsRecords {
    async fn forget(&self, forgetting: &Forgetting) -> Result<bool, StoreError> {
        if self.0.marks().await?.start != forgetting.after {
            return Ok(false);
        }
        self.0.tamper(|chain| chain.marks.start = Some(forgetting.start));
        record(&self.0, &forgetting.event).await?;
        Ok(true)
    }
}

#[async_trait]
impl Chain for Silent {
    async fn forget(&self, forgetting: &Forgetting) -> Result<bool, StoreError> {
        let gone = self.0.sealed(0, 1).await?.pop().and_then(|record| record.event);
        let event = gone.unwrap_or_else(|| forgetting.event.clone());
        self.0.forget(&Forgetting { event, ..forgetting.clone() }).await
    }
}

#[async_trait]
impl Chain for RecordsRefusals {
    async fn forget(&self, forgetting: &Forgetting) -> Result<bool, StoreError> {
        let forgotten = self.0.forget(forgetting).await?;
        if !forgotten {
            record(&self.0, &forgetting.event).await?;
        }
        Ok(forgotten)
    }
}

#[async_trait]
impl Chain for ForgetsEnd {
    async fn marks(&self) -> Result<ChainMarks, StoreError> {
        let marks = self.0.marks().await?;
        let empty = self.0.sealed(0, 1).await?.is_empty();
        Ok(ChainMarks { head: marks.head.filter(|_| !empty), ..marks })
    }

    async fn unsealed(&self, limit: u16) -> Result<Unsealed, StoreError> {
        Ok(Unsealed { head: Chain::marks(self).await?.head, ..self.0.unsealed(limit).await? })
    }
}

/// Reads the end and writes after it in two steps: whoever comes in between is lost.
struct ReadsThenSeals(MemoryStore);

impl Kept for ReadsThenSeals {
    fn kept(&self) -> &MemoryStore {
        &self.0
    }
}

#[async_trait]
impl Chain for ReadsThenSeals {
    async fn seal(&self, sealing: &Sealing) -> Result<bool, StoreError> {
        let ends_there = self.0.marks().await?.head == sealing.after;
        let waiting = self.0.unsealed(u16::MAX).await?.records;
        tokio::task::yield_now().await;
        if !ends_there {
            return Ok(false);
        }
        self.0.tamper(|chain| {
            let first = sealing.after.map_or(0, |mark| mark.position) + 1;
            for (position, (id, hash)) in (first..).zip(&sealing.seals) {
                let event = waiting.iter().find(|event| event.id == *id).cloned();
                chain
                    .records
                    .insert(position, SealedRecord { position, id: *id, hash: *hash, key: Some(sealing.key), event });
            }
            chain.marks.head = Some(sealing.head);
        });
        Ok(true)
    }

    async fn forget(&self, forgetting: &Forgetting) -> Result<bool, StoreError> {
        let starts_there = self.0.marks().await?.start == forgetting.after;
        tokio::task::yield_now().await;
        if starts_there {
            let after = self.0.marks().await?.start;
            self.0.forget(&Forgetting { after, ..forgetting.clone() }).await?;
        }
        Ok(starts_there)
    }
}

#[test]
fn what_waits_in_no_order_or_without_end_is_caught() {
    let case = "that happened first";
    caught!(
        breaking!(chain, AsWritten),
        audit_chain::records_wait_for_their_seals_those_first_that_happened_first,
        case
    );
    caught!(
        breaking!(chain, Unlimited),
        audit_chain::records_wait_for_their_seals_those_first_that_happened_first,
        case
    );
    caught!(breaking!(chain, Unlimited), audit_chain::sealed_records_are_read_after_a_place_up_to_the_limit, "up to");
    caught!(breaking!(chain, FromPlace), audit_chain::sealed_records_are_read_after_a_place_up_to_the_limit, "up to");
}

#[test]
fn a_late_record_that_is_passed_over_is_caught() {
    caught!(
        breaking!(chain, OnlyForward),
        audit_chain::a_record_that_ends_late_is_found_all_the_same,
        "a record of before the last seal is passed over"
    );
}

#[test]
fn a_fork_of_the_chain_is_caught() {
    let fork = "something was sealed after";
    caught!(breaking!(chain, AfterAnyEnd), audit_chain::nothing_is_sealed_after_an_end_that_is_not_the_chains, fork);
    caught!(breaking!(chain, ByPlace), audit_chain::nothing_is_sealed_after_an_end_that_is_not_the_chains, fork);
    caught!(
        breaking!(chain, ReadsThenSeals),
        audit_chain_races::of_many_servers_that_seal_at_once_after_one_end_exactly_one_is_true,
        "not exactly one sealed"
    );
    caught!(
        breaking!(chain, ReadsThenSeals),
        audit_chain_races::no_record_is_sealed_twice_or_passed_over_while_many_seal_and_write,
        "sealed twice"
    );
}

#[test]
fn half_a_batch_of_seals_is_caught() {
    caught!(
        breaking!(chain, WhatItKnows),
        audit_chain::nothing_is_sealed_when_a_record_is_gone_or_sealed_already,
        "a record was sealed that is gone or sealed already"
    );
    for store in [breaking!(chain, Idle) as fn(MemoryStore) -> muster_testkit::Stores, breaking!(chain, LosesOne)] {
        caught!(store, audit_chain::sealed_records_take_the_places_after_the_end_which_moves, "left");
    }
}

#[test]
fn a_start_that_is_not_looked_at_is_caught() {
    let complaint = "records went after";
    caught!(
        breaking!(chain, AfterAnyStart),
        audit_chain::nothing_is_forgotten_when_the_chain_does_not_start_there_any_more,
        complaint
    );
    caught!(
        breaking!(chain, ByPlace),
        audit_chain::nothing_is_forgotten_when_the_chain_does_not_start_there_any_more,
        complaint
    );
    caught!(
        breaking!(chain, ReadsThenSeals),
        audit_chain_races::of_many_servers_that_forget_at_once_exactly_one_does,
        "not exactly one forgot"
    );
}

#[test]
fn a_removal_of_more_or_less_than_was_told_is_caught() {
    let complaint = "not exactly the oldest went";
    caught!(breaking!(chain, OneMore), audit_chain::the_oldest_records_go_up_to_the_new_start, complaint);
    caught!(breaking!(chain, KeepsRecords), audit_chain::the_oldest_records_go_up_to_the_new_start, complaint);
    caught!(
        breaking!(chain, KeepsRecords),
        audit_chain_races::records_are_forgotten_while_others_are_sealed,
        "the places have gaps"
    );
}

#[test]
fn a_chain_that_begins_again_is_caught() {
    caught!(breaking!(chain, ForgetsEnd), audit_chain::the_chain_goes_on_when_all_of_it_was_forgotten, "left");
}

#[test]
fn a_removal_without_its_record_is_caught() {
    caught!(
        breaking!(chain, Silent),
        audit_chain::the_oldest_records_go_up_to_the_new_start,
        "what went is still read, or more than that went"
    );
    caught!(
        breaking!(chain, RecordsRefusals),
        audit_chain::nothing_is_forgotten_when_the_chain_does_not_start_there_any_more,
        "something was written"
    );
    caught!(
        breaking!(chain, RecordsRefusals),
        audit_chain_races::of_many_servers_that_forget_at_once_exactly_one_does,
        "a record was written of what did not happen"
    );
}
