//! TLS to PostgreSQL: who is believed, by `sslmode`.
#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what only tests call fails by panicking")]

use std::error::Error;

use muster_domain::StoreError;
use muster_persistence::Store;
use muster_testkit_postgres::Cluster;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio_postgres::{Client, NoTls};

/// A server with a certificate, the certificate of the authority that signed it, and that of another one.
struct Secured {
    cluster: Cluster,
    folder: TempDir,
}

impl Secured {
    async fn for_name(name: &str) -> Self {
        let (authority, other) = (authority(), authority());
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("good.pem"), authority.pem()).unwrap();
        std::fs::write(folder.path().join("other.pem"), other.pem()).unwrap();

        let cluster = Cluster::start().await;
        let client = connect(&cluster).await;
        write(&client, "server.crt", &certificate.pem()).await;
        write(&client, "server.key", &key.serialize_pem()).await;
        client.batch_execute("ALTER SYSTEM SET ssl = on").await.unwrap();
        drop(client);
        cluster.stop();
        cluster.restart().await;
        Self { cluster, folder }
    }

    /// Connects with that mode, trusting those roots; the mode is the application's name.
    async fn connects(&self, mode: &str, roots: &str) -> Result<Store, StoreError> {
        let (server, roots) = (self.cluster.tcp_url("postgres"), self.folder.path().join(roots));
        try_store(&format!("{server}?sslmode={mode}&application_name={mode}&sslrootcert={}", roots.display())).await
    }

    /// Whether the connection of that application name is encrypted, as the server sees it.
    async fn encrypts(&self, application: &str) -> bool {
        let asked = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = $1";
        connect(&self.cluster).await.query_one(asked, &[&application]).await.unwrap().get(0)
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

async fn connect(cluster: &Cluster) -> Client {
    let (client, connection) = tokio_postgres::connect(&cluster.url("postgres"), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Lets the server write a file in its data folder, so that it is its own and nobody else's.
async fn write(client: &Client, name: &str, text: &str) {
    let lines = text.lines().map(|line| format!("('{line}')")).collect::<Vec<_>>().join(", ");
    let copy = format!("COPY (VALUES {lines}) TO PROGRAM 'umask 077 && cat > {name}'");
    client.batch_execute(&copy).await.unwrap();
}

async fn try_store(url: &str) -> Result<Store, StoreError> {
    let store = Store::connect(url, Handle::current())?;
    store.pending_migrations().await?;
    // Keeps a connection of the pool open; the database has no schema.
    assert!(store.check_usable().await.is_err());
    Ok(store)
}

/// Why a server was not connected to, with all that caused it.
fn reason(result: Result<Store, StoreError>) -> String {
    let Err(error @ StoreError::Unavailable(_)) = result else {
        panic!("{:?}", result.err());
    };
    let mut text = String::new();
    let mut cause: Option<&dyn Error> = Some(&error);
    while let Some(error) = cause {
        text.push_str(&error.to_string());
        text.push('\n');
        cause = error.source();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_the_right_certificate_is_believed() {
    let server = Secured::for_name("127.0.0.1").await;
    for mode in ["require", "verify-ca", "verify-full"] {
        let _store = server.connects(mode, "good.pem").await.unwrap();
        assert!(server.encrypts(mode).await, "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_certificate_another_authority_signed_is_not_believed() {
    let server = Secured::for_name("127.0.0.1").await;
    for mode in ["require", "verify-ca", "verify-full"] {
        let reason = reason(server.connects(mode, "other.pem").await);
        assert!(reason.contains("invalid peer certificate"), "{mode}: {reason}");
    }
    let system = format!("{}?sslmode=require", server.cluster.tcp_url("postgres"));
    assert!(reason(try_store(&system).await).contains("invalid peer certificate"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_counts_unless_only_the_authority_is_asked_for() {
    let server = Secured::for_name("db.example").await;
    for mode in ["require", "verify-full"] {
        let reason = reason(server.connects(mode, "good.pem").await);
        assert!(reason.contains("not valid for name"), "{mode}: {reason}");
    }
    server.connects("verify-ca", "good.pem").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_prefers_tls_encrypts_with_anyone() {
    let server = Secured::for_name("db.example").await;
    for (mode, encrypts) in [("prefer", true), ("disable", false)] {
        let url = format!("{}?sslmode={mode}&application_name={mode}", server.cluster.tcp_url("postgres"));
        let _store = try_store(&url).await.unwrap();
        assert_eq!(server.encrypts(mode).await, encrypts, "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused_where_tls_is_required() {
    let cluster = Cluster::start().await;
    let required = format!("{}?sslmode=require", cluster.tcp_url("postgres"));
    assert!(reason(try_store(&required).await).contains("server does not support TLS"));
    try_store(&cluster.tcp_url("postgres")).await.unwrap();
    try_store(&cluster.url("postgres")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn roots_that_cannot_be_read_are_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("empty.pem"), "").unwrap();
    for file in ["empty.pem", "missing.pem"] {
        let path = folder.path().join(file);
        let url = format!("postgres://db.example/muster?sslmode=require&sslrootcert={}", path.display());
        let Err(StoreError::Backend(reason)) = Store::connect(&url, Handle::current()) else {
            panic!("{file} is accepted");
        };
        assert!(reason.to_string().contains(file), "{reason}");
    }
}
