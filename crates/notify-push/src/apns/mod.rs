//! The Apple Push Notification service, by provider tokens.

mod provider_token;
mod settings;

use std::sync::Arc;

use muster_domain::device::PushToken;
use muster_domain::verification::{Message, NotifyError, Receipt};
use muster_domain::{Clock, Entropy, with_causes};
use muster_notify::transport::{Answer, TransportError, exchange};
use muster_notify::{AttemptError, Finding, Gate, Policy, ProviderState, Refusal};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use reqwest::{Client, ClientBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base_url::BaseUrl;
use crate::code::known_form;
use crate::doctor::{self, CHECK_WITHIN};
use crate::words::{Parcel, Words};
use provider_token::ProviderTokens;
pub use settings::{ApnsKey, ApnsSettings, ApnsTopic, AppleId, InvalidApnsTopic, InvalidAppleId};

const APNS_ID: HeaderName = HeaderName::from_static("apns-id");
const APNS: BaseUrl = BaseUrl::of_service("https://api.push.apple.com");
/// How long a device token may be. Apple's are 64 digits now, and it asks not to rely on that.
const TOKEN_DIGITS: std::ops::RangeInclusive<usize> = 16..=512;

/// `apns-priority`: at once, or when it suits the device's battery.
const AT_ONCE: &str = "10";
const THRIFTY: &str = "5";

pub(crate) struct Apns {
    gate: Gate,
    client: Client,
    tokens: ProviderTokens,
    base: BaseUrl,
    settings: ApnsSettings,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// What APNs is asked to show, and how.
struct Alert {
    body: Value,
    collapse_id: String,
    /// In seconds since 1970; 0 for now or never.
    expiration: i64,
    priority: &'static str,
}

/// What a device registered with is no token of APNs's.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the stored device token is not in hexadecimal")]
struct NotHexadecimal;

#[derive(Deserialize)]
struct Refused {
    reason: String,
    /// With 410: when APNs found that the token is not valid any more, in milliseconds since 1970.
    timestamp: Option<Value>,
}

impl Apns {
    pub(crate) fn new(
        settings: ApnsSettings,
        policy: Policy,
        client: ClientBuilder,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, TransportError> {
        let ApnsSettings { key, key_id, team_id, base_url, .. } = settings.clone();
        Ok(Self {
            gate: Gate::new("apns", policy),
            client: client.build()?,
            tokens: ProviderTokens::new(key, key_id, team_id),
            base: base_url.unwrap_or(APNS),
            settings,
            clock,
            entropy,
        })
    }

    pub(crate) fn state(&self) -> ProviderState {
        self.gate.state()
    }

    pub(crate) async fn send(&self, to: &PushToken, message: &Message) -> Result<Receipt, NotifyError> {
        let token = to.expose();
        // It becomes a part of a path.
        if !TOKEN_DIGITS.contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotifyError::Rejected(NotHexadecimal.into()));
        }
        // One for all attempts, which are one message.
        let (id, alert) = (self.message_id(), Alert::of(&Parcel::of(message)));
        self.gate.send(|| self.attempt(token, &alert, &id)).await
    }

    async fn attempt(&self, token: &str, alert: &Alert, id: &str) -> Result<Receipt, AttemptError> {
        judge(&self.post(token, alert, id, self.clock.now()).await?)
    }

    async fn post(&self, token: &str, alert: &Alert, id: &str, now: OffsetDateTime) -> Result<Answer, AttemptError> {
        let authorization = self.tokens.authorization(now).map_err(|error| AttemptError::Failed(error.into()))?;
        let request = self
            .client
            .post(format!("{}/3/device/{token}", self.base.as_str()))
            .header(AUTHORIZATION, authorization)
            .header("apns-topic", self.settings.topic.as_str())
            .header("apns-push-type", "alert")
            .header("apns-priority", alert.priority)
            .header("apns-expiration", alert.expiration)
            .header("apns-collapse-id", &alert.collapse_id)
            .header(APNS_ID, id)
            .header(CONTENT_TYPE, "application/json")
            .body(alert.body.to_string());
        exchange(request).await
    }

    fn message_id(&self) -> String {
        let mut random = [0; 16];
        self.entropy.fill(&mut random);
        uuid::Builder::from_random_bytes(random).into_uuid().to_string()
    }

    /// Posts an alert to a device that cannot exist: that APNs minds the device alone says that all else is good.
    pub(crate) async fn check(&self, now: OffsetDateTime) -> Vec<Finding> {
        let nobody = "0".repeat(64);
        let alert = Alert {
            body: json!({ "aps": {} }),
            collapse_id: "muster-doctor".to_owned(),
            expiration: 0,
            priority: AT_ONCE,
        };
        let id = self.message_id();
        let asking = self.post(&nobody, &alert, &id, now);
        let answer = match tokio::time::timeout(CHECK_WITHIN, asking).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                return vec![Finding::bad(
                    "apns credentials",
                    format!("APNs could not be asked: {}", with_causes(&error)),
                )];
            }
            Err(_) => return vec![Finding::bad("apns credentials", "APNs did not answer in time")],
        };
        let (key, topic) = (self.settings.key_id.as_str(), self.settings.topic.as_str());
        let reason = reason(&answer);
        let credentials = match (answer.status, reason.as_deref()) {
            (200 | 410, _) | (400, Some("BadDeviceToken")) => {
                Finding::good("apns credentials", format!("{} takes key {key} for {topic}", self.base.as_str()))
            }
            (400, Some(wrong @ ("BadTopic" | "DeviceTokenNotForTopic" | "MissingTopic" | "TopicDisallowed"))) => {
                Finding::bad(
                    "apns credentials",
                    format!("key {key} may not send to {topic} ({wrong}): check APNS_TOPIC"),
                )
            }
            (403, wrong) => Finding::bad(
                "apns credentials",
                format!(
                    "APNs does not take key {key} ({}): check the key, its id, the team's id and this machine's time",
                    wrong.unwrap_or("403")
                ),
            ),
            (status, _) => Finding::bad("apns credentials", format!("APNs answered {status} to an alert for nobody")),
        };
        let mut findings = vec![credentials];
        if self.base.as_str().contains("sandbox") {
            findings.push(Finding::warning(
                "apns host",
                "is the sandbox: only builds that were not distributed are reached; APNs refuses every other device",
            ));
        }
        findings.extend(doctor::clock("apns clock", &answer, now));
        findings
    }
}

fn refused(answer: &Answer) -> Option<Refused> {
    serde_json::from_slice(answer.body.as_deref()?).ok()
}

fn reason(answer: &Answer) -> Option<String> {
    known_form(&refused(answer)?.reason)
}

fn invalid_since(answer: &Answer) -> Option<OffsetDateTime> {
    let nanoseconds = i128::from(refused(answer)?.timestamp?.as_i64()?).checked_mul(1_000_000)?;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()
}

/// Accepted is what APNs names. A registration counts as gone only by 410. `BadDeviceToken` does not say so: APNs gives it
/// to every device when `APNS_API_BASE_URL` names the other environment, and one wrong setting must not remove them all.
/// What a device's token alone can bring about, which is the end of the path, counts as no failure; that the topic, the
/// key or its token is wrong does, and is for an operator to mend.
fn judge(answer: &Answer) -> Result<Receipt, AttemptError> {
    let reason = reason(answer);
    let refusal = |code| Box::new(Refusal { status: answer.status, code });
    Err(match (answer.status, reason.as_deref()) {
        (200, _) => match answer.header(APNS_ID).and_then(|id| Uuid::try_parse(id).ok()) {
            Some(id) => return Ok(Receipt { provider_message_id: Some(id.to_string()), captured: false }),
            None => AttemptError::Failed(refusal(None)),
        },
        (410, Some("Unregistered" | "ExpiredToken")) => {
            AttemptError::Gone { since: invalid_since(answer), cause: refusal(reason) }
        }
        (_, Some("ServiceUnavailable" | "Shutdown")) => {
            AttemptError::NotAccepted { cause: refusal(reason), retry_after: answer.retry_after() }
        }
        (400, Some("BadTopic" | "MissingTopic" | "TopicDisallowed")) | (200..300 | 405, _) => {
            AttemptError::Failed(refusal(reason))
        }
        _ => answer.refusal(reason),
    })
}

impl Alert {
    fn of(parcel: &Parcel) -> Self {
        let Words { title, body, data } = &parcel.words;
        let (priority, level) = if parcel.is_urgent { (AT_ONCE, "time-sensitive") } else { (THRIFTY, "active") };
        let aps = json!({
            "alert": { "title": title, "body": body },
            "sound": "default",
            "interruption-level": level,
        });
        let fields = data.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        Self {
            body: std::iter::once(("aps".to_owned(), aps)).chain(fields).collect(),
            collapse_id: parcel.topic.clone(),
            expiration: parcel.expires_at.unix_timestamp(),
            priority,
        }
    }
}
