use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

use crate::common::{Folder, Server, raw};
use crate::eventually;

/// A folder with a certificate, and its key, in files.
struct Files {
    folder: Folder,
    certificate: PathBuf,
    key: PathBuf,
}

type Tls = StreamOwned<ClientConnection, TcpStream>;

impl Files {
    fn new(content: &CertifiedKey<KeyPair>) -> Self {
        let folder = Folder::new();
        let certificate = folder.write("certificate.pem", content.cert.pem());
        let key = folder.write("key.pem", content.signing_key.serialize_pem());
        Self { folder, certificate, key }
    }

    fn settings(&self) -> [(&str, &str); 2] {
        let [certificate, key] = [&self.certificate, &self.key].map(|path| path.to_str().unwrap());
        [("MUSTER_TLS_CERTIFICATE_FILE", certificate), ("MUSTER_TLS_KEY_FILE", key)]
    }

    fn serve(&self) -> Server {
        self.folder.serve_with(&self.settings())
    }

    /// As certificates are replaced: each file by a new one of its name.
    fn replace(&self, certificate: &str, key: &str) {
        for (name, content, path) in [("new", certificate, &self.certificate), ("new", key, &self.key)] {
            std::fs::rename(self.folder.write(name, content), path).unwrap();
        }
    }

    fn replace_by(&self, content: &CertifiedKey<KeyPair>) {
        self.replace(&content.cert.pem(), &content.signing_key.serialize_pem());
    }
}

fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

fn address(server: &Server) -> &str {
    server.url.strip_prefix("https://").unwrap()
}

/// Connects as somebody who trusts that certificate and no other.
fn connect(server: &Server, trusted: &CertificateDer<'static>, version: &'static SupportedProtocolVersion) -> Tls {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let mut config =
        config.with_protocol_versions(&[version]).unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let client = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let stream = TcpStream::connect(address(server)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    StreamOwned::new(client, stream)
}

/// Asks on a connection whether the server lives. Nothing when the server is not trusted.
fn ask(stream: &mut Tls) -> Option<raw::Answer> {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").ok()?;
    raw::read_answer(stream)
}

fn shows(server: &Server, certificate: &CertifiedKey<KeyPair>) -> bool {
    ask(&mut connect(server, certificate.cert.der(), &TLS13)).is_some()
}

#[test]
fn https_is_spoken_in_two_versions_and_browsers_are_kept_on_it() {
    let shown = certificate();
    let files = Files::new(&shown);
    let server = files.serve();
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    for version in [&TLS12, &TLS13] {
        let mut stream = connect(&server, shown.cert.der(), version);
        let answer = ask(&mut stream).unwrap();
        assert_eq!(answer.status, 200);
        assert!(answer.head.contains("strict-transport-security: max-age=31536000; includesubdomains"));
        assert_eq!(stream.conn.protocol_version(), Some(version.version));
        assert_eq!(stream.conn.alpn_protocol(), Some(b"http/1.1".as_slice()));
    }
    assert!(!shows(&server, &certificate()), "another's certificate is not trusted");

    let mut plain = TcpStream::connect(address(&server)).unwrap();
    plain.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut told = Vec::new();
    let _ = plain.read_to_end(&mut told);
    assert!(!told.starts_with(b"HTTP/"), "{told:?}");
    assert!(shows(&server, &shown), "it serves others");
}

#[test]
fn handshakes_that_do_not_end_are_cut_off_and_keep_nobody_out() {
    let shown = certificate();
    let files = Files::new(&shown);
    let server = files.serve();
    let began = Instant::now();
    let silent: Vec<_> = (0..600)
        .map(|_| {
            let mut stream = TcpStream::connect(address(&server)).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            stream.write_all(b"\x16\x03\x01").unwrap();
            stream
        })
        .collect();
    assert!(shows(&server, &shown));
    assert!(began.elapsed() < Duration::from_secs(8), "others were served meanwhile: {:?}", began.elapsed());
    for mut stream in silent {
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let took = began.elapsed();
    assert!(took > Duration::from_secs(8) && took < Duration::from_secs(25), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_shown_and_open_connections_stay() {
    let (old, new) = (certificate(), certificate());
    let files = Files::new(&old);
    let server = files.serve();
    let mut open = connect(&server, old.cert.der(), &TLS13);
    assert_eq!(ask(&mut open).unwrap().status, 200);
    files.replace_by(&new);
    eventually("the new certificate", async || shows(&server, &new)).await;
    assert!(!shows(&server, &old));
    assert_eq!(ask(&mut open).unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_new_certificate_leaves_the_old_one_and_is_told_once() {
    let (old, new, other) = (certificate(), certificate(), certificate());
    let files = Files::new(&old);
    let server = files.serve();
    let complaints = || files.folder.log().matches("the new TLS certificate cannot be used").count();
    let (other_key, new_key) = (other.signing_key.serialize_pem(), new.signing_key.serialize_pem());
    for (told, (certificate, key)) in
        [("nonsense", new_key.as_str()), (new.cert.pem().as_str(), "nonsense"), (new.cert.pem().as_str(), &other_key)]
            .into_iter()
            .enumerate()
    {
        files.replace(certificate, key);
        // Between the two renames the files may be looked at, too.
        eventually("a complaint", async || complaints() > told).await;
        let before = complaints();
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(complaints() <= before + 1, "it is not told again and again: {}", files.folder.log());
        assert!(shows(&server, &old), "{}", files.folder.log());
    }
    std::fs::remove_file(&files.key).unwrap();
    eventually("a complaint", async || files.folder.log().contains("key.pem (MUSTER_TLS_KEY_FILE)")).await;
    assert!(shows(&server, &old));
    files.replace_by(&new);
    eventually("the new certificate", async || shows(&server, &new)).await;
}

#[test]
fn files_that_cannot_be_used_keep_the_server_from_starting() {
    let (one, other) = (certificate(), certificate());
    let files = Files::new(&one);
    let start = || {
        files.folder.run_with(&["serve"], &[files.settings().as_slice(), &[("MUSTER_LISTEN", "127.0.0.1:0")]].concat())
    };
    let key = one.signing_key.serialize_pem();
    for (certificate, key, told) in [
        ("", key.as_str(), "certificate.pem holds no certificate in PEM (MUSTER_TLS_CERTIFICATE_FILE)"),
        (key.as_str(), &key, "certificate.pem holds no certificate in PEM (MUSTER_TLS_CERTIFICATE_FILE)"),
        (&one.cert.pem(), &one.cert.pem(), "key.pem holds no private key in PEM (MUSTER_TLS_KEY_FILE)"),
        (
            &other.cert.pem(),
            &key,
            "the certificate and its key cannot be used (MUSTER_TLS_CERTIFICATE_FILE, MUSTER_TLS_KEY_FILE)",
        ),
    ] {
        files.replace(certificate, key);
        let ended = start();
        assert_eq!(ended.code, Some(1), "{}", ended.err);
        assert!(ended.err.starts_with("muster: cannot speak TLS: ") && ended.err.contains(told), "{}", ended.err);
        assert!(!ended.err.contains("PRIVATE KEY"));
    }
    std::fs::remove_file(&files.certificate).unwrap();
    let ended = start();
    assert!(ended.err.contains("cannot read ") && ended.err.contains("(MUSTER_TLS_CERTIFICATE_FILE)"), "{}", ended.err);
    assert!(!files.folder.path().join("data").exists());
}
