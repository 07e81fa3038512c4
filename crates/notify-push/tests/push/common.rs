use std::error::Error;
use std::iter::successors;
use std::sync::Arc;
use std::time::Duration;

use muster_domain::device::{Platform, PushToken};
use muster_domain::notice::{NoticeContent, NoticeMessage};
use muster_domain::verification::{
    Challenge, Code, CodeMessage, Masked, Message, Method, NotifyError, PushSender, Receipt,
};
use muster_notify::{Policy, transport};
use muster_notify_push::{
    ApnsKey, ApnsSettings, ApnsTopic, AppleId, BaseUrl, FcmSettings, PushSenders, PushSettings, ServiceAccount,
    VapidKey, VapidSubject, WebPushSettings,
};
use muster_testkit::{FixedClock, SeededEntropy};
use muster_testkit_providers::{ApnsServer, FcmServer, TlsServer};
use rustls::RootCertStore;
use time::OffsetDateTime;

pub(crate) const CODE: &str = "042917";
/// The example of RFC 8291, appendix A.
pub(crate) const VAPID_PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
pub(crate) const VAPID_PUBLIC: &str =
    "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
pub(crate) const TOPIC: &str = "com.example.oncall";
pub(crate) const IOS_TOKEN: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
pub(crate) const ANDROID_TOKEN: &str = "fcm-registration:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx";
/// What a subscription's endpoint has below its host.
pub(crate) const ENDPOINT_PATH: &str = "/wpush/v2/gAAAAABsubscriptionOfAda?v=1";

/// By when at the latest what is quick has ended, on a machine as busy as one gets.
pub(crate) const QUICK: Duration = Duration::from_secs(10);

/// A policy under which nothing is given up because the machine is busy.
pub(crate) fn patient() -> Policy {
    Policy { deadline: 2 * QUICK, ..Policy::default() }
}

/// A policy that gives up soon.
pub(crate) fn impatient(deadline: Duration) -> Policy {
    Policy { deadline, least_time: Duration::ZERO, ..Policy::default() }
}

pub(crate) fn message() -> Message {
    Message::Code(code_message())
}

pub(crate) fn code_message() -> CodeMessage {
    CodeMessage {
        code: Code::parse(CODE).unwrap(),
        display_name: "Ada".to_owned(),
        locale: None,
        valid_for: Challenge::LIFETIME,
        at: FixedClock::START,
        requested_from: Some("192.0.2.7".parse().unwrap()),
    }
}

/// That a phone number is another now.
pub(crate) fn notice(at: OffsetDateTime) -> Message {
    let content =
        NoticeContent::ContactChanged { method: Method::Sms, destination: Some(Masked::phone("+12025550143")) };
    Message::Notice(NoticeMessage { content, display_name: "Ada".to_owned(), locale: None, at })
}

pub(crate) const NOTICE_TITLE: &str = "Your phone number was changed";
pub(crate) const NOTICE_BODY: &str = "It is ***0143 now. Prove it again in Muster, or you cannot be on call. Is it wrong? \
                                      Tell an administrator at once.";

pub(crate) fn web_subscription(host: &str) -> String {
    let p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    let keys = format!(r#"{{"p256dh":"{p256dh}","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}"#);
    format!(r#"{{"endpoint":"https://{host}{ENDPOINT_PATH}","keys":{keys}}}"#)
}

pub(crate) fn token(platform: Platform) -> PushToken {
    let text = match platform {
        Platform::Ios => IOS_TOKEN.to_owned(),
        Platform::Android => ANDROID_TOKEN.to_owned(),
        Platform::Web => web_subscription("push.example"),
    };
    PushToken::parse(platform, &text).unwrap()
}

pub(crate) fn web_settings(base_url: Option<&str>) -> WebPushSettings {
    WebPushSettings {
        key: VapidKey::parse(VAPID_PRIVATE).unwrap(),
        subject: VapidSubject::parse("mailto:ops@example.com").unwrap(),
        base_url: base_url.map(|url| BaseUrl::parse(url).unwrap()),
    }
}

pub(crate) fn fcm_settings(base_url: &str, token_url: &str) -> FcmSettings {
    FcmSettings {
        account: ServiceAccount::parse(&FcmServer::account()).unwrap(),
        base_url: Some(BaseUrl::parse(base_url).unwrap()),
        token_url: Some(BaseUrl::parse(token_url).unwrap()),
    }
}

pub(crate) fn apns_settings(base_url: &str, key: &str) -> ApnsSettings {
    ApnsSettings {
        key: ApnsKey::parse(key).unwrap(),
        key_id: AppleId::parse(ApnsServer::KEY_ID).unwrap(),
        team_id: AppleId::parse(ApnsServer::TEAM_ID).unwrap(),
        topic: ApnsTopic::parse(TOPIC).unwrap(),
        base_url: Some(BaseUrl::parse(base_url).unwrap()),
    }
}

/// Senders at [`FixedClock::START`] that trust those roots.
pub(crate) fn senders(settings: PushSettings, policy: Policy, roots: &RootCertStore) -> (PushSenders, Arc<FixedClock>) {
    let clock = Arc::new(FixedClock::new());
    let entropy = Arc::new(SeededEntropy::new(3));
    let client = || transport::client_trusting(roots.clone());
    (PushSenders::with_client(settings, policy, clock.clone(), entropy, client).unwrap(), clock)
}

pub(crate) fn web(base_url: Option<&str>) -> (PushSenders, Arc<FixedClock>) {
    let settings = PushSettings { web: Some(web_settings(base_url)), ..PushSettings::default() };
    senders(settings, Policy::default(), &RootCertStore::empty())
}

pub(crate) fn fcm(server: &FcmServer, policy: Policy) -> (PushSenders, Arc<FixedClock>) {
    let settings = fcm_settings(&server.server.url, &server.token_url());
    senders(PushSettings { fcm: Some(settings), ..PushSettings::default() }, policy, &server.server.roots())
}

pub(crate) fn apns(server: &ApnsServer) -> (PushSenders, Arc<FixedClock>) {
    apns_with_key(&server.server, &server.key)
}

/// Senders without a gateway, for whom push services are at those servers.
pub(crate) fn web_directly(servers: &[(&str, &TlsServer)], policy: Policy) -> PushSenders {
    let client = || {
        let mut roots = RootCertStore::empty();
        roots.extend(servers.iter().flat_map(|(_, server)| server.roots().roots));
        let client = transport::client_trusting(roots)?;
        Ok(servers.iter().fold(client, |client, (name, server)| client.resolve(name, server.address)))
    };
    let settings = PushSettings { web: Some(web_settings(None)), ..PushSettings::default() };
    let (clock, entropy) = (Arc::new(FixedClock::new()), Arc::new(SeededEntropy::default()));
    PushSenders::with_client(settings, policy, clock, entropy, client).unwrap()
}

pub(crate) async fn send_to_browser(senders: &PushSenders, host: &str) -> Result<Receipt, NotifyError> {
    let result = senders.send_push(Platform::Web, &PushToken::from_stored(web_subscription(host)), &message()).await;
    if let Err(error) = &result {
        assert_silent(error);
    }
    result
}

pub(crate) fn apns_with_key(server: &TlsServer, key: &str) -> (PushSenders, Arc<FixedClock>) {
    let settings = PushSettings { apns: Some(apns_settings(&server.url, key)), ..PushSettings::default() };
    senders(settings, Policy::default(), &server.roots())
}

pub(crate) async fn send(senders: &PushSenders, platform: Platform) -> Result<Receipt, NotifyError> {
    let result = senders.send_push(platform, &token(platform), &message()).await;
    if let Err(error) = &result {
        assert_silent(error);
    }
    result
}

pub(crate) fn gone(error: &NotifyError) -> bool {
    matches!(error, NotifyError::Gone { .. })
}

pub(crate) fn rejected(error: &NotifyError) -> bool {
    matches!(error, NotifyError::Rejected(_))
}

pub(crate) fn unavailable(error: &NotifyError) -> bool {
    matches!(error, NotifyError::Unavailable(_))
}

pub(crate) fn throttled(error: &NotifyError) -> bool {
    matches!(error, NotifyError::Throttled { .. })
}

/// An error with all that is underneath, in whatever way it may reach a log.
pub(crate) fn shown(error: &NotifyError) -> String {
    let chain = successors(Some(error as &dyn Error), |&error| error.source());
    chain.fold(String::new(), |shown, error| format!("{shown} {error} {error:?} {error:#?}"))
}

/// Fails when an error shows anything of what was sent, to where, or by whose leave.
pub(crate) fn assert_silent(error: &NotifyError) {
    let shown = shown(error);
    let secrets =
        [CODE, IOS_TOKEN, ANDROID_TOKEN, "subscriptionOfAda", "push.example", "access-token", "/token", "eyJ"];
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
}
