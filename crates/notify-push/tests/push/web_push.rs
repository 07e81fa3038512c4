use std::sync::Arc;

use muster_domain::audit::Origin;
use muster_domain::device::{DeviceService, NewDevice, Platform, PushToken};
use muster_domain::directory::DirectoryStore;
use muster_domain::verification::{
    ChannelSet, Code, CodeMessage, Delivery, Message, Method, NotifyError, PushSender, SendLimits, VerificationService,
};
use muster_notify::Policy;
use muster_notify_push::PushSettings;
use muster_testkit::{Builders, FixedClock, MemoryStore, RecordingSender};
use muster_testkit_providers::{Algorithm, Fault, FaultServer, TlsServer, Told, WebPushService, verified_claims};
use rustls::RootCertStore;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::common::{
    CODE, ENDPOINT_PATH, NOTICE_BODY, NOTICE_TITLE, VAPID_PUBLIC, assert_silent, code_message, gone, message, notice,
    rejected, send, senders, shown, token, web, web_directly, web_settings, web_subscription,
};

const CREATED: u16 = 201;

fn created() -> Fault {
    Fault::json(CREATED, "").with("location: https://push.example/m/0:1500-abc")
}

fn header<'a>(request: &'a str, name: &str) -> &'a str {
    let (head, _) = request.split_once("\r\n\r\n").unwrap();
    let mut values = head.lines().filter_map(|line| line.split_once(": ").filter(|(header, _)| *header == name));
    values.next().unwrap_or_else(|| panic!("no {name} in {head}")).1
}

/// The token of a request, read with the public key that goes with it.
fn vapid(request: &str) -> Value {
    let (token, key) = header(request, "authorization").strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(key, VAPID_PUBLIC);
    let public = p256_point(key);
    let token = verified_claims(token, Algorithm::Es256, &public).unwrap();
    assert_eq!(token.header["typ"], "JWT");
    token.claims
}

fn p256_point(key: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(key).unwrap()
}

/// What this machine's clock says: the service's checks compare a token's end with its own.
fn machine_time() -> OffsetDateTime {
    #[expect(clippy::disallowed_methods, reason = "another program's clock cannot be set")]
    OffsetDateTime::now_utc()
}

#[tokio::test]
async fn a_code_that_a_browser_decrypted_proves_it() {
    let service = WebPushService::start().await;
    let browser = service.subscribe(VAPID_PUBLIC).await;
    let settings = PushSettings { web: Some(web_settings(Some(&service.url()))), ..PushSettings::default() };
    let (push, clock) = senders(settings, Policy::default(), &RootCertStore::empty());
    clock.set(machine_time());
    let make = Builders { clock: clock.clone(), ..Builders::default() };
    let store = MemoryStore::new();
    let user = make.user("ada").build();
    store.insert_user(&user, &make.event("test.user.created", Some(user.id))).await.unwrap();
    let origin = Origin::system("test");

    let devices = DeviceService {
        devices: Arc::new(store.clone()),
        fingerprinter: Arc::new(make.hasher),
        clock: clock.clone(),
        entropy: make.entropy.clone(),
    };
    let new = NewDevice { platform: Platform::Web, token: browser.subscription.clone(), name: None, app_version: None };
    devices.register(user.id, None, new, &origin).await.unwrap();
    let others = Arc::new(RecordingSender::default());
    let verification = VerificationService {
        profiles: Arc::new(store.clone()),
        store: Arc::new(store.clone()),
        devices: Arc::new(store.clone()),
        fingerprinter: Arc::new(make.hasher),
        hasher: Arc::new(make.hasher),
        email: others.clone(),
        sms: others,
        push: Arc::new(push),
        channels: ChannelSet::default(),
        limits: SendLimits::default(),
        clock: clock.clone(),
        entropy: make.entropy.clone(),
    };

    let sent = verification.send_code(user.id, Method::Push, None, &origin).await.unwrap();
    assert_eq!(sent.delivery, Delivery::Accepted { provider_message_id: None }, "{:?}", sent.failure);
    let [text] = service.messages(&browser).await.try_into().unwrap();
    let text: Value = serde_json::from_str(&text).unwrap();
    let code = Code::parse(text["code"].as_str().unwrap()).unwrap();
    assert_eq!(text["title"], format!("Muster code {}", code.expose()));

    let verified = verification.verify_code(user.id, Method::Push, &code, &origin).await.unwrap();
    assert_eq!(verified.status.push.verified_at, Some(verified.at));

    service.expire(&browser).await;
    clock.advance(Duration::minutes(2));
    let sent = verification.send_code(user.id, Method::Push, None, &origin).await.unwrap();
    assert_eq!(sent.delivery, Delivery::Gone);
}

#[tokio::test]
async fn a_browser_decrypts_a_notice() {
    let service = WebPushService::start().await;
    let browser = service.subscribe(VAPID_PUBLIC).await;
    let (push, clock) = web(Some(&service.url()));
    clock.set(machine_time());
    let token = PushToken::parse(Platform::Web, &browser.subscription).unwrap();
    push.send_push(Platform::Web, &token, &notice(FixedClock::START)).await.unwrap();
    let [text] = service.messages(&browser).await.try_into().unwrap();
    let text: Value = serde_json::from_str(&text).unwrap();
    let at = FixedClock::START.format(&Rfc3339).unwrap();
    let kind = "contactChanged";
    assert_eq!(text, json!({ "title": NOTICE_TITLE, "body": NOTICE_BODY, "kind": kind, "method": "sms", "at": at }));
}

#[tokio::test]
async fn a_browser_that_subscribed_to_another_key_is_not_reached() {
    let service = WebPushService::start().await;
    let other = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    let browser = service.subscribe(other).await;
    let (push, clock) = web(Some(&service.url()));
    clock.set(machine_time());
    let token = PushToken::parse(Platform::Web, &browser.subscription).unwrap();
    let error = push.send_push(Platform::Web, &token, &message()).await.unwrap_err();
    assert!(matches!(error, NotifyError::Rejected(_)), "{error:?}");
    assert_eq!(service.messages(&browser).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_request_says_who_sends_and_how_long_and_how_urgent_it_is() {
    let server = FaultServer::start([created()]).await;
    let (push, clock) = web(Some(&server.url));
    clock.advance(Duration::seconds(40));
    let receipt = send(&push, Platform::Web).await.unwrap();
    assert_eq!(receipt.provider_message_id, None, "the message's address is leave to delete it");
    let [request] = server.requests().try_into().unwrap();
    assert!(request.starts_with(&format!("POST {ENDPOINT_PATH} HTTP/1.1\r\n")), "{request}");
    let life = code_message().valid_for.whole_seconds();
    assert_eq!(header(&request, "ttl"), (life - 40).to_string());
    assert_eq!(header(&request, "urgency"), "high");
    assert_eq!(header(&request, "topic"), "muster-code");
    assert_eq!(header(&request, "content-encoding"), "aes128gcm");
    assert!(!request.contains(CODE));
    let claims = vapid(&request);
    assert_eq!(claims["aud"], "https://push.example");
    assert_eq!(claims["sub"], "mailto:ops@example.com");
    let ends = claims["exp"].as_i64().unwrap() - (FixedClock::START.unix_timestamp() + 40);
    assert!((3_600..=86_400).contains(&ends), "{ends}");
}

#[tokio::test]
async fn a_notice_is_kept_for_a_day_and_replaces_itself_alone() {
    let server = FaultServer::start([created()]).await;
    let (push, clock) = web(Some(&server.url));
    clock.advance(Duration::seconds(40));
    let earlier = notice(FixedClock::START - Duration::DAY);
    for notice in [&notice(FixedClock::START), &notice(FixedClock::START), &earlier] {
        push.send_push(Platform::Web, &token(Platform::Web), notice).await.unwrap();
    }
    let requests = server.requests();
    let told = |name: &str| requests.iter().map(|request| header(request, name).to_owned()).collect::<Vec<_>>();
    assert_eq!(told("ttl"), ["86360", "86360", "0"]);
    assert_eq!(told("urgency"), ["normal"; 3]);
    let topics = told("topic");
    assert_eq!(topics[0], topics[1]);
    assert_ne!(topics[0], topics[2]);
    assert!(topics[0].starts_with("muster-notice-sms-"), "{topics:?}");
}

#[tokio::test]
async fn without_a_gateway_a_push_service_is_reached_by_its_own_name_over_tls() {
    let server = TlsServer::start(|_| Told::new(201, "")).await;
    let push = web_directly(&[(TlsServer::NAME, &server)], Policy::default());
    send(&push, Platform::Web).await.unwrap();
    let [request] = server.received().try_into().unwrap();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", ENDPOINT_PATH));
    assert_eq!(request.header("content-encoding"), Some("aes128gcm"));
}

#[tokio::test]
async fn a_token_is_for_one_push_service_and_is_sent_again_for_some_hours() {
    let server = FaultServer::start([created()]).await;
    let (push, clock) = web(Some(&server.url));
    send(&push, Platform::Web).await.unwrap();
    clock.advance(Duration::hours(5));
    send(&push, Platform::Web).await.unwrap();
    let other = PushToken::parse(Platform::Web, &web_subscription("other.example")).unwrap();
    push.send_push(Platform::Web, &other, &message()).await.unwrap();
    clock.advance(Duration::hours(2));
    send(&push, Platform::Web).await.unwrap();
    let requests = server.requests();
    let tokens: Vec<&str> = requests.iter().map(|request| header(request, "authorization")).collect();
    assert_eq!(tokens[0], tokens[1]);
    assert_eq!(vapid(&requests[2])["aud"], "https://other.example");
    assert_ne!(tokens[0], tokens[3]);
    let end = FixedClock::START + Duration::hours(7 + 12);
    assert_eq!(vapid(&requests[3])["exp"], end.unix_timestamp());
}

#[tokio::test]
async fn a_code_that_has_run_out_is_not_kept_for_later() {
    let server = FaultServer::start([created()]).await;
    let (push, _) = web(Some(&server.url));
    let late = Message::Code(CodeMessage { at: FixedClock::START - Duration::HOUR, ..code_message() });
    push.send_push(Platform::Web, &token(Platform::Web), &late).await.unwrap();
    assert_eq!(header(&server.requests()[0], "ttl"), "0");
}

/// A gateway that knows nothing of what it is asked for ends no subscription.
#[rstest::rstest]
#[case(410, gone)]
#[case(404, rejected)]
#[case(400, rejected)]
#[case(413, rejected)]
#[case(301, rejected)]
#[case(401, rejected)]
#[case(403, rejected)]
#[case(200, rejected)]
#[case(204, rejected)]
#[tokio::test]
async fn a_refusal_of_a_gateways_is_told_for_what_it_is(
    #[case] status: u16,
    #[case] is_expected: fn(&NotifyError) -> bool,
) {
    // A redirect into this machine would be seen as a second connection.
    let server = FaultServer::start([Fault::json(status, CODE).with("location: /elsewhere")]).await;
    let error = send(&web(Some(&server.url)).0, Platform::Web).await.unwrap_err();
    assert!(is_expected(&error), "{error:?}");
    assert!(shown(&error).contains(&status.to_string()));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn without_a_gateway_a_name_that_leads_into_a_private_network_is_refused_for_good() {
    let (push, _) = web(None);
    let inside = PushToken::from_stored(web_subscription("localhost"));
    let error = push.send_push(Platform::Web, &inside, &message()).await.unwrap_err();
    assert!(matches!(error, NotifyError::Rejected(_)), "{error:?}");
    assert!(shown(&error).contains("no public address"), "{}", shown(&error));
    assert_silent(&error);
}

#[tokio::test]
async fn what_is_stored_is_not_believed_to_be_a_public_name() {
    let (push, _) = web(None);
    for host in ["127.0.0.1", "[::1]", "push.example:8443"] {
        let stored = PushToken::from_stored(web_subscription(host));
        let error = push.send_push(Platform::Web, &stored, &message()).await.unwrap_err();
        assert!(matches!(error, NotifyError::Rejected(_)), "{host}: {error:?}");
        assert_silent(&error);
    }
    let plain = PushToken::from_stored(web_subscription("push.example").replace("https", "http"));
    let error = push.send_push(Platform::Web, &plain, &message()).await.unwrap_err();
    assert!(matches!(error, NotifyError::Rejected(_)), "{error:?}");
}
