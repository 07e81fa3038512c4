//! Identity providers as companies run them, each with one person and one client.

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::emulator::{Emulator, free_port, installed};

/// The client for which the providers make tokens.
const CLIENT: (&str, &str) = ("muster-web", "not a secret of anybody");

/// Which provider, at the version that `scripts/install-emulators` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// npm's `oidc-provider`, a library that is run here with little around it.
    OidcProvider,
    /// Canaille, from the Python Package Index.
    Canaille,
    /// Debian's Glewlwyd.
    Glewlwyd,
    /// Debian's lemonldap-ng.
    LemonLdap,
}

impl Product {
    /// The program that starts it, without what follows: the folder, the options and the port.
    fn launcher(self) -> Command {
        let (package, script) = match self {
            Self::OidcProvider => ("oidc-provider", "run_oidc_provider.mjs"),
            Self::Canaille => ("canaille", "run_canaille.py"),
            Self::Glewlwyd => ("glewlwyd", "run_glewlwyd.py"),
            Self::LemonLdap => ("lemonldap-ng", "run_lemonldap.py"),
        };
        let package = installed(package);
        let interpreter = match self {
            Self::OidcProvider => PathBuf::from("node"),
            Self::Canaille => package.join("bin/python"),
            Self::Glewlwyd | Self::LemonLdap => PathBuf::from("python3"),
        };
        let mut launcher = Command::new(interpreter);
        launcher.arg(Path::new(SCRIPTS).join(script)).arg(package);
        launcher
    }

    /// Where its issuer is, below its address.
    fn issuer_path(self) -> &'static str {
        match self {
            Self::OidcProvider | Self::Canaille => "",
            Self::Glewlwyd => "/api/oidc",
            Self::LemonLdap => "/",
        }
    }

    /// The name and the password of its person.
    fn person(self) -> (&'static str, &'static str) {
        match self {
            Self::LemonLdap => ("dwho", "dwho"),
            _ => ("ada", "correct horse battery"),
        }
    }
}

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/identity_provider");

/// A provider that runs. Its client is `muster-web`.
pub struct IdentityProvider {
    product: Product,
    options: Value,
    folder: TempDir,
    emulator: Option<Emulator>,
    port: u16,
}

/// What a client has when somebody has signed in.
#[derive(Debug, Clone, Deserialize)]
pub struct SignedIn {
    /// Who it is, for the client.
    pub id_token: String,
    /// What the client shows to APIs.
    pub access_token: String,
}

impl IdentityProvider {
    /// Starts one. The scripts beside this file say what the options are.
    pub async fn start(product: Product, options: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut provider = Self { product, options, folder, emulator: None, port: free_port() };
        provider.run().await;
        provider
    }

    /// The issuer in its tokens.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port, self.product.issuer_path())
    }

    /// The name that its person signs in with.
    #[must_use]
    pub fn login(&self) -> &'static str {
        self.product.person().0
    }

    /// Gives it a new signing key and starts it again at the same address. The public half of the old key stays
    /// published, except by lemonldap-ng, which has no place for it.
    pub async fn rotate_key(&mut self) {
        let key = self.folder.path().join("key");
        std::fs::rename(&key, self.folder.path().join("old-key")).unwrap();
        self.run().await;
    }

    /// Signs its person in by the authorization code flow. `parameters` go into the authorization and the token request.
    pub async fn sign_in(&self, scope: &str, parameters: Value) -> SignedIn {
        if self.product == Product::Canaille {
            // Within a second it makes the same access token twice, and fails the second time.
            tokio::time::sleep(Duration::from_millis(1100)).await;
        }
        let (login, password) = self.product.person();
        let request = json!({
            "issuer": self.issuer(), "client_id": CLIENT.0, "client_secret": CLIENT.1, "login": login,
            "password": password, "scope": scope, "parameters": parameters,
        });
        tokio::task::spawn_blocking(move || code_flow(&request)).await.unwrap()
    }

    async fn run(&mut self) {
        // The old one ends first: its port is needed. A process that was killed may still be there for a moment.
        self.emulator = None;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut launcher = self.product.launcher();
        launcher.arg(self.folder.path()).arg(self.options.to_string()).arg(self.port.to_string());
        self.emulator = Some(Emulator::start_at(self.port, launcher).await);
    }
}

fn code_flow(request: &Value) -> SignedIn {
    let mut python = Command::new("python3");
    python.arg(Path::new(SCRIPTS).join("code_flow.py"));
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let ended = python.wait_with_output().unwrap();
    assert!(ended.status.success(), "nobody signed in: {}", String::from_utf8_lossy(&ended.stderr));
    serde_json::from_slice(&ended.stdout).unwrap()
}
