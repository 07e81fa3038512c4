use serde::Serialize;
use utoipa::ToSchema;

use super::{Text50, Text100};

/// A device that takes push messages.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum DeviceRegistration {
    App(AppRegistration),
    Browser(BrowserRegistration),
}

/// A phone, with the token that Apple's or Google's push service gave the app.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AppRegistration {
    #[schema(inline)]
    platform: AppPlatform,
    /// The push service's token. It never comes back.
    #[schema(
        min_length = 1,
        max_length = 4096,
        pattern = "^[!-~]+$",
        examples("740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387462c7eaf61bb78ad")
    )]
    token: String,
    /// What its owner calls it.
    name: Option<Text100>,
    /// The app's version on it.
    app_version: Option<Text50>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum AppPlatform {
    Ios,
    Android,
}

/// A browser, with its subscription to Web Push.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BrowserRegistration {
    #[schema(inline)]
    platform: BrowserPlatform,
    /// The browser's subscription. It never comes back.
    token: PushSubscription,
    /// What its owner calls it.
    name: Option<Text100>,
    /// The app's version on it.
    app_version: Option<Text50>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum BrowserPlatform {
    Web,
}

/// What `PushSubscription.toJSON()` gives in a browser, 4096 bytes at the most; also taken as a string that holds this
/// JSON.
#[derive(Serialize, ToSchema)]
struct PushSubscription {
    /// The push service's address for this browser: https, a public host by name, the usual port.
    #[schema(
        max_length = 3000,
        pattern = r"^https://([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,}/[A-Za-z0-9/._~-]*$",
        examples("https://updates.push.services.mozilla.com/wpush/v2/gAAAAABl")
    )]
    endpoint: String,
    keys: SubscriptionKeys,
}

/// What messages to this browser are encrypted with, in base64url.
#[derive(Serialize, ToSchema)]
struct SubscriptionKeys {
    /// The browser's public key: an uncompressed point on P-256, 65 bytes.
    #[schema(
        min_length = 87,
        max_length = 88,
        pattern = "^B[A-P][A-Za-z0-9_-]{84}[AEIMQUYcgkosw048]=?$",
        examples("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")
    )]
    p256dh: String,
    /// The shared secret, 16 bytes.
    #[schema(
        min_length = 22,
        max_length = 24,
        pattern = "^[A-Za-z0-9_-]{21}[AQgw](==)?$",
        examples("BTBZMqHH6r4Tts7J_aSIgg")
    )]
    auth: String,
}
