//! What every adapter of the store ports promises: one case for each sentence of the ports' documentation, in its
//! words. Everything is set up and looked at through the ports.
//!
//! [`contract_tests!`](crate::contract_tests) turns each case into a test. Each gets a fresh, empty store and a
//! multi-thread tokio runtime of its own.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a case is the body of a test: it fails by panicking"
)]
#![expect(missing_docs, reason = "a case's name is the sentence that it tests")]

mod directory_world;
mod list;
mod list_areas;
mod list_operations;
mod list_verification;
mod race;
mod world;

pub mod api_keys;
pub mod audit;
pub mod audit_chain;
pub mod audit_chain_races;
pub mod brakes;
pub mod break_glass;
pub mod census;
pub mod devices;
pub mod directory;
pub mod directory_conditions;
pub mod directory_group_reads;
pub mod directory_groups;
pub mod directory_order;
pub mod directory_positions;
pub mod directory_reader;
pub mod directory_removal;
pub mod housekeeping;
pub mod housekeeping_devices;
pub mod housekeeping_races;
pub mod identities;
pub mod identities_merged;
pub mod identities_races;
pub mod key_rotation;
pub mod notices;
pub mod preferences;
pub mod profiles;
pub mod session_endings;
pub mod session_limits;
pub mod sessions;
pub mod sessions_rotation;
pub mod sign_in_attempts;
pub mod sign_in_refusals;
pub mod teams;
pub mod user_lists;
pub mod users;
pub mod verification;
pub mod verification_proofs;
pub mod verification_quotas;
pub mod verification_refusals;

use crate::Stores;

pub use world::World;

/// Runs one case on the store that `make` gives.
///
/// # Panics
/// When the adapter breaks its contract.
pub fn run<C: Future<Output = ()>>(make: impl Future<Output = Stores>, case: impl FnOnce(World) -> C) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async { case(World::new(make.await)).await });
}
