//! Web Push (RFC 8030), to whatever push service a browser's vendor runs.

mod encryption;
mod reach;
mod settings;
mod subscription;
mod vapid;

use std::error::Error;
use std::sync::Arc;

use muster_domain::Clock;
use muster_domain::device::PushToken;
use muster_domain::verification::{CodeMessage, NotifyError, Receipt};
use muster_notify::transport::{Answer, TransportError, exchange};
use muster_notify::{AttemptError, Finding, Gate, Policy, ProviderState, Refusal};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use reqwest::{Client, ClientBuilder};
use time::OffsetDateTime;
use url::{Position, Url};

use crate::words::{COLLAPSE_KEY, Words, seconds_left};
use encryption::encrypt;
use reach::{NoPublicAddress, PublicOnly};
pub use settings::{InvalidVapidKey, InvalidVapidSubject, VapidKey, VapidSubject, WebPushSettings};
use subscription::{Subscription, UnusableSubscription};
use vapid::Vapid;

/// The longest name of a message that is worth keeping.
const LONGEST_ID: usize = 128;

pub(crate) struct WebPush {
    gate: Gate,
    client: Client,
    vapid: Vapid,
    settings: WebPushSettings,
    clock: Arc<dyn Clock>,
}

impl WebPush {
    pub(crate) fn new(
        settings: WebPushSettings,
        policy: Policy,
        client: ClientBuilder,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TransportError> {
        let client = match settings.base_url {
            Some(_) => client,
            // No proxy either: it would resolve the name out of sight.
            None => client.no_proxy().dns_resolver(PublicOnly),
        };
        let vapid = Vapid::new(settings.key.clone(), settings.subject.clone());
        Ok(Self { gate: Gate::new("web-push", policy), client: client.build()?, vapid, settings, clock })
    }

    pub(crate) fn state(&self) -> ProviderState {
        self.gate.state()
    }

    pub(crate) async fn send(&self, to: &PushToken, message: &CodeMessage) -> Result<Receipt, NotifyError> {
        let subscription = Subscription::read(to).map_err(|error| NotifyError::Rejected(error.into()))?;
        let text = serde_json::to_vec(&Words::of(message)).map_err(|error| NotifyError::Rejected(error.into()))?;
        let body = encrypt(&subscription.p256dh, &subscription.auth, &text)
            .map_err(|_| NotifyError::Rejected(UnusableSubscription.into()))?;
        self.gate.send(|| self.attempt(&subscription.endpoint, &body, message)).await
    }

    async fn attempt(&self, endpoint: &Url, body: &[u8], message: &CodeMessage) -> Result<Receipt, AttemptError> {
        let now = self.clock.now();
        let authorization =
            self.vapid.authorization(endpoint, now).map_err(|error| AttemptError::Failed(error.into()))?;
        let request = self
            .client
            .post(self.address(endpoint))
            .header(AUTHORIZATION, authorization)
            .header("ttl", seconds_left(message, now))
            .header("urgency", "high")
            .header("topic", COLLAPSE_KEY)
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(body.to_vec());
        judge(&exchange(request).await.map_err(refuse_private)?)
    }

    fn address(&self, endpoint: &Url) -> String {
        match &self.settings.base_url {
            Some(base) => format!("{}{}", base.as_str(), &endpoint[Position::BeforePath..Position::AfterQuery]),
            None => endpoint.as_str().to_owned(),
        }
    }

    /// Whether the key signs. Whom browsers subscribed with cannot be asked without a subscription.
    pub(crate) fn check(&self, now: OffsetDateTime) -> Vec<Finding> {
        let key = match self.vapid.sign("https://push.example", now) {
            Ok(_) => Finding::good(
                "web-push key",
                format!("browsers must subscribe with {}", self.settings.key.application_server_key()),
            ),
            Err(_) => Finding::bad("web-push key", "cannot sign: check VAPID_PRIVATE_KEY"),
        };
        vec![key, Finding::good("web-push subject", self.settings.subject.as_str())]
    }
}

fn judge(answer: &Answer) -> Result<Receipt, AttemptError> {
    match answer.status {
        200..300 => Ok(Receipt { provider_message_id: message_id(answer), captured: false }),
        404 | 410 => Err(AttemptError::Gone(Box::new(Refusal { status: answer.status, code: None }))),
        _ => Err(answer.refusal(None)),
    }
}

/// The last part of the message's own address (RFC 8030, section 5), when it is short. The whole of it would let a
/// reader of the audit record cancel the message.
fn message_id(answer: &Answer) -> Option<String> {
    let id = answer.header(LOCATION)?.rsplit('/').next()?;
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_:.%=".contains(&byte));
    (plain && (1..=LONGEST_ID).contains(&id.len())).then(|| id.to_owned())
}

/// A name that leads into a private network is refused for good: that says nothing about a push service's health.
fn refuse_private(error: AttemptError) -> AttemptError {
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = source {
        if cause.is::<NoPublicAddress>() {
            return AttemptError::Rejected(NoPublicAddress.into());
        }
        source = cause.source();
    }
    error
}
