//! The three services: Web Push against an independent push service and browser, FCM and APNs against servers of ours
//! over HTTP/2 and TLS that check signatures, and all of them against servers that fail.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should fail where it stands")]

mod apns;
mod check;
mod common;
mod faults;
mod fcm;
mod fcm_tokens;
mod http2_faults;
mod settings;
mod web_push;
mod web_push_services;
