//! The company directory's clients at the program's door, as Okta and Entra ID behave, over both engines.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should fail where it stands")]

mod brake;
mod break_glass;
mod canaille;
#[path = "../common/mod.rs"]
mod common;
mod conformance;
mod installation;
mod notices;
mod okta;
mod pressure;
