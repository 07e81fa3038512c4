use std::iter::once;
use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::content::{End, content, marked_with};
use super::{AuditChainService, AuditSealer, ChainMarks, SealHash, SealedRecord};
use crate::audit::AuditEvent;
use crate::{AuditId, KeyId, KeyStanding, StoreError};

/// An end of the chain that somebody noted where the store's owner cannot change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotedHead {
    /// The record's place.
    pub position: u64,
    /// Its seal.
    pub hash: SealHash,
}

/// What is wrong with the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what each message says")]
pub enum ChainFault {
    /// Its content or its seal.
    #[error("record {position} ({id}) was changed, or the record before it was put there later")]
    Changed { position: u64, id: AuditId },
    /// It cannot be checked, or somebody changed it and named a key that does not exist.
    #[error("record {position} ({id}) names the pepper {key} as the one that sealed it, which was not given")]
    UnknownKey { position: u64, id: AuditId, key: KeyId },
    /// Nobody but somebody who writes to the store by hand makes such a row.
    #[error("record {position} ({id}) cannot be read")]
    Unreadable { position: u64, id: AuditId },
    /// It is whole, and its place is another's.
    #[error("record {position} ({id}) belongs at {belongs}")]
    Moved { position: u64, id: AuditId, belongs: u64 },
    /// Whether the record after them was changed too cannot be told.
    #[error("records {first} to {last} are missing")]
    Missing { first: u64, last: u64 },
    /// The end is not one that Muster set, or is not the last record's.
    #[error("the head of the chain was changed")]
    Head,
    /// The start is not one that Muster set: records before it may have been removed by somebody else.
    #[error("the start of the chain was changed")]
    Start,
    /// The chain was cut off, or another one put in its place.
    #[error("the chain has no record {position} with the seal that was noted")]
    NotNoted { position: u64 },
}

/// Records that have waited for their seals for longer than [`AuditChainService::LONGEST_WAIT`]. No fault: nothing that
/// was sealed is in doubt. Servers seal a backlog in the order of its times once they run; until then a record in
/// it can be changed unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The oldest of them.
    pub oldest: AuditId,
    /// When that one was written.
    pub since: OffsetDateTime,
    /// How many records wait, those that were written lately included: up to [`AuditChainService::BATCH`] are counted.
    pub records: u64,
    /// How many records were sealed while the chain was verified: more than none means that a server seals.
    pub sealed_meanwhile: u64,
}

/// What came of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReport {
    /// The place of the first record that is still there.
    pub first: u64,
    /// The end of the chain, to be noted elsewhere; `None` when nothing was ever sealed.
    pub head: Option<NotedHead>,
    /// How many records were looked at.
    pub checked: u64,
    /// What is wrong, up to [`AuditChainService::MOST_FAULTS`] of it.
    pub faults: Vec<ChainFault>,
    /// How many faults there are beyond those.
    pub further_faults: u64,
    /// The backlog of records without a seal; `None` when none has waited for long.
    pub waiting: Option<Waiting>,
}

/// A record that does not fit its seal and its place.
struct Misfit {
    position: u64,
    id: AuditId,
    hash: SealHash,
    /// The key that it names, when that was not given.
    unknown_key: Option<KeyId>,
    event: AuditEvent,
    previous: SealHash,
}

impl Misfit {
    fn fault(&self) -> ChainFault {
        let Self { position, id, unknown_key, .. } = *self;
        match unknown_key {
            Some(key) => ChainFault::UnknownKey { position, id, key },
            None => ChainFault::Changed { position, id },
        }
    }
}

impl AuditChainService {
    /// How many faults a report names.
    pub const MOST_FAULTS: usize = 100;
    /// How long a record may wait for its seal before a report tells of it.
    pub const LONGEST_WAIT: Duration = Duration::HOUR;
    /// Up to how many records that do not fit are tried at one another's places.
    const MOST_MISFITS: usize = 50;

    /// Reads the chain from its start to its end and says what is wrong with it. `older` are the keys that records were
    /// sealed with before the present one; `progress` is told how many records were looked at, of how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn verify(
        &self,
        older: &[Arc<dyn AuditSealer>],
        noted: Option<NotedHead>,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<ChainReport, StoreError> {
        loop {
            let marks = self.chain.marks().await?;
            let report = self.walk(&marks, older, noted, progress).await?;
            // What retention removed meanwhile is not missing.
            if report.faults.is_empty() || self.chain.marks().await?.start == marks.start {
                return Ok(report);
            }
        }
    }

    async fn walk(
        &self,
        marks: &ChainMarks,
        older: &[Arc<dyn AuditSealer>],
        noted: Option<NotedHead>,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<ChainReport, StoreError> {
        let keys: Vec<&dyn AuditSealer> = once(&*self.sealer).chain(older.iter().map(|key| &**key)).collect();
        let start = marks.start.map_or(0, |mark| mark.position);
        let end = marks.head.map_or(0, |mark| mark.position);
        let head = marks.head.map(|mark| NotedHead { position: mark.position, hash: mark.hash });
        let mut walk = Walk {
            report: ChainReport {
                first: start + 1,
                head,
                checked: 0,
                faults: Vec::new(),
                further_faults: 0,
                waiting: None,
            },
            keys,
            noted,
            last: 0,
            previous: Some(SealHash::NONE),
            misfits: Vec::new(),
        };
        walk.marks(marks);
        loop {
            let page = self.chain.sealed(walk.last, Self::BATCH).await?;
            let more = page.len() == usize::from(Self::BATCH);
            for record in page {
                walk.record(record);
            }
            progress(walk.report.checked, end.saturating_sub(start).max(walk.report.checked));
            if !more {
                break;
            }
        }
        // Read after the records: the end has moved past whatever was sealed meanwhile.
        let now = self.chain.marks().await?.head.map_or(0, |mark| mark.position);
        walk.end(end, now);
        walk.report.waiting = self.waiting(now.saturating_sub(end)).await?;
        Ok(walk.report)
    }

    async fn waiting(&self, sealed_meanwhile: u64) -> Result<Option<Waiting>, StoreError> {
        let records = self.chain.unsealed(Self::BATCH).await?.records;
        let oldest = records.first().filter(|oldest| self.clock.now() - oldest.at > Self::LONGEST_WAIT);
        Ok(oldest.map(|oldest| Waiting {
            oldest: oldest.id,
            since: oldest.at,
            records: records.len() as u64,
            sealed_meanwhile,
        }))
    }
}

/// A verification under way.
struct Walk<'a> {
    report: ChainReport,
    keys: Vec<&'a dyn AuditSealer>,
    noted: Option<NotedHead>,
    /// The place that was looked at last.
    last: u64,
    /// The seal there; `None` after a gap.
    previous: Option<SealHash>,
    misfits: Vec<Misfit>,
}

impl Walk<'_> {
    fn fault(&mut self, fault: ChainFault) {
        if self.report.faults.len() < AuditChainService::MOST_FAULTS {
            self.report.faults.push(fault);
        } else {
            self.report.further_faults += 1;
        }
    }

    /// Told once, however many signs of it there are.
    fn head_fault(&mut self) {
        if !self.report.faults.contains(&ChainFault::Head) {
            self.fault(ChainFault::Head);
        }
    }

    fn is_unknown(&self, key: KeyId) -> bool {
        self.keys.iter().all(|sealer| sealer.keys().standing(Some(key)) == KeyStanding::Unknown)
    }

    fn fits(&self, position: u64, previous: &SealHash, event: &AuditEvent, hash: &SealHash) -> bool {
        let content = content(position, previous, event);
        self.keys.iter().any(|key| key.sealed_with(&content, hash).is_some())
    }

    fn marks(&mut self, marks: &ChainMarks) {
        if marks.start.is_some_and(|mark| !self.keys.iter().any(|key| marked_with(*key, End::Start, &mark).is_some())) {
            self.fault(ChainFault::Start);
        }
        if marks.head.is_some_and(|mark| !self.keys.iter().any(|key| marked_with(*key, End::Head, &mark).is_some())) {
            self.head_fault();
        }
        if let Some(start) = marks.start {
            self.pass(start.position, start.hash);
        }
    }

    /// Goes past a record, or past the start.
    fn pass(&mut self, position: u64, hash: SealHash) {
        let here = NotedHead { position, hash };
        if self.noted == Some(here) {
            self.noted = None;
        }
        if self.report.head.is_some_and(|head| head.position == position && head != here) {
            self.head_fault();
        }
        (self.last, self.previous) = (position, Some(hash));
    }

    fn record(&mut self, record: SealedRecord) {
        let SealedRecord { position, id, hash, key, event } = record;
        if position > self.last + 1 {
            self.fault(ChainFault::Missing { first: self.last + 1, last: position - 1 });
            self.previous = None;
        }
        match (event, self.previous) {
            (None, _) => self.fault(ChainFault::Unreadable { position, id }),
            (Some(event), Some(previous)) if !self.fits(position, &previous, &event, &hash) => {
                let unknown_key = key.filter(|key| self.is_unknown(*key));
                let misfit = Misfit { position, id, hash, unknown_key, event, previous };
                if self.misfits.len() < AuditChainService::MOST_MISFITS {
                    self.misfits.push(misfit);
                } else {
                    self.fault(misfit.fault());
                }
            }
            (Some(_), _) => {}
        }
        self.pass(position, hash);
        self.report.checked += 1;
    }

    /// The chain ended at `end` when the verification began, and ends at `now` after it.
    fn end(&mut self, end: u64, now: u64) {
        if self.last < end {
            self.fault(ChainFault::Missing { first: self.last + 1, last: end });
        }
        if self.last > now {
            self.head_fault();
        }
        if let Some(noted) = self.noted {
            self.fault(ChainFault::NotNoted { position: noted.position });
        }
        for misfit in self.misplaced() {
            self.fault(misfit);
        }
        self.report.faults.sort_by_key(place);
    }

    /// Tries each record that does not fit at the others' places, after the others' seals.
    fn misplaced(&self) -> Vec<ChainFault> {
        let places = self.misfits.iter().map(|misfit| misfit.position);
        let seals: Vec<SealHash> = self.misfits.iter().flat_map(|misfit| [misfit.hash, misfit.previous]).collect();
        let belongs = |misfit: &Misfit| {
            places
                .clone()
                .find(|place| seals.iter().any(|previous| self.fits(*place, previous, &misfit.event, &misfit.hash)))
        };
        let fault = |misfit: &Misfit| match belongs(misfit) {
            // Whole and in its own place, after a record that is not in its own.
            Some(place) if place == misfit.position => None,
            Some(belongs) => Some(ChainFault::Moved { position: misfit.position, id: misfit.id, belongs }),
            None => Some(misfit.fault()),
        };
        self.misfits.iter().filter_map(fault).collect()
    }
}

/// Where a fault is, for the order in which faults are told.
fn place(fault: &ChainFault) -> u64 {
    match fault {
        ChainFault::Start => 0,
        ChainFault::Changed { position, .. }
        | ChainFault::UnknownKey { position, .. }
        | ChainFault::Unreadable { position, .. }
        | ChainFault::Moved { position, .. }
        | ChainFault::NotNoted { position }
        | ChainFault::Missing { first: position, .. } => *position,
        ChainFault::Head => u64::MAX,
    }
}
