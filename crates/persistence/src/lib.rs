//! Every store port of `muster-domain` over diesel, on PostgreSQL and on SQLite, from one source.
//!
//! [`Store`] chooses its engine by the URL's scheme. A unit of work is one transaction and runs to its end on the
//! runtime that the store was given, whatever becomes of its caller. What must not race is one conditional write whose
//! row count decides, or happens under a row lock; the locks are always taken in one order:
//!
//! ```text
//! brakes, break-glass accounts ─▶ users ─▶ teams ─▶ places in teams ─▶ devices ─▶ challenges ─▶ send counts ─▶ proofs
//!   ─▶ notices ─▶ sessions ─▶ refresh tokens ─▶ ends of the audit chain ─▶ audit records
//! ```
//!
//! The identities and known names of a person are written while the person's row is locked. Several rows of one table are locked in the order of their keys, but for what housekeeping purges: it waits for none.
//! Audit records are only added, which locks nothing, until they are sealed and later forgotten behind an end of the
//! chain.
//!
//! On SQLite there is one writer at a time (`BEGIN IMMEDIATE`), so that nothing there waits for a row.

mod bulk;
mod db;
mod delivered;
mod error;
mod facts;
#[cfg(feature = "postgres")]
mod json;
mod locks;
mod migrations;
mod one_row;
mod options;
mod pool_status;
mod ports;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
mod rows;
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;
mod types;
mod writable;

#[cfg(not(any(feature = "postgres", feature = "sqlite")))]
compile_error!("muster-persistence needs one of its features `postgres` and `sqlite`");

pub use migrations::PendingMigration;
pub use options::{SqliteDurability, StoreOptions};
pub use pool_status::PoolStatus;
pub use store::Store;
