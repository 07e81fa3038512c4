//! PostgreSQL for tests, from the programs on the machine and without any setting up.
//!
//! - [`database()`] gives a test a database of its own, cloned from one that was migrated once. All tests of a process
//!   share one throw-away server, or the one that the environment variable `TEST_DATABASE_URL` names.
//! - [`Cluster`] is a private server, for a test that stops it, starts it again or reads its log, or wants its messages
//!   in German.
//! - [`Proxy`] is HAProxy in front of two of them, for a test of a failover.
//! - [`PgBouncer`] is a pooler in front of a cluster.
//!
//! A server of ours ends with the process that started it, however that ends, and leaves nothing on the disk. Where
//! PostgreSQL is not installed, everything here panics and says what to do: no test is skipped.

#![warn(missing_docs)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "what only tests call fails by panicking"
)]

mod account;
mod cluster;
mod database;
mod pgbouncer;
mod programs;
mod proxy;
mod server;
mod watchdog;

pub use cluster::Cluster;
pub use database::{Database, database, empty_database};
pub use pgbouncer::{PgBouncer, Release};
pub use proxy::Proxy;
