//! Several servers over one store, as races, killed databases, vanishing clients and full disks treat them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should fail where it stands")]

mod acknowledged;
#[path = "../common/mod.rs"]
mod common;
mod draining;
mod fleet;
mod full_disk;
mod killed;
mod load;
mod phones;
mod poolers;
mod quotas;
mod races;
mod rotation;
mod runbook;
mod schema;
mod sealing;
mod startup;
mod vanishing;
