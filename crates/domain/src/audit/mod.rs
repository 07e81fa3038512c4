//! What happened, who did it and from where: one record for every change of state, written in the same transaction.

mod address;
mod area;
pub mod chain;
mod event;
mod port;

pub use address::is_public;
pub use area::AuditArea;
pub use chain::AuditChainService;
pub use event::{Actor, AuditChange, AuditEvent, DirectoryFeed, Origin, ProofLoss, RevokeReason};
pub use port::{AuditKey, AuditQuery, AuditReader};

#[cfg(feature = "mock")]
pub use port::MockAuditReader;
