use async_trait::async_trait;
use futures_util::TryStreamExt;
use muster_domain::user::E164;
use muster_domain::verification::{Message, NotifyError, Receipt, SmsSender};
use muster_notify::transport::{TransportError, client, exchange};
use muster_notify::{AttemptError, Gate, Policy, ProviderState};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, Method, RequestBuilder};
use secrecy::ExposeSecret;
use twilio_async::{Execute, Twilio, encode_pairs};
use url::Url;

use crate::reply::outcome;
use crate::settings::{SenderId, SettingError, TwilioSettings};
use crate::text::text;

const TWILIO: &str = "https://api.twilio.com";
/// The longest that Twilio keeps a message for, in seconds; the shortest is 1.
const LONGEST_VALIDITY: i64 = 36_000;

/// Carries text messages by Twilio.
pub struct TwilioSender {
    pub(crate) settings: TwilioSettings,
    pub(crate) base_url: String,
    pub(crate) http: Client,
    builder: Twilio,
    gate: Gate,
}

/// Why no text messages can be sent.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The auth token is none.
    #[error("the auth token is malformed")]
    AuthToken(#[source] SettingError),
    /// The base address is none.
    #[error("the base address is malformed")]
    BaseUrl(#[source] SettingError),
    /// Nothing could be sent at all.
    #[error("could not set up the way to Twilio")]
    Transport(#[from] TransportError),
}

/// twilio-async did not build the request.
#[derive(Debug, thiserror::Error)]
#[error("the request could not be built")]
struct NotBuilt;

impl TwilioSender {
    /// A sender of its own connections, breaker and places, all held to `policy`.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub fn new(settings: TwilioSettings, policy: Policy) -> Result<Self, SetupError> {
        let token = settings.auth_token.expose_secret();
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(SetupError::AuthToken(SettingError::AuthToken));
        }
        let builder = Twilio::new(settings.account_sid.as_str(), token)
            .map_err(|_| SetupError::AuthToken(SettingError::AuthToken))?;
        Ok(Self {
            base_url: base_url(settings.base_url.as_ref()).map_err(SetupError::BaseUrl)?,
            http: client()?.build().map_err(TransportError::from)?,
            gate: Gate::new("twilio", policy),
            settings,
            builder,
        })
    }

    /// Whether Twilio can be reached, for those who run the server.
    #[must_use]
    pub fn state(&self) -> ProviderState {
        self.gate.state()
    }

    /// The form that asks for a message: what twilio-async writes, and two fields that it does not know.
    fn form(&self, to: &E164, message: &Message) -> Option<String> {
        let body = text(message, self.settings.origin_host.as_ref());
        let from = match &self.settings.sender {
            SenderId::Number(number) => ("From", number.as_str()),
            SenderId::MessagingService(sid) => ("MessagingServiceSid", sid.as_str()),
        };
        // A code that still waits in a queue when it works no more is not sent.
        let validity = match message {
            Message::Code(message) => message.valid_for.whole_seconds().clamp(1, LONGEST_VALIDITY),
            Message::Notice(_) => LONGEST_VALIDITY,
        };
        let validity = validity.to_string();
        encode_pairs([("To", to.as_str()), from, ("Body", &body), ("ValidityPeriod", &validity)])
    }

    async fn attempt(&self, form: Option<String>) -> Result<Receipt, AttemptError> {
        let request = self.request(form).await.map_err(|error| AttemptError::Failed(Box::new(error)))?;
        outcome(&exchange(request).await?, &self.settings.sender)
    }

    /// Has twilio-async build the request and takes it apart: its method, path, headers and body go to the configured
    /// address with a client of our own.
    async fn request(&self, form: Option<String>) -> Result<RequestBuilder, NotBuilt> {
        let method = Method::POST.as_str().parse().map_err(|_| NotBuilt)?;
        let message = self.builder.send_msg("", "", "");
        let (head, body) = message.request(method, "Messages.json", form).map_err(|_| NotBuilt)?.into_parts();
        let body = body.try_fold(Vec::new(), |mut body, chunk| async move {
            body.extend_from_slice(&chunk);
            Ok(body)
        });
        let body = body.await.map_err(|_| NotBuilt)?;
        let mut request = self.http.post(format!("{}{}", self.base_url, head.uri.path())).body(body);
        for (name, value) in &head.headers {
            let mut value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| NotBuilt)?;
            // So that no log of the HTTP client's shows the credentials.
            value.set_sensitive(name.as_str() == AUTHORIZATION.as_str());
            request = request.header(name.as_str(), value);
        }
        Ok(request)
    }
}

#[async_trait]
impl SmsSender for TwilioSender {
    async fn send_sms(&self, to: &E164, message: &Message) -> Result<Receipt, NotifyError> {
        let form = self.form(to, message);
        self.gate.send(|| self.attempt(form.clone())).await
    }
}

pub(crate) fn base_url(configured: Option<&Url>) -> Result<String, SettingError> {
    let Some(url) = configured else {
        return Ok(TWILIO.to_owned());
    };
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if is_plain { Ok(url.as_str().trim_end_matches('/').to_owned()) } else { Err(SettingError::BaseUrl) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_to_twilio_unless_another_address_is_configured() {
        assert_eq!(base_url(None).unwrap(), "https://api.twilio.com");
        let other = "http://127.0.0.1:4010/twilio/".parse().unwrap();
        assert_eq!(base_url(Some(&other)).unwrap(), "http://127.0.0.1:4010/twilio");
    }

    #[tokio::test]
    async fn the_credentials_are_marked_so_that_no_log_shows_them() {
        let settings = TwilioSettings {
            account_sid: "AC0123456789abcdef0123456789abcdef".parse().unwrap(),
            auth_token: "token".into(),
            sender: SenderId::number("Muster").unwrap(),
            base_url: None,
            origin_host: None,
        };
        let sender = TwilioSender::new(settings, Policy::default()).unwrap();
        let request = sender.request(Some("To=x".to_owned())).await.unwrap().build().unwrap();
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
    }
}
