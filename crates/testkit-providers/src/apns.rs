use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::KeyPair;
use serde_json::json;

use crate::jwt::{Algorithm, Claims, verified_claims};
use crate::tls::{Received, TlsServer, Told};

/// What APNs is for a server that sends: HTTP/2 over TLS, which takes an alert only with a token that is signed by the
/// key it knows.
pub struct ApnsServer {
    /// The server.
    pub server: TlsServer,
    /// The key that it knows, as the PEM of a `.p8` file.
    pub key: String,
    public: Vec<u8>,
    script: Arc<Mutex<VecDeque<Told>>>,
}

impl ApnsServer {
    /// The id of the key.
    pub const KEY_ID: &str = "ABC123DEFG";
    /// The id of the team.
    pub const TEAM_ID: &str = "DEF123GHIJ";

    /// Starts one, with a key of its own.
    pub async fn start() -> Self {
        let key = KeyPair::generate().unwrap();
        let public = key.public_key_raw().to_vec();
        let script = Arc::<Mutex<VecDeque<Told>>>::default();
        let server = TlsServer::start({
            let (script, public) = (script.clone(), public.clone());
            move |request| answer(request, &public, &script)
        })
        .await;
        Self { server, key: key.serialize_pem(), public, script }
    }

    /// Answers requests that are well signed with these, one after the other, before it takes alerts again.
    pub fn answer_next(&self, answers: impl IntoIterator<Item = Told>) {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).extend(answers);
    }

    /// An answer that gives a reason, as Apple's do.
    #[must_use]
    pub fn refusal(status: u16, reason: &str) -> Told {
        Told::new(status, json!({ "reason": reason }).to_string())
    }

    /// What a request's token says, when its signature is good.
    #[must_use]
    pub fn claims(&self, request: &Received) -> Option<Claims> {
        claims(request, &self.public)
    }
}

fn claims(request: &Received, public: &[u8]) -> Option<Claims> {
    verified_claims(request.header("authorization")?.strip_prefix("bearer ")?, Algorithm::Es256, public)
}

fn answer(request: &Received, public: &[u8], script: &Mutex<VecDeque<Told>>) -> Told {
    let known = claims(request, public).is_some_and(|token| {
        token.header["kid"] == ApnsServer::KEY_ID
            && token.claims["iss"] == ApnsServer::TEAM_ID
            && token.claims["iat"].is_i64()
    });
    if !known {
        return ApnsServer::refusal(403, "InvalidProviderToken");
    }
    if request.method != "POST" || !request.path.starts_with("/3/device/") {
        return ApnsServer::refusal(404, "BadPath");
    }
    if let Some(told) = script.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
        return told;
    }
    Told::new(200, "").with("apns-id", request.header("apns-id").unwrap_or_default())
}
