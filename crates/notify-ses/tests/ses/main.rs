//! SES as it is sent to: against moto, and against servers that fail on purpose.

#![expect(clippy::unwrap_used, reason = "what only tests call fails by panicking")]

mod check;
mod credentials;
mod delivery;
mod faults;
mod logs;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use muster_domain::Clock;
use muster_domain::notice::{NoticeContent, NoticeMessage};
use muster_domain::user::EmailAddress;
use muster_domain::verification::{Code, CodeMessage, Masked, Message, Method};
use muster_notify::Policy;
use muster_notify_ses::{SesSender, SesSettings, StaticCredentials};
use muster_testkit::FixedClock;
use muster_testkit_providers::{Fault, Moto};
use tokio::sync::OnceCell;

/// One moto serves every test of this program; each test has a region of its own, and so its own identities.
static MOTO: OnceCell<Moto> = OnceCell::const_new();

async fn moto() -> &'static Moto {
    MOTO.get_or_init(Moto::start).await
}

fn settings(endpoint_url: &str, region: &str) -> SesSettings {
    SesSettings {
        region: region.to_owned(),
        from: "Muster <muster@example.com>".to_owned(),
        credentials: Some(StaticCredentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "a-secret-of-nobody".into(),
            session_token: None,
        }),
        configuration_set: None,
        endpoint_url: Some(endpoint_url.to_owned()),
        public_url: Some("https://muster.example.com/app".to_owned()),
    }
}

/// The default policy with waits that a test can bear.
fn quick() -> Policy {
    Policy { deadline: Duration::from_secs(3), backoff: Duration::from_millis(10), ..Policy::default() }
}

/// A sender for what is not about time: it waits for as long as a busy machine's emulator may take.
async fn sender(settings: &SesSettings) -> Arc<SesSender> {
    let patient = Policy { deadline: Duration::from_mins(1), ..quick() };
    Arc::new(SesSender::new(settings, patient).await.unwrap())
}

fn ada() -> EmailAddress {
    EmailAddress::parse("ada@example.org").unwrap()
}

fn message() -> Message {
    Message::Code(CodeMessage {
        code: Code::parse("042917").unwrap(),
        display_name: "Ada Lovelace".to_owned(),
        locale: None,
        valid_for: time::Duration::minutes(15),
        at: FixedClock::default().now(),
        requested_from: Some("203.0.113.7".parse().unwrap()),
    })
}

/// That the phone number is another now.
fn notice() -> Message {
    let content =
        NoticeContent::ContactChanged { method: Method::Sms, destination: Some(Masked::phone("+12025550143")) };
    let at = FixedClock::default().now();
    Message::Notice(NoticeMessage { content, display_name: "Ada Lovelace".to_owned(), locale: None, at })
}

fn accepted() -> Fault {
    Fault::Answer {
        status: 200,
        headers: vec!["content-type: text/xml".to_owned()],
        body: "<SendEmailResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><SendEmailResult>\
               <MessageId>m-1</MessageId></SendEmailResult></SendEmailResponse>"
            .to_owned(),
    }
}
