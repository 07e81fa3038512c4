//! Firebase Cloud Messaging by its HTTP v1 API.

mod access_token;
mod answer;
mod settings;

use std::sync::Arc;

use muster_domain::device::PushToken;
use muster_domain::verification::{Message, NotifyError, Receipt};
use muster_domain::{Clock, with_causes};
use muster_notify::transport::{Answer, TransportError, exchange};
use muster_notify::{AttemptError, Finding, Gate, Policy, ProviderState};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, ClientBuilder};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::base_url::BaseUrl;
use crate::doctor::{self, CHECK_WITHIN};
use crate::words::{Parcel, Words};
use access_token::{AccessToken, AccessTokens};
use answer::{code, judge};
pub use settings::{FcmSettings, InvalidServiceAccount, ServiceAccount};

static FCM: BaseUrl = BaseUrl::of_service("https://fcm.googleapis.com");
/// No registration token, by which a check reaches nobody.
const NOBODY: &str = "muster-doctor-reaches-nobody";

pub(crate) struct Fcm {
    gate: Gate,
    client: Client,
    tokens: AccessTokens,
    messages: String,
    settings: FcmSettings,
    clock: Arc<dyn Clock>,
}

impl Fcm {
    pub(crate) fn new(
        settings: FcmSettings,
        policy: Policy,
        client: ClientBuilder,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TransportError> {
        let client = client.build()?;
        let account = settings.account.clone();
        let token_url = settings.token_url.as_ref().map_or(account.0.token_uri.as_str(), BaseUrl::as_str).to_owned();
        let base = settings.base_url.as_ref().unwrap_or(&FCM);
        let messages = format!("{}/v1/projects/{}/messages:send", base.as_str(), account.project_id());
        Ok(Self {
            gate: Gate::new("fcm", policy),
            tokens: AccessTokens::new(account, token_url, client.clone(), policy.deadline),
            client,
            messages,
            settings,
            clock,
        })
    }

    pub(crate) fn state(&self) -> ProviderState {
        self.gate.state()
    }

    pub(crate) async fn send(&self, to: &PushToken, message: &Message) -> Result<Receipt, NotifyError> {
        let parcel = Parcel::of(message);
        self.gate.send(|| self.attempt(to, &parcel)).await
    }

    async fn attempt(&self, to: &PushToken, parcel: &Parcel) -> Result<Receipt, AttemptError> {
        let now = self.clock.now();
        judge(&self.hand_over(&body(to.expose(), parcel, now), now).await?)
    }

    /// Asks FCM to send, and again with another access token when it takes that one no longer: then it has surely not
    /// sent.
    async fn hand_over(&self, body: &Value, now: OffsetDateTime) -> Result<Answer, AttemptError> {
        let token = self.tokens.get(now).await?;
        let answer = self.post(body, &token).await?;
        // That credentials for APNs or Web Push are missing at FCM is a 401 too.
        if answer.status != 401 || code(&answer).as_deref() == Some("THIRD_PARTY_AUTH_ERROR") {
            return Ok(answer);
        }
        self.tokens.forget(&token);
        let token = self.tokens.get(now).await?;
        self.post(body, &token).await
    }

    async fn post(&self, body: &Value, token: &AccessToken) -> Result<Answer, AttemptError> {
        let request = self.client.post(&self.messages).bearer_auth(token.expose());
        exchange(request.header(CONTENT_TYPE, "application/json").body(body.to_string())).await
    }

    /// Fetches an access token and asks FCM whether it would send to nobody: that it minds the token alone says that all
    /// else is good.
    pub(crate) async fn check(&self, now: OffsetDateTime) -> Vec<Finding> {
        let message = json!({ "validate_only": true, "message": { "token": NOBODY, "data": {} } });
        let account = self.settings.account.client_email();
        let answer = match tokio::time::timeout(CHECK_WITHIN, self.hand_over(&message, now)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                return vec![Finding::bad(
                    "fcm credentials",
                    format!("FCM could not be asked for {account}: {}", with_causes(&error)),
                )];
            }
            Err(_) => return vec![Finding::bad("fcm credentials", "FCM did not answer in time")],
        };
        let project = self.settings.account.project_id();
        let code = code(&answer);
        let credentials = match (answer.status, code.as_deref()) {
            (200, _) | (400, Some("INVALID_ARGUMENT")) | (404, Some("UNREGISTERED")) => {
                Finding::good("fcm credentials", format!("{account} may send to the apps of {project}"))
            }
            (401 | 403, _) => Finding::bad(
                "fcm credentials",
                format!(
                    "{account} may not send to the apps of {project}: switch the Firebase Cloud Messaging API on and give \
                     the account the role roles/firebasecloudmessaging.admin"
                ),
            ),
            (404, _) => {
                Finding::bad("fcm credentials", format!("there is no project {project}, or no FCM at this address"))
            }
            (status, _) => Finding::bad("fcm credentials", format!("FCM answered {status} to a message for nobody")),
        };
        std::iter::once(credentials).chain(doctor::clock("fcm clock", &answer, now)).collect()
    }
}

fn body(token: &str, parcel: &Parcel, now: OffsetDateTime) -> Value {
    let Words { title, body, data } = &parcel.words;
    let mut android = json!({
        "priority": if parcel.is_urgent { "HIGH" } else { "NORMAL" },
        "ttl": format!("{}s", parcel.seconds_left(now)),
        "notification": { "tag": parcel.topic },
    });
    // FCM keeps no more than four keys for a device, so what is to be kept beside others has none.
    if parcel.is_urgent {
        android["collapse_key"] = json!(parcel.topic);
    }
    json!({
        "message": {
            "token": token,
            "notification": { "title": title, "body": body },
            "data": data,
            "android": android,
        },
    })
}
