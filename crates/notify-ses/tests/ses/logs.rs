use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use muster_domain::verification::EmailSender;
use muster_testkit_providers::{Fault, FaultServer};
use tracing_subscriber::filter::LevelFilter;

use super::{accepted, ada, message, sender, settings};

/// A log that a test can read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// At the level at which the SDK logs its requests and what was answered.
#[tokio::test]
async fn nothing_of_a_message_is_logged_even_by_the_sdk() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    tracing::info!("the log is read");

    for answer in [accepted(), Fault::json(500, "ada@example.org 042917")] {
        let server = FaultServer::start([answer]).await;
        let _ = sender(&settings(&server.url, "eu-west-1")).await.send_email(&ada(), &message()).await;
        assert!(server.requests()[0].contains("042917"));
    }

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("the log is read"));
    for secret in ["042917", "ada", "Ada Lovelace", "a-secret-of-nobody", "203.0.113.7"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
