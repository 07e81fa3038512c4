//! Push messages that carry a code, by the service of each platform: Web Push for browsers, FCM for Android, APNs for
//! iOS. Each is on when it has settings, and behind a [`muster_notify::Gate`] of its own; Web Push has one for every
//! push service that it knows.
//!
//! An app is given the same on every platform: a title (`Muster code 042917`), a sentence, the `code` alone to fill in,
//! and when it expires (`expiresAt`, RFC 3339). A browser's service worker finds them as JSON with `title`, `body`,
//! `code` and `expiresAt`; an Android app as a notification and as its data; an iOS app as an alert and beside `aps`. A
//! newer code replaces an older one that was not delivered or not read.

mod apns;
mod base_url;
mod code;
mod doctor;
mod fcm;
mod key;
mod senders;
mod web_push;
mod words;

pub use apns::{ApnsKey, ApnsSettings, ApnsTopic, AppleId, InvalidApnsTopic, InvalidAppleId};
pub use base_url::{BaseUrl, InvalidBaseUrl};
pub use fcm::{FcmSettings, InvalidServiceAccount, ServiceAccount};
pub use key::InvalidKey;
pub use senders::{PushSenders, PushSettings};
pub use web_push::{InvalidVapidKey, InvalidVapidSubject, VapidKey, VapidSubject, WebPushSettings};
