//! The contract suite catches the adapters that it is there to catch: each store here breaks one promise, and the case
//! that is named for the promise fails.

mod atomicity;
mod brakes;
mod break_glass;
mod breakable;
mod channels;
mod counting;
mod delivered;
mod identities;
mod keys;
mod leavers;
mod limits;
mod notices;
mod races;
mod records;
mod rotating;
mod sealing;
mod sessions;
mod stale_reads;
mod sweeping;
mod teams;

use std::panic::{AssertUnwindSafe, catch_unwind};

use muster_testkit::contract::{World, run};
use muster_testkit::{MemoryStore, Stores};

use breakable::{
    BreakGlass, Broken, Chain, Choices, Counting, Delivered, Devices, Directory, Health, Identities, Kept, Keys,
    Notices, Profiles, Rotating, Sessions, Sweeping, Teams, Trail, Users, Verification,
};

/// Breaks nothing: with all of its methods the way they are, what holds the broken ones passes the whole suite.
struct Whole(MemoryStore);

impl Kept for Whole {
    fn kept(&self) -> &MemoryStore {
        &self.0
    }
}

impl Profiles for Whole {}
impl Users for Whole {}
impl Identities for Whole {}
impl Teams for Whole {}
impl Choices for Whole {}
impl Verification for Whole {}
impl Devices for Whole {}
impl Sessions for Whole {}
impl Directory for Whole {}
impl Delivered for Whole {}
impl Notices for Whole {}
impl BreakGlass for Whole {}
impl Keys for Whole {}
impl Trail for Whole {}
impl Chain for Whole {}
impl Sweeping for Whole {}
impl Rotating for Whole {}
impl Counting for Whole {}
impl Health for Whole {}

async fn whole() -> Stores {
    Stores::new(Broken(Whole(MemoryStore::new())))
}

muster_testkit::contract_tests!(whole);

/// Runs one case on a store and fails unless the case does, in words that hold `complaint`.
#[track_caller]
fn assert_caught<C: Future<Output = ()>>(
    stores: impl FnOnce(MemoryStore) -> Stores,
    name: &str,
    case: impl FnOnce(World) -> C,
    complaint: &str,
) {
    let stores = stores(MemoryStore::new());
    let outcome = catch_unwind(AssertUnwindSafe(|| run(async { stores }, case)));
    let said = outcome.err().map(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default().to_owned()
    });
    assert!(said.is_some(), "{name} noticed nothing");
    let said = said.unwrap_or_default();
    assert!(said.contains(complaint), "{name} failed with other words than {complaint:?}: {said}");
}

/// `caught!(store, area::case, "words of its complaint")`
macro_rules! caught {
    ($store:expr, $area:ident::$case:ident, $complaint:expr) => {
        $crate::assert_caught($store, stringify!($case), muster_testkit::contract::$area::$case, $complaint)
    };
}
use caught;

/// Breaks one port of a store with what `fault` makes of it.
macro_rules! breaking {
    ($port:ident, $fault:expr) => {
        |memory: muster_testkit::MemoryStore| muster_testkit::Stores {
            $port: std::sync::Arc::new($crate::breakable::Broken($fault(memory.clone()))),
            ..muster_testkit::Stores::new(memory)
        }
    };
}
use breaking;
