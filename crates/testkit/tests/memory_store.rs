//! The fake in memory passes the suite that databases must pass.

use muster_testkit::{MemoryStore, Stores};

async fn memory() -> Stores {
    Stores::new(MemoryStore::new())
}

muster_testkit::contract_tests!(memory);
