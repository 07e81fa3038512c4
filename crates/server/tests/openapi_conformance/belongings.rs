use reqwest::Method;
use serde_json::{Value, json};

use crate::common::client::{Client, body};

/// What a person has that is nobody else's.
pub(crate) struct Belongings {
    pub(crate) user: String,
    pub(crate) device: String,
    pub(crate) session: String,
    pub(crate) refresh_token: String,
}

impl Belongings {
    /// Gives somebody a device and a phone session.
    pub(crate) async fn of(person: &Client) -> Self {
        let user = person.id().await;
        let new = json!({ "platform": "android", "token": format!("token-of-{user}"), "name": "Pixel" });
        let device = body(person.post("/api/notifications/devices", new).await).await;
        let session = body(person.post("/api/mobile/token", json!({ "deviceName": "Pixel" })).await).await;
        let text = |value: &Value, field: &str| value[field].as_str().unwrap().to_owned();
        Self {
            user,
            device: text(&device, "id"),
            session: text(&session, "id"),
            refresh_token: text(&session, "refreshToken"),
        }
    }

    /// All that the person sees of their own.
    pub(crate) async fn seen_by(person: &Client) -> Vec<Value> {
        let mut seen = Vec::new();
        for path in [
            "/api/users/me",
            "/api/notifications/devices",
            "/api/mobile/tokens",
            "/api/notifications/preferences",
            "/api/notifications/verification/status",
        ] {
            seen.push(person.get(path).await);
        }
        seen
    }
}

/// The ids in a list.
pub(crate) async fn ids(client: &Client, path: &str) -> Vec<String> {
    let list = client.get(path).await;
    let items = list.get("items").or_else(|| list.get("Resources")).unwrap_or(&list);
    items.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Makes a key of some other service and returns its id.
pub(crate) async fn key(admin: &Client) -> String {
    let new = json!({ "name": "other", "scopes": ["users:read"] });
    let made = body(admin.send(Method::POST, "/api/keys", Some(new)).await).await;
    made["id"].as_str().unwrap().to_owned()
}
