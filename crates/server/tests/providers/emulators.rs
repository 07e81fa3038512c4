//! The providers' emulators, and how a person reads there what they were sent.

use std::path::Path;

use muster_testkit_providers::{ApnsServer, Emulator, FcmServer, Moto, Recorder, Subscribed, WebPushService, prism};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::installation::{Installation, Setting};

pub(crate) const IOS_TOKEN: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
pub(crate) const ANDROID_TOKEN: &str = "fcm-registration:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx";
/// The example of RFC 8291, appendix A.
const VAPID_PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
const VAPID_PUBLIC: &str = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";

/// One for all tests of this program; each test has a region and so identities of its own.
pub(crate) async fn moto() -> &'static Moto {
    static MOTO: OnceCell<Moto> = OnceCell::const_new();
    MOTO.get_or_init(Moto::start).await
}

async fn twilio_by_prism() -> &'static Emulator {
    static PRISM: OnceCell<Emulator> = OnceCell::const_new();
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../notify-twilio/tests/fixtures/twilio_messages.json");
    PRISM.get_or_init(|| async move { prism(&document).await }).await
}

/// Twilio, and all that went there since.
pub(crate) async fn twilio_recorded() -> Recorder {
    Recorder::before(twilio_by_prism().await.port).await
}

/// An example of Twilio's own OpenAPI document.
pub(crate) fn twilio_example(path: &str, method: &str, status: &str) -> Value {
    let document = include_str!("../../../notify-twilio/tests/fixtures/twilio_messages.json");
    let document: Value = serde_json::from_str(document).unwrap();
    let examples = &document["paths"][path][method]["responses"][status]["content"]["application/json"]["examples"];
    examples.as_object().unwrap().values().next().unwrap()["value"].clone()
}

/// SES in a region where the sender is verified.
pub(crate) async fn ses(region: &str) -> Vec<Setting> {
    moto().await.verify(region, "muster@example.com").await;
    ses_at(&moto().await.url(), region)
}

pub(crate) fn ses_at(url: &str, region: &str) -> Vec<Setting> {
    let settings = [
        ("AWS_REGION", region),
        ("AWS_SES_FROM_EMAIL", "Muster <muster@example.com>"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("AWS_ENDPOINT_URL_SES", url),
    ];
    settings.map(|(name, value)| (name, value.to_owned())).to_vec()
}

pub(crate) fn twilio(url: &str) -> Vec<Setting> {
    let settings = [
        ("TWILIO_ACCOUNT_SID", "AC0123456789abcdef0123456789abcdef"),
        ("TWILIO_AUTH_TOKEN", "b7c29d55e1f04a6eb8d1"),
        ("TWILIO_PHONE_NUMBER", "+15005550006"),
        ("TWILIO_API_BASE_URL", url),
    ];
    settings.map(|(name, value)| (name, value.to_owned())).to_vec()
}

/// The same by a messaging service, of which nothing is to be looked up.
pub(crate) fn twilio_with_service(url: &str) -> Vec<Setting> {
    let mut settings = twilio(url);
    settings.retain(|(name, _)| *name != "TWILIO_PHONE_NUMBER");
    settings.push(("TWILIO_MESSAGING_SERVICE_SID", "MG0123456789abcdef0123456789abcdef".to_owned()));
    settings
}

/// All three push services.
pub(crate) struct Push {
    pub(crate) web: WebPushService,
    pub(crate) fcm: FcmServer,
    pub(crate) apns: ApnsServer,
}

impl Push {
    pub(crate) async fn start() -> Self {
        Self { web: WebPushService::start().await, fcm: FcmServer::start().await, apns: ApnsServer::start().await }
    }

    /// The settings of all three. Writes the files that they name.
    pub(crate) fn settings(&self, installation: &Installation) -> Vec<Setting> {
        let (fcm, apns) = (&self.fcm.server, &self.apns.server);
        installation.folder.write("fcm.json", FcmServer::account());
        installation.folder.write("apns.p8", &self.apns.key);
        let authorities = format!("{}{}", fcm.authority_pem(), apns.authority_pem());
        let authorities = installation.folder.write("authorities.pem", authorities);
        vec![
            ("SSL_CERT_FILE", authorities.display().to_string()),
            ("VAPID_PRIVATE_KEY", VAPID_PRIVATE.to_owned()),
            ("VAPID_SUBJECT", "mailto:pager@example.com".to_owned()),
            ("WEB_PUSH_API_BASE_URL", self.web.url()),
            ("FCM_SERVICE_ACCOUNT_FILE", "fcm.json".to_owned()),
            ("FCM_API_BASE_URL", fcm.url.clone()),
            ("FCM_TOKEN_URL", self.fcm.token_url()),
            ("APNS_KEY_FILE", "apns.p8".to_owned()),
            ("APNS_KEY_ID", ApnsServer::KEY_ID.to_owned()),
            ("APNS_TEAM_ID", ApnsServer::TEAM_ID.to_owned()),
            ("APNS_TOPIC", "com.example.oncall".to_owned()),
            ("APNS_API_BASE_URL", apns.url.clone()),
        ]
    }

    /// A browser that subscribed to this installation.
    pub(crate) async fn browser(&self) -> Subscribed {
        self.web.subscribe(VAPID_PUBLIC).await
    }
}

/// What is secret of a subscription: the part of its endpoint that names it.
pub(crate) fn endpoint_of(browser: &Subscribed) -> String {
    let subscription: Value = serde_json::from_str(&browser.subscription).unwrap();
    subscription["endpoint"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

/// The code in the last e-mail to that address.
pub(crate) async fn code_by_email(address: &str) -> String {
    let messages = moto().await.messages().await;
    let last = messages.iter().rfind(|message| message.to == [address]).unwrap();
    last.subject[..6].to_owned()
}

/// The code in the last text message to that number, which a phone fills in by its last line.
pub(crate) fn code_by_sms(recorder: &Recorder, number: &str) -> String {
    let forms =
        recorder.exchanges().into_iter().rev().map(|exchange| {
            url::form_urlencoded::parse(exchange.request.body.as_bytes()).into_owned().collect::<Vec<_>>()
        });
    let field =
        |form: &[(String, String)], name: &str| form.iter().find(|(key, _)| key == name).map(|(_, v)| v.clone());
    let mut texts = forms.filter(|form| field(form, "To").as_deref() == Some(number));
    let text = texts.find_map(|form| field(&form, "Body")).unwrap();
    let (text, code) = text.rsplit_once(" #").unwrap();
    assert!(text.starts_with(code) && text.ends_with("@muster.example.com"), "{text}");
    code.to_owned()
}

impl Push {
    /// The code in the last message to that browser, as it was decrypted there.
    pub(crate) async fn code_by_web(&self, browser: &Subscribed) -> String {
        code_of(&serde_json::from_str(self.web.messages(browser).await.last().unwrap()).unwrap())
    }

    /// The code in the last message to an Android device.
    pub(crate) fn code_by_fcm(&self) -> String {
        let body: Value = serde_json::from_str(&self.fcm.server.received().last().unwrap().body).unwrap();
        assert_eq!(body["message"]["token"], ANDROID_TOKEN);
        code_of(&body["message"]["data"])
    }

    /// The code in the last message to an Apple device.
    pub(crate) fn code_by_apns(&self) -> String {
        let requests = self.apns.server.received();
        let last = requests.last().unwrap();
        assert_eq!(last.path, format!("/3/device/{IOS_TOKEN}"));
        code_of(&serde_json::from_str(&last.body).unwrap())
    }
}

fn code_of(message: &Value) -> String {
    message["code"].as_str().unwrap().to_owned()
}

/// A device as its app registers it.
pub(crate) fn device(platform: &str, token: &str) -> Value {
    json!({ "platform": platform, "token": token })
}
