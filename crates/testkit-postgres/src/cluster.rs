use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio_postgres::NoTls;

use crate::account::Account;
use crate::programs::{self, Programs};
use crate::watchdog::{Watchdog, free_port};

/// Settings of every server. What is acknowledged survives a killed server, but not a machine that loses power.
const SETTINGS: [&str; 7] = [
    "fsync=off",
    "full_page_writes=off",
    "max_connections=300",
    "autovacuum=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "log_min_messages=error",
];

/// How long a server may take until it answers: much longer than it does, for a machine that is busy.
const STARTS_WITHIN: Duration = Duration::from_mins(1);

/// A private PostgreSQL server with its data in a temporary folder. It listens on a Unix socket in that folder and on a
/// loopback port, trusts whoever connects, and sorts text as no test should rely on (ICU's root order, where the build
/// has it). Dropping it stops it and removes the folder; so does the end of the process.
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    version: u32,
    watchdog: Watchdog,
}

impl Cluster {
    /// Makes a server and waits until it answers.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// [`Cluster::start`] with further settings, each as `name=value`, which count more than those of every server.
    pub async fn start_with(settings: &[&str]) -> Self {
        Self::make(settings, false).await
    }

    /// [`Cluster::start_with`] for a server whose messages are German (`lc_messages`).
    pub async fn start_in_german(settings: &[&str]) -> Self {
        Self::make(settings, true).await
    }

    async fn make(settings: &[&str], in_german: bool) -> Self {
        let Programs { initdb, postgres, version } = programs::find();
        let account = Account::choose();
        let temporary = tempfile::Builder::new().prefix("muster-postgres-").tempdir().unwrap();
        let folder = temporary.path().to_owned();
        account.own(&folder);

        let mut initdb = Command::new(initdb);
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]);
        initdb.arg(folder.join("data")).current_dir(&folder);
        if version >= 15 {
            initdb.args(["--locale-provider=icu", "--icu-locale=und"]);
        }
        let mut server = Command::new("sh");
        server.args(["-c", include_str!("watchdog.sh"), "watchdog"]).arg(&folder).arg(postgres);
        if in_german {
            let locales = german_locale_in(&folder);
            initdb.arg(format!("--lc-messages={GERMAN}")).env("LOCPATH", &locales);
            server.env("LOCPATH", &locales);
        }
        let made = account.run(&mut initdb).output().unwrap();
        assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));

        let port = free_port();
        server.arg("-D").arg(folder.join("data")).arg("-k").arg(&folder).args(["-h", "127.0.0.1", "-p"]);
        server.arg(port.to_string()).args(SETTINGS.iter().chain(settings).flat_map(|setting| ["-c", setting]));
        let watchdog = Watchdog::start(account.run(&mut server), temporary);
        let cluster = Self { folder, port, version, watchdog };
        cluster.restart().await;
        cluster
    }

    /// The URL of a database of this server for its superuser, by the Unix socket.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let folder = utf8_percent_encode(self.folder.to_str().unwrap(), NON_ALPHANUMERIC);
        format!("postgres://postgres@{folder}:{}/{database}", self.port)
    }

    /// The same by the loopback port, without TLS.
    #[must_use]
    pub fn tcp_url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Kills the server and all its processes with SIGKILL, as a power cut would but for what the operating system
    /// holds. When this returns, nobody answers any more.
    pub fn kill(&self) {
        self.watchdog.order("kill");
    }

    /// Stops the server in order: what runs is cut off, what was committed is on the disk.
    pub fn stop(&self) {
        self.watchdog.order("stop");
    }

    /// Starts the server that was stopped or killed, and waits until it answers: same data, same URLs.
    pub async fn restart(&self) {
        self.watchdog.order("start");
        let answers = async {
            while tokio_postgres::connect(&self.url("postgres"), NoTls).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let answered = tokio::time::timeout(STARTS_WITHIN, answers).await;
        assert!(answered.is_ok(), "PostgreSQL did not start: {}", self.log());
    }

    /// All that the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("log")).unwrap()).into_owned()
    }

    /// How to say `CREATE DATABASE` so that it is quick where nothing waits for the disk.
    pub(crate) fn quick_copy(&self) -> &'static str {
        if self.version >= 15 { "STRATEGY FILE_COPY" } else { "" }
    }

    /// Where its Unix socket is, and the number in its name.
    pub(crate) fn socket(&self) -> (&Path, u16) {
        (&self.folder, self.port)
    }
}

const GERMAN: &str = "de_DE.UTF-8";

/// Makes the locale below the folder, so that the machine need not have it, and returns where locales are looked for.
fn german_locale_in(folder: &Path) -> PathBuf {
    let locales = folder.join("locales");
    fs::create_dir(&locales).unwrap();
    let mut localedef = Command::new("localedef");
    localedef.args(["-i", "de_DE", "-f", "UTF-8", "--no-archive"]).arg(locales.join(GERMAN));
    let made = localedef.output().unwrap();
    assert!(
        made.status.success(),
        "there is no German locale: run scripts/install-postgres ({})",
        String::from_utf8_lossy(&made.stderr)
    );
    locales
}
