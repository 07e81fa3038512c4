//! The domain's rules, tested through its services on the testkit's fakes, with a clock that is set and randomness
//! that repeats. One file a concept.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, and so do its helpers")]

mod access;
mod amendments;
mod api_keys;
mod audit_chain;
mod audit_trail;
mod brakes;
mod break_glass;
mod challenge_model;
mod channels;
mod codes;
mod contacts;
mod dead_devices;
mod devices;
mod directory;
mod directory_records;
mod errors;
mod groups;
mod house;
mod housekeeping;
mod ids;
mod key_rotation;
mod masking;
mod notices;
mod preferences;
mod preferences_document;
mod push_tokens;
mod recognition;
mod refresh_family_model;
mod refresh_tokens;
mod refusals;
mod roles;
mod send_code;
mod send_quotas;
mod send_waits;
mod sessions;
mod sign_in;
mod signed_out_phones;
mod teams;
mod text;
mod token_refusals;
mod verify_code;
