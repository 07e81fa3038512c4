//! Web Push (RFC 8030), to whatever push service a browser's vendor runs.

mod encryption;
mod gates;
mod reach;
mod settings;
mod subscription;
mod vapid;

use std::error::Error;
use std::sync::Arc;

use muster_domain::Clock;
use muster_domain::device::PushToken;
use muster_domain::verification::{Message, NotifyError, Receipt};
use muster_notify::transport::{Answer, TransportError, exchange};
use muster_notify::{AttemptError, Finding, Policy, ProviderState, Refusal};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Client, ClientBuilder};
use time::OffsetDateTime;
use url::{Position, Url};

use crate::words::Parcel;
use encryption::encrypt;
use gates::{Gates, is_known};
use reach::{NoPublicAddress, NotFound, PublicOnly};
pub use settings::{InvalidVapidKey, InvalidVapidSubject, VapidKey, VapidSubject, WebPushSettings};
use subscription::{Subscription, UnusableSubscription};
use vapid::Vapid;

pub(crate) struct WebPush {
    gates: Gates,
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
        let (gates, client) = match settings.base_url {
            Some(_) => (Gates::of_gateway(policy), client),
            // No proxy either: it would resolve the name out of sight.
            None => (Gates::by_service(policy), client.no_proxy().dns_resolver(PublicOnly)),
        };
        let vapid = Vapid::new(settings.key.clone(), settings.subject.clone());
        Ok(Self { gates, client: client.build()?, vapid, settings, clock })
    }

    pub(crate) fn states(&self) -> Vec<ProviderState> {
        self.gates.states()
    }

    pub(crate) async fn send(&self, to: &PushToken, message: &Message) -> Result<Receipt, NotifyError> {
        let subscription = Subscription::read(to).map_err(|error| NotifyError::Rejected(error.into()))?;
        let parcel = Parcel::of(message);
        let text = serde_json::to_vec(&parcel.words).map_err(|error| NotifyError::Rejected(error.into()))?;
        let body = encrypt(&subscription.p256dh, &subscription.auth, &text)
            .map_err(|_| NotifyError::Rejected(UnusableSubscription.into()))?;
        let gate = self.gates.to(subscription.endpoint.host_str().unwrap_or_default());
        gate.send(|| self.attempt(&subscription.endpoint, &body, &parcel)).await
    }

    async fn attempt(&self, endpoint: &Url, body: &[u8], parcel: &Parcel) -> Result<Receipt, AttemptError> {
        let now = self.clock.now();
        let authorization =
            self.vapid.authorization(endpoint, now).map_err(|error| AttemptError::Failed(error.into()))?;
        let request = self
            .client
            .post(self.address(endpoint))
            .header(AUTHORIZATION, authorization)
            .header("ttl", parcel.seconds_left(now))
            .header("urgency", if parcel.is_urgent { "high" } else { "normal" })
            .header("topic", &parcel.topic)
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(body.to_vec());
        let answer = exchange(request).await.map_err(|error| refuse_host(error, endpoint))?;
        judge(&answer, self.settings.base_url.is_some())
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

/// Accepted is what RFC 8030, section 5, calls so. What a registration alone can bring about counts as no failure: one
/// for another server's key, or a path where there is no subscription.
fn judge(answer: &Answer, by_gateway: bool) -> Result<Receipt, AttemptError> {
    let refusal = || Box::new(Refusal { status: answer.status, code: None });
    Err(match answer.status {
        // The message's own address, in `Location`, is not kept: whoever has it may delete the message (section 6.2),
        // and at some services its last part alone is that leave.
        201 | 202 => return Ok(Receipt { provider_message_id: None, captured: false }),
        410 => AttemptError::gone(refusal()),
        // So answer push services for a subscription that ended (section 7.3), but gateways for what they do not know.
        404 if !by_gateway => AttemptError::gone(refusal()),
        200..300 | 401 | 403 | 404 => AttemptError::Rejected(refusal()),
        _ => answer.refusal(None),
    })
}

/// A name that leads into a private network is refused for good, and so is one that is not found, unless it is a
/// vendor's own: neither says anything about a push service's health.
fn refuse_host(error: AttemptError, endpoint: &Url) -> AttemptError {
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = source {
        if cause.is::<NoPublicAddress>() {
            return AttemptError::Rejected(NoPublicAddress.into());
        }
        if cause.is::<NotFound>() && !endpoint.host_str().is_some_and(is_known) {
            return match error {
                AttemptError::NotAccepted { cause, .. } | AttemptError::Failed(cause) => AttemptError::Rejected(cause),
                other => other,
            };
        }
        source = cause.source();
    }
    error
}

#[cfg(test)]
mod tests {
    use std::io;

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://fcm.googleapis.com/fcm/send/1", false)]
    #[case("https://wns2-made-up.notify.windows.com/w/?token=1", true)]
    #[case("https://push.example/1", true)]
    fn a_name_that_is_not_found_is_refused_for_good_unless_it_is_a_vendors(
        #[case] endpoint: &str,
        #[case] is_refused: bool,
    ) {
        let not_found = AttemptError::not_accepted(NotFound(io::Error::other("told so")));
        let error = refuse_host(not_found, &Url::parse(endpoint).unwrap());
        assert_eq!(matches!(error, AttemptError::Rejected(_)), is_refused, "{error:?}");
    }
}
