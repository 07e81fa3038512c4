use std::sync::Arc;

use async_trait::async_trait;
use muster_domain::device::{Platform, PushToken};
use muster_domain::verification::{Message, NotifyError, PushSender, Receipt};
use muster_domain::{Clock, Entropy};
use muster_notify::transport::{self, TransportError};
use muster_notify::{Finding, Policy, ProviderState};
use reqwest::ClientBuilder;
use time::OffsetDateTime;

use crate::apns::{Apns, ApnsSettings};
use crate::fcm::{Fcm, FcmSettings};
use crate::web_push::{WebPush, WebPushSettings};

/// Which services are on, and how each is reached.
#[derive(Debug, Clone, Default)]
pub struct PushSettings {
    /// Browsers.
    pub web: Option<WebPushSettings>,
    /// Android.
    pub fcm: Option<FcmSettings>,
    /// iOS.
    pub apns: Option<ApnsSettings>,
}

/// Carries push messages, each by its platform's service.
pub struct PushSenders {
    web: Option<WebPush>,
    fcm: Option<Fcm>,
    apns: Option<Apns>,
}

/// A device's platform has no service that is switched on.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("push to {platform} is not set up")]
struct NotSetUp {
    platform: Platform,
}

impl PushSenders {
    /// The services that are on, reached as the system's certificates allow.
    ///
    /// # Errors
    /// When a client cannot be made.
    pub fn new(
        settings: PushSettings,
        policy: Policy,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, TransportError> {
        Self::with_client(settings, policy, clock, entropy, transport::client)
    }

    /// The same on clients of the caller's, of which each service makes one for itself: `client` says whom they trust.
    ///
    /// # Errors
    /// When a client cannot be made.
    pub fn with_client(
        settings: PushSettings,
        policy: Policy,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        client: impl Fn() -> Result<ClientBuilder, TransportError>,
    ) -> Result<Self, TransportError> {
        let PushSettings { web, fcm, apns } = settings;
        Ok(Self {
            web: web.map(|settings| WebPush::new(settings, policy, client()?, clock.clone())).transpose()?,
            fcm: fcm.map(|settings| Fcm::new(settings, policy, client()?, clock.clone())).transpose()?,
            apns: apns.map(|settings| Apns::new(settings, policy, client()?, clock, entropy)).transpose()?,
        })
    }

    /// Whether each service that is on can be reached: `fcm`, `apns`, and for browsers `web-push-google`, `-mozilla`,
    /// `-apple`, `-microsoft` and `-other`, or `web-push` alone when all goes through a gateway.
    #[must_use]
    pub fn states(&self) -> Vec<ProviderState> {
        let web = self.web.as_ref().map(WebPush::states);
        let fcm = self.fcm.as_ref().map(Fcm::state);
        let apns = self.apns.as_ref().map(Apns::state);
        web.into_iter().flatten().chain(fcm).chain(apns).collect()
    }

    /// Looks at the settings of each service that is on, and asks FCM and APNs whether they take them. Nothing reaches
    /// anybody. Takes 10 seconds at most.
    pub async fn check(&self, now: OffsetDateTime) -> Vec<Finding> {
        let fcm = async {
            match &self.fcm {
                Some(fcm) => fcm.check(now).await,
                None => Vec::new(),
            }
        };
        let apns = async {
            match &self.apns {
                Some(apns) => apns.check(now).await,
                None => Vec::new(),
            }
        };
        let (fcm, apns) = tokio::join!(fcm, apns);
        let mut findings = self.web.as_ref().map(|web| web.check(now)).unwrap_or_default();
        findings.extend(fcm);
        findings.extend(apns);
        findings
    }
}

#[async_trait]
impl PushSender for PushSenders {
    async fn send_push(&self, platform: Platform, to: &PushToken, message: &Message) -> Result<Receipt, NotifyError> {
        let not_set_up = || NotifyError::Rejected(Box::new(NotSetUp { platform }));
        match platform {
            Platform::Web => self.web.as_ref().ok_or_else(not_set_up)?.send(to, message).await,
            Platform::Android => self.fcm.as_ref().ok_or_else(not_set_up)?.send(to, message).await,
            Platform::Ios => self.apns.as_ref().ok_or_else(not_set_up)?.send(to, message).await,
        }
    }
}
