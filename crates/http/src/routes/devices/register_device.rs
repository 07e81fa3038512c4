use actix_web::{HttpResponse, web};
use muster_domain::device::{AppVersion, DeviceName, NewDevice, Platform};
use serde::Deserialize;
use serde_json::Value;

use crate::api::Api;
use crate::authentication::Own;
use crate::input::Body;
use crate::openapi::schemas;
use crate::problem::Problem;
use crate::views::DeviceView;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RegisterRequest {
    platform: Platform,
    token: Token,
    name: Option<DeviceName>,
    app_version: Option<AppVersion>,
}

/// A push token as text, or a browser's `PushSubscription` as the JSON object that it turns into.
#[derive(Deserialize)]
#[serde(try_from = "Value")]
enum Token {
    Text(String),
    Subscription(String),
}

impl TryFrom<Value> for Token {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        match value {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Object(subscription) => Ok(Self::Subscription(Value::Object(subscription).to_string())),
            _ => Err("must be a push token, or a PushSubscription for the platform web"),
        }
    }
}

impl Token {
    /// The token for a platform; only browsers have subscriptions.
    fn of(self, platform: Platform) -> Result<String, Problem> {
        match self {
            Self::Text(token) => Ok(token),
            Self::Subscription(token) if platform == Platform::Web => Ok(token),
            Self::Subscription(_) => Err(Problem::field("token", "must be the push service's token, as text")),
        }
    }
}

/// `POST /api/notifications/devices`: registers a device (201), or updates the caller's with the same token (200).
#[utoipa::path(
    post, path = "/api/notifications/devices", tag = "devices", operation_id = "registerDevice",
    summary = "Register a device",
    description = "Or update the caller's with the same token. A token that another person holds moves to the caller, \
        and that person's sessions on the device end. When the credential is a session's access token, the device belongs \
        to that session: it is removed when the session is ended.",
    request_body = schemas::DeviceRegistration,
    responses(
        (status = 200, description = "The caller's device with this token is updated", body = DeviceView),
        (status = 201, description = "The device is registered", body = DeviceView)
    ),
    security(("person" = [])),
    extensions(("x-problems" = json!(["device-limit"])))
)]
pub(super) async fn register_device(api: web::Data<Api>, own: Own, body: Body) -> Result<HttpResponse, Problem> {
    let RegisterRequest { platform, token, name, app_version } = body.json()?;
    let new = NewDevice { platform, token: token.of(platform)?, name, app_version };
    let registered = api.devices.register(own.id, own.session_id, new, &own.origin).await?;
    let mut response = if registered.created { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(response.json(DeviceView::from(registered.device)))
}
