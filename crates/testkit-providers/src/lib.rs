//! Providers for tests: independent emulators of theirs, and servers that fail on purpose.
//!
//! The emulators are other people's programs, installed by `scripts/install-emulators` and started by [`Emulator`]. They
//! end with the process that started them, however that ends.

#![warn(missing_docs)]
#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "what only tests call fails by panicking")]

mod apns;
mod canaille_directory;
mod emulator;
mod faults;
mod fcm;
mod identity_provider;
mod jwt;
mod moto;
mod oidc;
mod prism;
mod recorder;
mod scim_tester;
mod tls;
mod web_push;

pub use apns::ApnsServer;
pub use canaille_directory::{CanailleDirectory, CanaillePerson, canaille_delivers};
pub use emulator::{Emulator, free_port, installed};
pub use faults::{Fault, FaultServer};
pub use fcm::{FcmServer, GoogleKey};
pub use identity_provider::{IdentityProvider, Product, SignedIn};
pub use jwt::{Algorithm, Claims, token_header, verified_claims};
pub use moto::{KeptMessage, Moto};
pub use oidc::{OidcProvider, ProviderToken};
pub use prism::prism;
pub use recorder::{Exchange, Recorded, Recorder};
pub use scim_tester::{ScimCheck, scim_checks};
pub use tls::{Received, TlsServer, Told, Trouble};
pub use web_push::{Subscribed, WebPushService};
