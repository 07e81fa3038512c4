use std::process::Command;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::emulator::{Emulator, installed};

/// A push service and the browsers that subscribe there: npm's `web-push-testing`, which checks who sends and decrypts
/// what it is sent.
pub struct WebPushService {
    emulator: Emulator,
}

/// A browser that subscribed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribed {
    /// Its `PushSubscription` as JSON. The endpoint's host is `push.example`; what is below it is the service's.
    pub subscription: String,
    client: String,
}

impl WebPushService {
    /// Starts one.
    pub async fn start() -> Self {
        let package = installed("web-push-testing").join("node_modules/web-push-testing");
        let mut node = Command::new("node");
        node.arg(package.join("src/bin/server.js"));
        Self { emulator: Emulator::start(node, |port| vec![port.to_string()]).await }
    }

    /// Where it listens, without TLS.
    #[must_use]
    pub fn url(&self) -> String {
        self.emulator.url()
    }

    /// Subscribes a browser to who has this key.
    pub async fn subscribe(&self, application_server_key: &str) -> Subscribed {
        let options = json!({ "userVisibleOnly": "true", "applicationServerKey": application_server_key });
        let data = self.ask("/subscribe", &options).await["data"].take();
        let client = data["clientHash"].as_str().unwrap().to_owned();
        let endpoint = format!("https://push.example/notify/{client}");
        let subscription = json!({ "endpoint": endpoint, "expirationTime": null, "keys": data["keys"] });
        Subscribed { subscription: subscription.to_string(), client }
    }

    /// What a browser was sent, decrypted.
    pub async fn messages(&self, browser: &Subscribed) -> Vec<String> {
        let found = self.ask("/get-notifications", &json!({ "clientHash": browser.client })).await;
        let messages = found["data"]["messages"].as_array().unwrap();
        messages.iter().map(|message| message.as_str().unwrap().to_owned()).collect()
    }

    /// Ends a browser's subscription.
    pub async fn expire(&self, browser: &Subscribed) {
        self.ask(&format!("/expire-subscription/{}", browser.client), &json!({})).await;
    }

    async fn ask(&self, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.emulator.port)).await.unwrap();
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
        serde_json::from_str(body).unwrap_or_default()
    }
}
