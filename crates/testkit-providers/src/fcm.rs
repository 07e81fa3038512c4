use std::collections::VecDeque;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::installed;
use crate::jwt::{Algorithm, Claims, verified_claims};
use crate::tls::{Received, TlsServer, Told};

/// A key of a service account's, which Google makes with RSA. Made by node once for each process.
#[derive(Debug, Clone)]
pub struct GoogleKey {
    /// The private key as Google writes it: PKCS#8 in PEM.
    pub private: String,
    /// The public key, as DER of PKCS#1.
    pub public: Vec<u8>,
}

const MAKE_KEY: &str = r"
const { privateKey, publicKey } = require('node:crypto').generateKeyPairSync('rsa', { modulusLength: 2048 });
process.stdout.write(JSON.stringify({
  private: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  public: publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64'),
}));";

impl GoogleKey {
    /// The process's key.
    #[must_use]
    pub fn get() -> Self {
        static KEY: OnceLock<GoogleKey> = OnceLock::new();
        KEY.get_or_init(|| {
            // Brings node where it is missing.
            let _ = installed("web-push-testing");
            let output = Command::new("node").args(["-e", MAKE_KEY]).output().unwrap();
            assert!(output.status.success(), "node made no key: {}", String::from_utf8_lossy(&output.stderr));
            let made: Value = serde_json::from_slice(&output.stdout).unwrap();
            GoogleKey {
                private: made["private"].as_str().unwrap().to_owned(),
                public: STANDARD.decode(made["public"].as_str().unwrap()).unwrap(),
            }
        })
        .clone()
    }
}

/// What Google is for a server that sends: HTTP/2 over TLS, which grants access tokens for requests that are signed by
/// the key it knows, and takes messages with the latest of them.
pub struct FcmServer {
    /// The server.
    pub server: TlsServer,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    granted: Vec<Claims>,
    revoked: usize,
    messages: VecDeque<Told>,
    grants: VecDeque<Told>,
}

impl FcmServer {
    /// The account's name.
    pub const ACCOUNT: &str = "muster@example-project.iam.gserviceaccount.com";
    /// Its project.
    pub const PROJECT: &str = "example-project";
    /// Where the account's file says that tokens are granted.
    pub const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

    /// Starts one.
    pub async fn start() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let server = TlsServer::start({
            let (state, key) = (state.clone(), GoogleKey::get());
            move |request| {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                if request.path == "/token" { grant(request, &key, &mut state) } else { take(request, &mut state) }
            }
        })
        .await;
        Self { server, state }
    }

    /// The JSON of the account's key.
    #[must_use]
    pub fn account() -> String {
        json!({
            "type": "service_account",
            "project_id": Self::PROJECT,
            "private_key_id": "0123456789abcdef",
            "private_key": GoogleKey::get().private,
            "client_email": Self::ACCOUNT,
            "client_id": "1",
            "token_uri": Self::TOKEN_URI,
        })
        .to_string()
    }

    /// Where it grants access tokens.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("{}/token", self.server.url)
    }

    /// What was said in each request that an access token was granted for.
    #[must_use]
    pub fn granted(&self) -> Vec<Claims> {
        self.state().granted.clone()
    }

    /// Takes no message any more with an access token that was granted before.
    pub fn revoke(&self) {
        let mut state = self.state();
        state.revoked = state.granted.len();
    }

    /// Answers messages that come with a good access token with these, one after the other.
    pub fn answer_next(&self, answers: impl IntoIterator<Item = Told>) {
        self.state().messages.extend(answers);
    }

    /// Answers requests for an access token with these, one after the other.
    pub fn grant_next(&self, answers: impl IntoIterator<Item = Told>) {
        self.state().grants.extend(answers);
    }

    /// An answer with FCM's own code, as Google's are.
    #[must_use]
    pub fn refusal(status: u16, google: &str, fcm: Option<&str>) -> Told {
        let details: Vec<Value> = fcm
            .iter()
            .map(|code| json!({ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code }))
            .collect();
        let error = json!({ "code": status, "message": "Told to refuse.", "status": google, "details": details });
        Told::new(status, json!({ "error": error }).to_string()).with("content-type", "application/json; charset=UTF-8")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn grant(request: &Received, key: &GoogleKey, state: &mut State) -> Told {
    let is_form = request.header("content-type") == Some("application/x-www-form-urlencoded");
    let field = |name: &str| {
        form_urlencoded::parse(request.body.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    let is_grant = field("grant_type").as_deref() == Some("urn:ietf:params:oauth:grant-type:jwt-bearer");
    let claims = field("assertion").and_then(|token| verified_claims(&token, Algorithm::Rs256, &key.public));
    let Some(claims) = claims.filter(|_| is_form && is_grant && request.method == "POST") else {
        return Told::new(400, json!({ "error": "invalid_grant" }).to_string());
    };
    if let Some(told) = state.grants.pop_front() {
        return told;
    }
    state.granted.push(claims);
    let token = format!("access-token-{}", state.granted.len());
    let granted = json!({ "access_token": token, "expires_in": 3599, "token_type": "Bearer" });
    Told::new(200, granted.to_string()).with("content-type", "application/json")
}

fn take(request: &Received, state: &mut State) -> Told {
    let number = request.header("authorization").and_then(|header| header.strip_prefix("Bearer access-token-"));
    let number = number.and_then(|number| number.parse::<usize>().ok());
    if number.is_none_or(|number| number <= state.revoked || number > state.granted.len()) {
        return FcmServer::refusal(401, "UNAUTHENTICATED", None);
    }
    if request.method != "POST" || request.path != format!("/v1/projects/{}/messages:send", FcmServer::PROJECT) {
        return Told::new(404, "<!DOCTYPE html>");
    }
    if let Some(told) = state.messages.pop_front() {
        return told;
    }
    let name = format!("projects/{}/messages/0:1%31bd1c96", FcmServer::PROJECT);
    Told::new(200, json!({ "name": name }).to_string()).with("content-type", "application/json")
}
