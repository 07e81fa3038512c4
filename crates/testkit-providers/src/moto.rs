use std::collections::BTreeMap;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::{Emulator, installed};

/// SES as moto emulates it. It keeps identities, configuration sets and sent messages, for each region of their own, and
/// takes any credentials.
pub struct Moto {
    emulator: Emulator,
    recording: tempfile::TempPath,
}

/// A message that moto took, as it keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMessage {
    /// The id that the sender was told.
    pub id: String,
    /// Who it is from.
    pub source: String,
    /// To whom it goes.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// Its HTML part; moto keeps the text only of a message that has none.
    pub body: String,
}

impl Moto {
    /// Starts moto with nothing in it.
    pub async fn start() -> Self {
        let recording = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        let mut program = Command::new(installed("moto").join("bin/moto_server"));
        program.env("MOTO_ENABLE_RECORDING", "1").env("MOTO_RECORDER_FILEPATH", &recording);
        let arguments = |port: u16| ["-H", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned).to_vec();
        Self { emulator: Emulator::start(program, arguments).await, recording }
    }

    /// Its address, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        self.emulator.url()
    }

    /// Verifies an address or a domain at once, as its owner would by following a link.
    pub async fn verify(&self, region: &str, identity: &str) {
        let (action, name) = if identity.contains('@') {
            ("VerifyEmailIdentity", "EmailAddress")
        } else {
            ("VerifyDomainIdentity", "Domain")
        };
        self.act(region, action, name, identity).await;
    }

    /// Makes a configuration set.
    pub async fn create_configuration_set(&self, region: &str, name: &str) {
        self.act(region, "CreateConfigurationSet", "ConfigurationSet.Name", name).await;
    }

    /// From now on it checks signatures, and knows no key: it refuses every request as AWS refuses an unknown key's.
    pub async fn refuse_credentials(&self) {
        let request = client().post(format!("{}/moto-api/reset-auth", self.url())).body("0");
        request.send().await.unwrap().error_for_status().unwrap();
    }

    /// Every message that it took, from the first.
    pub async fn messages(&self) -> Vec<KeptMessage> {
        let data: Value =
            client().get(format!("{}/moto-api/data.json", self.url())).send().await.unwrap().json().await.unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let kept = |message: &Value| KeptMessage {
            id: text(&message["id"]),
            source: text(&message["source"]),
            to: message["destinations"]["ToAddresses"].as_array().unwrap().iter().map(text).collect(),
            subject: text(&message["subject"]),
            body: text(&message["body"]),
        };
        data["ses"]["Message"].as_array().unwrap().iter().map(kept).collect()
    }

    /// Every request to send a message, as it came in: its form's fields, decoded.
    #[must_use]
    pub fn requests_to_send(&self) -> Vec<BTreeMap<String, String>> {
        let recording = std::fs::read_to_string(&self.recording).unwrap();
        let entries = recording.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let forms = entries.map(|entry| {
            let body = BASE64_STANDARD.decode(entry["body"].as_str().unwrap()).unwrap();
            form_urlencoded::parse(&body).into_owned().collect::<BTreeMap<_, _>>()
        });
        forms.filter(|form| form.get("Action").is_some_and(|action| action == "SendEmail")).collect()
    }

    /// Does what the emulator's console would; which service and region it is for, moto reads in the signature's scope.
    async fn act(&self, region: &str, action: &str, name: &str, value: &str) {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", action)
            .append_pair(name, value)
            .finish();
        let scope = format!("AWS4-HMAC-SHA256 Credential=test/20260101/{region}/ses/aws4_request");
        let request = client()
            .post(self.url())
            .header("authorization", format!("{scope}, SignedHeaders=host, Signature=none"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        request.send().await.unwrap().error_for_status().unwrap();
    }
}

/// A new one each time: a test has a runtime of its own, and a kept connection would belong to another's.
fn client() -> reqwest::Client {
    // Built together with reqwest's TLS it wants a provider, though this speaks plain HTTP; a second install is refused.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}
