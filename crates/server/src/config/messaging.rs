use muster_domain::verification::{Allowance, ChannelSet, Method, SendLimits, SmsPrefixes};
use muster_notify_push::{
    ApnsKey, ApnsSettings, ApnsTopic, AppleId, BaseUrl, FcmSettings, PushSettings, ServiceAccount, VapidKey,
    VapidSubject, WebPushSettings,
};
use muster_notify_ses::{SesSettings, StaticCredentials};
use muster_notify_twilio::{AccountSid, OriginHost, SenderId, SettingError, TwilioSettings};
use secrecy::SecretString;
use url::Url;

use super::Mode;
use super::parser::Parser;

/// Over which channels people are reached, through whom, and how often. Without a provider a channel's messages go to the
/// development outbox.
#[derive(Debug, Default)]
pub(crate) struct Messaging {
    /// The channels that are on.
    pub channels: ChannelSet,
    /// How many codes may be sent.
    pub limits: SendLimits,
    /// How e-mail goes out.
    pub email: Option<SesSettings>,
    /// How text messages go out.
    pub sms: Option<TwilioSettings>,
    /// How push messages go out.
    pub push: Option<PushSettings>,
}

const SES: [&str; 2] = ["AWS_REGION", "AWS_SES_FROM_EMAIL"];
const AWS_KEYS: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY_FILE"];
const TWILIO: [&str; 6] = [
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_AUTH_TOKEN_FILE",
    "TWILIO_PHONE_NUMBER",
    "TWILIO_MESSAGING_SERVICE_SID",
    "TWILIO_API_BASE_URL",
];
const WEB_PUSH: [&str; 4] = ["VAPID_PRIVATE_KEY", "VAPID_PRIVATE_KEY_FILE", "VAPID_SUBJECT", "WEB_PUSH_API_BASE_URL"];
const FCM: [&str; 3] = ["FCM_SERVICE_ACCOUNT_FILE", "FCM_API_BASE_URL", "FCM_TOKEN_URL"];
const APNS: [&str; 5] = ["APNS_KEY_FILE", "APNS_KEY_ID", "APNS_TEAM_ID", "APNS_TOPIC", "APNS_API_BASE_URL"];

impl Messaging {
    /// Takes the settings of every channel that is on: in production all of them, in development those of a provider of
    /// which any is given.
    pub(super) fn parse(parser: &mut Parser<'_>, mode: Mode, public_url: Option<&str>) -> Self {
        let how = "must name one or more of email, sms and push, with commas between them";
        let given = parser.any_given(&["MUSTER_CHANNELS"]);
        let channels = parser.optional("MUSTER_CHANNELS", how, |text| {
            let methods: Option<Vec<Method>> = text.split(',').map(|name| Method::from_name(name.trim())).collect();
            ChannelSet::of(methods?)
        });
        let channels = match (channels, given) {
            (Some(channels), _) => channels,
            (None, false) => ChannelSet::ALL,
            // Of which channels the rest should tell what is missing, nobody knows.
            (None, true) => return Self::default(),
        };
        let production = mode == Mode::Production;
        let wanted = |method, given: bool| channels.contains(method) && (production || given);
        // Others' programs read AWS_REGION and the keys too: only the sender tells that SES is meant.
        let email = wanted(Method::Email, parser.any_given(&SES[1..])).then(|| ses(parser, public_url));
        let sms = wanted(Method::Sms, parser.any_given(&TWILIO)).then(|| twilio(parser, public_url));
        let push_given = parser.any_given(&[&WEB_PUSH[..], &FCM, &APNS].concat());
        let push = wanted(Method::Push, push_given).then(|| push(parser, push_given));
        Self { channels, limits: limits(parser), email: email.flatten(), sms: sms.flatten(), push }
    }
}

fn limits(parser: &mut Parser<'_>) -> SendLimits {
    let default = SendLimits::default();
    let how = "must be two numbers, by the hour and no fewer by the day, like 6/15";
    let allowance = |text: &str| {
        let (hour, day) = text.split_once('/')?;
        let allowance = Allowance { hour: hour.trim().parse().ok()?, day: day.trim().parse().ok()? };
        (1..=allowance.day).contains(&allowance.hour).then_some(allowance)
    };
    let how_prefixes = "must be country codes or longer beginnings of numbers with commas between them, like +1,+44";
    SendLimits {
        per_destination: parser.value("MUSTER_SENDS_PER_DESTINATION", default.per_destination, how, allowance),
        per_user: parser.value("MUSTER_SENDS_PER_USER", default.per_user, how, allowance),
        installation: parser.value("MUSTER_SENDS_IN_ALL", default.installation, how, allowance),
        sms_prefixes: parser.value("MUSTER_SMS_PREFIXES", default.sms_prefixes, how_prefixes, |text| {
            SmsPrefixes::only(text.split(',').map(str::trim))
        }),
    }
}

fn ses(parser: &mut Parser<'_>, public_url: Option<&str>) -> Option<SesSettings> {
    parser.require(&SES, "e-mail goes out by AWS SES (or leave email out of MUSTER_CHANNELS)");
    if parser.any_given(&AWS_KEYS) {
        let reason = "the other half of the key pair is given; give both, or none to use the SDK's own chain";
        parser.require(&AWS_KEYS[..1], reason);
        parser.require_one(&AWS_KEYS[1..], reason);
    }
    let region = parser.checked("AWS_REGION", SesSettings::check_region);
    let from = parser.checked("AWS_SES_FROM_EMAIL", SesSettings::check_from);
    let configuration_set = parser.checked("AWS_SES_CONFIGURATION_SET", SesSettings::check_configuration_set);
    let endpoint_url = parser.checked("AWS_ENDPOINT_URL_SES", SesSettings::check_endpoint_url);
    let secret = parser.secret("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY_FILE", aws_secret);
    let session_token = parser.secret("AWS_SESSION_TOKEN", "AWS_SESSION_TOKEN_FILE", aws_secret);
    let id = parser.settings.get("AWS_ACCESS_KEY_ID").map(str::to_owned);
    let credentials = id.zip(secret).map(|(access_key_id, secret_access_key)| StaticCredentials {
        access_key_id,
        secret_access_key,
        session_token,
    });
    let public_url = public_url.map(str::to_owned);
    Some(SesSettings { region: region?, from: from?, credentials, configuration_set, endpoint_url, public_url })
}

fn aws_secret(text: &str) -> Result<SecretString, &'static str> {
    let text = text.trim();
    if text.is_empty() { Err("is empty") } else { Ok(SecretString::from(text)) }
}

fn twilio(parser: &mut Parser<'_>, public_url: Option<&str>) -> Option<TwilioSettings> {
    let reason = "text messages go out by Twilio (or leave sms out of MUSTER_CHANNELS)";
    parser.require(&["TWILIO_ACCOUNT_SID"], reason);
    parser.require_one(&["TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_FILE"], reason);
    parser.require_one(&["TWILIO_PHONE_NUMBER", "TWILIO_MESSAGING_SERVICE_SID"], reason);
    let account_sid = parser.checked("TWILIO_ACCOUNT_SID", str::parse::<AccountSid>);
    let auth_token = parser.secret("TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_FILE", auth_token);
    let number = parser.checked("TWILIO_PHONE_NUMBER", SenderId::number);
    let service = parser.checked("TWILIO_MESSAGING_SERVICE_SID", SenderId::messaging_service);
    if parser.any_given(&["TWILIO_PHONE_NUMBER"]) && parser.any_given(&["TWILIO_MESSAGING_SERVICE_SID"]) {
        parser.fault("TWILIO_PHONE_NUMBER", "is given beside TWILIO_MESSAGING_SERVICE_SID: leave out one of them");
    }
    let base_url = parser.checked("TWILIO_API_BASE_URL", TwilioSettings::check_base_url);
    // Addresses that are no web site's, like http://127.0.0.1:8080, have no codes filled in for them.
    let host =
        public_url.and_then(|url| Url::parse(url).ok()).and_then(|url| url.host_str()?.parse::<OriginHost>().ok());
    let (account_sid, auth_token, sender) = (account_sid?, auth_token?, service.or(number)?);
    Some(TwilioSettings { account_sid, auth_token, sender, base_url, origin_host: host })
}

fn auth_token(text: &str) -> Result<SecretString, SettingError> {
    let text = text.trim();
    let good = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    good.then(|| SecretString::from(text)).ok_or(SettingError::AuthToken)
}

fn push(parser: &mut Parser<'_>, any_given: bool) -> PushSettings {
    if !any_given {
        parser.fault(
            "MUSTER_CHANNELS",
            "has push on, and no push service is set up: give VAPID_PRIVATE_KEY and VAPID_SUBJECT for browsers, \
             FCM_SERVICE_ACCOUNT_FILE for Android, or APNS_KEY_FILE, APNS_KEY_ID, APNS_TEAM_ID and APNS_TOPIC for \
             Apple's devices (or leave push out of MUSTER_CHANNELS)",
        );
    }
    PushSettings {
        web: parser.any_given(&WEB_PUSH).then(|| web_push(parser)).flatten(),
        fcm: parser.any_given(&FCM).then(|| fcm(parser)).flatten(),
        apns: parser.any_given(&APNS).then(|| apns(parser)).flatten(),
    }
}

fn web_push(parser: &mut Parser<'_>) -> Option<WebPushSettings> {
    let reason = "another setting of Web Push is given";
    parser.require_one(&WEB_PUSH[..2], reason);
    parser.require(&["VAPID_SUBJECT"], reason);
    let key = parser.secret("VAPID_PRIVATE_KEY", "VAPID_PRIVATE_KEY_FILE", VapidKey::parse);
    let subject = parser.checked("VAPID_SUBJECT", VapidSubject::parse);
    let base_url = parser.checked("WEB_PUSH_API_BASE_URL", BaseUrl::parse);
    Some(WebPushSettings { key: key?, subject: subject?, base_url })
}

fn fcm(parser: &mut Parser<'_>) -> Option<FcmSettings> {
    parser.require(&FCM[..1], "another setting of FCM is given");
    let account = parser.file("FCM_SERVICE_ACCOUNT_FILE", ServiceAccount::parse);
    let base_url = parser.checked("FCM_API_BASE_URL", BaseUrl::parse);
    let token_url = parser.checked("FCM_TOKEN_URL", BaseUrl::parse);
    Some(FcmSettings { account: account?, base_url, token_url })
}

fn apns(parser: &mut Parser<'_>) -> Option<ApnsSettings> {
    parser.require(&APNS[..4], "another setting of APNs is given");
    let key = parser.file("APNS_KEY_FILE", ApnsKey::parse);
    let key_id = parser.checked("APNS_KEY_ID", AppleId::parse);
    let team_id = parser.checked("APNS_TEAM_ID", AppleId::parse);
    let topic = parser.checked("APNS_TOPIC", ApnsTopic::parse);
    let base_url = parser.checked("APNS_API_BASE_URL", BaseUrl::parse);
    Some(ApnsSettings { key: key?, key_id: key_id?, team_id: team_id?, topic: topic?, base_url })
}
