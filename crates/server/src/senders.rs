//! Through whom messages go out: the providers that the configuration names, in development mode the outbox for the
//! channels that have none.

use std::sync::Arc;

use async_trait::async_trait;
use muster_domain::device::{Platform, PushToken};
use muster_domain::user::{E164, EmailAddress};
use muster_domain::verification::{EmailSender, Message, NotifyError, PushSender, Receipt, SmsSender};
use muster_domain::{Clock, Entropy};
use muster_notify::transport::TransportError;
use muster_notify::{Finding, Policy, ProviderState};
use muster_notify_push::PushSenders;
use muster_notify_ses::{InvalidSesSettings, SesSender};
use muster_notify_twilio::{SetupError, TwilioSender};
use time::OffsetDateTime;

use crate::config::Messaging;
use crate::development::MemoryOutbox;

/// Why no message could go out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendersError {
    /// E-mail could not.
    #[error("cannot set up e-mail by SES")]
    Email(#[from] InvalidSesSettings),
    /// Text messages could not.
    #[error("cannot set up text messages by Twilio")]
    Sms(#[from] SetupError),
    /// Push messages could not.
    #[error("cannot set up push messages")]
    Push(#[from] TransportError),
}

/// The adapters behind the sending ports.
pub(crate) struct Senders {
    pub email: Arc<dyn EmailSender>,
    pub sms: Arc<dyn SmsSender>,
    pub push: Arc<dyn PushSender>,
    pub providers: Providers,
}

/// The providers among them.
#[derive(Clone, Default)]
pub(crate) struct Providers {
    ses: Option<Arc<SesSender>>,
    twilio: Option<Arc<TwilioSender>>,
    push: Option<Arc<PushSenders>>,
}

impl Senders {
    /// Sets up what is configured. Nothing is asked of a provider yet.
    ///
    /// # Errors
    /// When TLS cannot be set up, or a provider's settings do not fit together.
    pub(crate) async fn new(
        messaging: &Messaging,
        outbox: Option<&Arc<MemoryOutbox>>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, SendersError> {
        let policy = Policy::default();
        let mut providers = Providers::default();
        if let Some(settings) = &messaging.email {
            providers.ses = Some(Arc::new(SesSender::new(settings, policy).await?));
        }
        if let Some(settings) = &messaging.sms {
            providers.twilio = Some(Arc::new(TwilioSender::new(settings.clone(), policy)?));
        }
        if let Some(settings) = &messaging.push {
            providers.push = Some(Arc::new(PushSenders::new(settings.clone(), policy, clock, entropy)?));
        }
        Ok(Self {
            email: match (&providers.ses, outbox) {
                (Some(ses), _) => ses.clone(),
                (None, Some(outbox)) => outbox.clone(),
                (None, None) => Arc::new(Off),
            },
            sms: match (&providers.twilio, outbox) {
                (Some(twilio), _) => twilio.clone(),
                (None, Some(outbox)) => outbox.clone(),
                (None, None) => Arc::new(Off),
            },
            push: match (&providers.push, outbox) {
                (Some(push), _) => push.clone(),
                (None, Some(outbox)) => outbox.clone(),
                (None, None) => Arc::new(Off),
            },
            providers,
        })
    }
}

impl Providers {
    /// Whether each can be reached.
    pub(crate) fn states(&self) -> Vec<ProviderState> {
        let ses = self.ses.iter().map(|ses| ses.state());
        let twilio = self.twilio.iter().map(|twilio| twilio.state());
        ses.chain(twilio).chain(self.push.iter().flat_map(|push| push.states())).collect()
    }

    /// Asks each whether it would take messages, without sending any; by channel.
    pub(crate) async fn check(&self, now: OffsetDateTime) -> Vec<(&'static str, Vec<Finding>)> {
        let email = async { Some(("email", self.ses.as_ref()?.check(now).await)) };
        let sms = async { Some(("sms", self.twilio.as_ref()?.check(now).await)) };
        let push = async { Some(("push", self.push.as_ref()?.check(now).await)) };
        // All at once: each that does not answer takes its ten seconds.
        let (email, sms, push) = tokio::join!(email, sms, push);
        [email, sms, push].into_iter().flatten().collect()
    }
}

/// Stands where a channel is off. The domain refuses to send codes there before anything gets here; a notice ends here.
struct Off;

#[derive(Debug, thiserror::Error)]
#[error("the channel is switched off")]
struct SwitchedOff;

fn off() -> Result<Receipt, NotifyError> {
    Err(NotifyError::Rejected(Box::new(SwitchedOff)))
}

#[async_trait]
impl EmailSender for Off {
    async fn send_email(&self, _: &EmailAddress, _: &Message) -> Result<Receipt, NotifyError> {
        off()
    }
}

#[async_trait]
impl SmsSender for Off {
    async fn send_sms(&self, _: &E164, _: &Message) -> Result<Receipt, NotifyError> {
        off()
    }
}

#[async_trait]
impl PushSender for Off {
    async fn send_push(&self, _: Platform, _: &PushToken, _: &Message) -> Result<Receipt, NotifyError> {
        off()
    }
}
