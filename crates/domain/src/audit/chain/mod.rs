//! The chain that makes the audit trail tamper-evident: each record is sealed over its content, its place and the seal
//! before it, by a key that the store does not have. Who can write to the store can then change, move or remove
//! nothing unseen, but for its end, together with an older copy of the mark that stood there; whoever has the key too can
//! make the whole chain anew. Either is shown by a head that was noted elsewhere ([`NotedHead`]).
//!
//! Records are written without a seal, so that parallel writers do not wait for one another, and sealed in batches a
//! moment later ([`AuditChainService::seal_next`]). Until then a record can be changed unseen.

mod adopt;
mod content;
mod forget;
mod port;
mod renew_ends;
mod seal_next;
mod verify;

pub use forget::Forgotten;
pub use port::{AuditChain, AuditSealer, ChainMark, ChainMarks, Forgetting, SealHash, SealedRecord, Sealing, Unsealed};
pub use seal_next::Sealed;
pub use verify::{ChainFault, ChainReport, NotedHead, Waiting};

#[cfg(feature = "mock")]
pub use port::{MockAuditChain, MockAuditSealer};

use std::sync::Arc;

use crate::{Clock, Entropy, StoreError};

/// Sealing audit records, verifying the seals, and removing what is too old to be kept.
pub struct AuditChainService {
    /// The records and their seals.
    pub chain: Arc<dyn AuditChain>,
    /// The key that records are sealed with.
    pub sealer: Arc<dyn AuditSealer>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub entropy: Arc<dyn Entropy>,
}

/// Why nothing was sealed or removed.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// An end of the chain was set with none of the server's keys. To go on from there would make it look as if it had been, whoever
    /// set it.
    #[error(
        "the chain of audit records was left there with a pepper that this server does not have: give the previous one \
         (MUSTER_PEPPER_PREVIOUS) until the servers have moved the chain to the new one, or check it and move it with \
         muster audit verify --old-pepper-file FILE --adopt"
    )]
    ForeignMark,
    /// The store failed, or holds a record that cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AuditChainService {
    /// Refuses an end of the chain that was set with none of the server's keys.
    fn recognize(&self, end: content::End, mark: Option<ChainMark>) -> Result<(), ChainError> {
        if mark.is_none_or(|mark| content::marked_with(&*self.sealer, end, &mark).is_some()) {
            Ok(())
        } else {
            Err(ChainError::ForeignMark)
        }
    }
}
