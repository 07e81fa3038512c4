use std::fmt;

use async_trait::async_trait;
use aws_sdk_ses::Client;
use aws_sdk_ses::operation::send_email::builders::SendEmailFluentBuilder;
use aws_sdk_ses::types::{self, Body, Content, Destination};
use aws_smithy_types::error::operation::BuildError;
use muster_domain::user::EmailAddress;
use muster_domain::verification::{EmailSender, Message, NotifyError, Receipt};
use muster_notify::{AttemptError, Cause, Gate, Policy, ProviderState, Refusal, transport};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use crate::client::client;
use crate::letter::Letter;
use crate::mailbox::{Mailbox, ascii_domain};
use crate::outcome::attempt_error;
use crate::settings::{InvalidSesSettings, SesSettings, host};

/// Carries e-mail by SES.
pub struct SesSender {
    pub(crate) client: Client,
    pub(crate) from: Mailbox,
    pub(crate) region: String,
    pub(crate) configuration_set: Option<String>,
    host: Option<String>,
    gate: Gate,
}

impl SesSender {
    /// A sender with these settings. Nothing is asked of AWS, or of whoever gives credentials, before the first send.
    ///
    /// # Errors
    /// When a setting cannot be what it should be, or the system has no root certificates.
    pub async fn new(settings: &SesSettings, policy: Policy) -> Result<Self, InvalidSesSettings> {
        // Only to be sure of them: the SDK reads the same ones, and says nothing when there are none.
        drop(transport::client()?);
        SesSettings::check_region(&settings.region)?;
        let from = Mailbox::parse(&settings.from).ok_or(InvalidSesSettings::From)?;
        settings.configuration_set.as_deref().map(SesSettings::check_configuration_set).transpose()?;
        settings.endpoint_url.as_deref().map(SesSettings::check_endpoint_url).transpose()?;
        let host = match &settings.public_url {
            Some(url) => Some(host(url).ok_or(InvalidSesSettings::PublicUrl)?),
            None => None,
        };
        Ok(Self {
            client: Box::pin(client(settings, policy.deadline)).await,
            from,
            region: settings.region.clone(),
            configuration_set: settings.configuration_set.clone(),
            host,
            gate: Gate::new("ses", policy),
        })
    }

    /// Whether SES can be reached.
    #[must_use]
    pub fn state(&self) -> ProviderState {
        self.gate.state()
    }

    fn request(&self, to: &EmailAddress, message: &Message) -> Result<SendEmailFluentBuilder, Cause> {
        let letter = Letter::write(message, self.host.as_deref())?;
        let body = Body::builder().text(utf8(letter.text)?).html(utf8(letter.html)?).build();
        Ok(self
            .client
            .send_email()
            .source(self.from.header())
            // The bare address: a name in it would be the one part of the header that others write.
            .destination(Destination::builder().to_addresses(ascii_domain(to)).build())
            .message(types::Message::builder().subject(utf8(letter.subject)?).body(body).build())
            .set_configuration_set_name(self.configuration_set.clone()))
    }

    async fn attempt(&self, request: SendEmailFluentBuilder) -> Result<Receipt, AttemptError> {
        // The SDK's own log would show the whole request at its most talkative.
        let answer = request.send().with_subscriber(NoSubscriber::new()).await;
        let id = answer.map_err(|error| attempt_error(error, &self.from.address))?.message_id;
        // The SDK makes an empty id of one that is not there: then nothing says that the message was taken.
        if id.is_empty() {
            return Err(AttemptError::Failed(Box::new(Refusal { status: 200, code: None })));
        }
        Ok(Receipt { provider_message_id: Some(id).filter(|id| is_message_id(id)), captured: false })
    }
}

#[async_trait]
impl EmailSender for SesSender {
    async fn send_email(&self, to: &EmailAddress, message: &Message) -> Result<Receipt, NotifyError> {
        let request = self.request(to, message).map_err(NotifyError::Rejected)?;
        self.gate.send(|| self.attempt(request.clone())).await
    }
}

impl fmt::Debug for SesSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SesSender").field("region", &self.region).field("state", &self.state()).finish_non_exhaustive()
    }
}

fn utf8(text: String) -> Result<Content, BuildError> {
    Content::builder().data(text).charset("UTF-8").build()
}

/// Whether it can be an id, so that nothing else of an answer gets into a record.
fn is_message_id(text: &str) -> bool {
    text.len() <= 128 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
