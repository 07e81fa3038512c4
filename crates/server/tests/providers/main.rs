//! The program in production mode, from an empty folder to people who are proven, against emulators of the providers and
//! against providers that fail.
//!
//! Every server here logs all there is to log, and every test ends by looking for secrets in it.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should fail where it stands")]

mod channels;
#[path = "../common/mod.rs"]
mod common;
mod dead_devices;
mod development;
mod doctor;
mod doctor_sends;
mod emulators;
mod flood;
mod installation;
mod limits;
mod outages;
mod whole_way;
