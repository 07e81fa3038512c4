use std::error::Error;
use std::iter::successors;
use std::path::{Path, PathBuf};
use std::time::Duration;

use muster_domain::notice::{NoticeContent, NoticeMessage};
use muster_domain::user::{E164, EmailAddress, Phone};
use muster_domain::verification::{Challenge, Code, CodeMessage, Masked, Message, Method, NotifyError};
use muster_notify::Policy;
use muster_notify_twilio::{SenderId, TwilioSender, TwilioSettings};
use muster_testkit::FixedClock;
use muster_testkit_providers::{Emulator, prism};
use serde_json::Value;
use tokio::sync::OnceCell;

pub(crate) const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const SERVICE: &str = "MG0123456789abcdef0123456789abcdef";
pub(crate) const MESSAGE: &str = "SM0123456789abcdef0123456789abcdef";
pub(crate) const TOKEN: &str = "b7c29d55e1f04a6eb8d1";
pub(crate) const FROM: &str = "+15005550006";
pub(crate) const TO: &str = "+12025550147";
pub(crate) const CODE: &str = "042917";

/// What a test of faults waits for at the most.
pub(crate) const DEADLINE: Duration = Duration::from_millis(1500);

pub(crate) fn settings(base_url: &str) -> TwilioSettings {
    TwilioSettings {
        account_sid: ACCOUNT.parse().unwrap(),
        auth_token: TOKEN.into(),
        sender: SenderId::number(FROM).unwrap(),
        base_url: Some(base_url.parse().unwrap()),
        origin_host: Some("muster.example.com".parse().unwrap()),
    }
}

pub(crate) fn sender_with(settings: TwilioSettings) -> TwilioSender {
    TwilioSender::new(settings, Policy { deadline: DEADLINE, ..Policy::default() }).unwrap()
}

pub(crate) fn sender(base_url: &str) -> TwilioSender {
    sender_with(settings(base_url))
}

pub(crate) fn number() -> E164 {
    Phone::from_stored(TO, true).deliverable().unwrap().clone()
}

pub(crate) fn message() -> Message {
    Message::Code(CodeMessage {
        code: Code::parse(CODE).unwrap(),
        display_name: "Ada".to_owned(),
        locale: None,
        valid_for: Challenge::LIFETIME,
        at: FixedClock::START,
        requested_from: None,
    })
}

/// That the e-mail address is another now.
pub(crate) fn notice() -> Message {
    let destination = Some(Masked::email(&EmailAddress::parse("ada@example.com").unwrap()));
    Message::Notice(NoticeMessage {
        content: NoticeContent::ContactChanged { method: Method::Email, destination },
        display_name: "Ada".to_owned(),
        locale: None,
        at: FixedClock::START,
    })
}

/// Fails when an error shows anything of what was sent, in whatever way it may reach a log.
pub(crate) fn assert_silent(error: &NotifyError) {
    let chain = successors(Some(error as &dyn Error), |&error| error.source());
    let shown = chain.fold(String::new(), |shown, error| format!("{shown} {error} {error:?} {error:#?}"));
    let digits = &TO[1..];
    for secret in [digits, TOKEN, CODE] {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
}

pub(crate) fn document_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/twilio_messages.json")
}

/// Twilio's OpenAPI document.
pub(crate) fn document() -> Value {
    serde_json::from_slice(&std::fs::read(document_path()).unwrap()).unwrap()
}

/// The documented examples of an operation's reply, by their names.
pub(crate) fn examples(path: &str, method: &str, status: &str) -> Vec<(String, Value)> {
    let document = document();
    let reply = &document["paths"][path][method]["responses"][status]["content"]["application/json"];
    let examples = reply["examples"].as_object().unwrap();
    examples.iter().map(|(name, example)| (name.clone(), example["value"].clone())).collect()
}

/// Prism on Twilio's OpenAPI document, one for all tests of a process.
pub(crate) async fn twilio_by_prism() -> &'static Emulator {
    static PRISM: OnceCell<Emulator> = OnceCell::const_new();
    PRISM.get_or_init(|| async { prism(&document_path()).await }).await
}
