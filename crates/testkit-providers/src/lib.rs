//! Providers for tests: independent emulators of theirs, and servers that fail on purpose.
//!
//! The emulators are other people's programs, installed by `scripts/install-emulators` and started by [`Emulator`]. They
//! end with the process that started them, however that ends.

#![warn(missing_docs)]
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "what only tests call fails by panicking"
)]

mod emulator;
mod faults;
mod moto;
mod prism;
mod recorder;

pub use emulator::{Emulator, free_port, installed};
pub use faults::{Fault, FaultServer};
pub use moto::{KeptMessage, Moto};
pub use prism::prism;
pub use recorder::{Exchange, Recorded, Recorder};
