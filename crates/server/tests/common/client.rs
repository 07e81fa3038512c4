use std::future::Future;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// A person who is signed in.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

/// An HTTP client. Built together with the providers' TLS it wants a provider of cryptography, though this speaks plain
/// HTTP; a second install is refused.
pub(crate) fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Client {
    /// Signs somebody in by development mode's door.
    pub(crate) async fn sign_in(url: &str, email: &str) -> Self {
        let nobody = Self { http: http(), url: url.to_owned(), token: String::new() };
        let answer = nobody.post("/dev/login", json!({ "email": email })).await;
        let token = body(answer).await["accessToken"].as_str().unwrap().to_owned();
        Self { token, ..nobody }
    }

    /// Somebody who has a token already.
    pub(crate) fn with_token(url: &str, token: &str) -> Self {
        Self { http: http(), url: url.to_owned(), token: token.to_owned() }
    }

    /// Somebody else, on the same connections.
    pub(crate) fn holding(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// The same person, token and connections, at another server.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// What this person's requests are authorized by.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// A second person, by development mode's door of the same server.
    pub(crate) async fn beside(&self, email: &str) -> Self {
        Self::sign_in(&self.url, email).await
    }

    /// This person's id.
    pub(crate) async fn id(&self) -> String {
        self.get("/api/users/me").await["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        body(self.send(Method::GET, path, None).await).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Response {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Asks for a code and reads it from the answer.
    pub(crate) async fn code(&self, method: &str) -> String {
        let answer = self.post("/api/notifications/verification/send", json!({ "method": method })).await;
        body(answer).await["code"].as_str().unwrap().to_owned()
    }

    /// Asks for a code.
    pub(crate) async fn ask_for_code(&self, method: &str) -> Response {
        self.post("/api/notifications/verification/send", json!({ "method": method })).await
    }

    pub(crate) async fn verify(&self, method: &str, code: &str) -> Response {
        self.post("/api/notifications/verification/verify", json!({ "method": method, "code": code })).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Response {
        self.post("/api/mobile/refresh", json!({ "refreshToken": token })).await
    }

    /// Opens a phone session and returns its refresh token.
    pub(crate) async fn open_session(&self) -> String {
        let answer = self.post("/api/mobile/token", json!({ "deviceName": "Pixel" })).await;
        body(answer).await["refreshToken"].as_str().unwrap().to_owned()
    }
}

/// An answer's JSON; fails on a problem.
pub(crate) async fn body(answer: Response) -> Value {
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// The answers to `count` requests that are under way at once.
pub(crate) async fn at_once<F, R>(count: usize, request: impl Fn() -> F) -> Vec<R>
where
    F: Future<Output = R> + Send + 'static,
    R: Send + 'static,
{
    let mut running = JoinSet::new();
    for _ in 0..count {
        running.spawn(request());
    }
    running.join_all().await
}

/// How many of the answers have that status.
pub(crate) fn count(answers: &[Response], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status() == status).count()
}
