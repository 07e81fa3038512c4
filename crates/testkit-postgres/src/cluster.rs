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
        let programs = programs::find();
        Self::make(&programs, initdb(&programs), settings, false).await
    }

    /// [`Cluster::start_with`] for a server whose messages are German (`lc_messages`).
    pub async fn start_in_german(settings: &[&str]) -> Self {
        let programs = programs::find();
        Self::make(&programs, initdb(&programs), settings, true).await
    }

    /// Makes a server that a standby can follow, and one standby of it. Each commit on the first waits until the second has
    /// it too. The further settings are of both.
    pub async fn start_with_standby(settings: &[&str]) -> (Self, Self) {
        let settings = [&["wal_level=replica", "max_wal_senders=4"][..], settings].concat();
        let primary = Self::start_with(&settings).await;
        let programs = programs::find();
        // `initdb` may be a link, and then its folder need not have the other programs.
        let initdb = fs::canonicalize(&programs.initdb).unwrap();
        let mut copy = Command::new(initdb.with_file_name("pg_basebackup"));
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--dbname"]);
        copy.arg(primary.tcp_url("postgres"));
        let standby = Self::make(&programs, copy, &settings, false).await;
        let synchronous = async {
            let (client, connection) = tokio_postgres::connect(&primary.url("postgres"), NoTls).await.unwrap();
            let statements = async move {
                client.batch_execute("ALTER SYSTEM SET synchronous_standby_names = '*'").await.unwrap();
                client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
                let state = "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')";
                while !client.query_one(state, &[]).await.unwrap().get::<_, bool>(0) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            let _ = tokio::join!(connection, statements);
        };
        let waits = tokio::time::timeout(STARTS_WITHIN, synchronous).await;
        assert!(waits.is_ok(), "the standby did not follow: {}", standby.log());
        (primary, standby)
    }

    /// Makes a standby the primary, and waits until it takes writes.
    pub async fn promote(&self) {
        let promoted = async {
            // The standby may cancel the statement because it conflicts with what is being recovered.
            while self.ask("SELECT NOT pg_is_in_recovery()").await.ok() != Some(true) {
                let _ = self.ask("SELECT pg_promote(false)").await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let promoted = tokio::time::timeout(STARTS_WITHIN, promoted).await;
        assert!(promoted.is_ok(), "the standby was not promoted: {}", self.log());
    }

    /// The answer to a question of yes or no.
    async fn ask(&self, question: &str) -> Result<bool, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.url("postgres"), NoTls).await?;
        let answer = async move { client.query_one(question, &[]).await?.try_get(0) };
        let (_, answer) = tokio::join!(connection, answer);
        answer
    }

    /// A server over the data that `make_data` puts into the folder that its last argument names.
    async fn make(programs: &Programs, mut make_data: Command, settings: &[&str], in_german: bool) -> Self {
        let account = Account::choose();
        let temporary = tempfile::Builder::new().prefix("muster-postgres-").tempdir().unwrap();
        let folder = temporary.path().to_owned();
        account.own(&folder);

        let mut server = Command::new("sh");
        server.args(["-c", include_str!("watchdog.sh"), "watchdog"]).arg(&folder).arg(&programs.postgres);
        if in_german {
            let locales = german_locale_in(&folder);
            make_data.arg(format!("--lc-messages={GERMAN}")).env("LOCPATH", &locales);
            server.env("LOCPATH", &locales);
        }
        make_data.arg("-D").arg(folder.join("data")).current_dir(&folder);
        let made = account.run(&mut make_data).output().unwrap();
        assert!(made.status.success(), "no data was made: {}", String::from_utf8_lossy(&made.stderr));

        let port = free_port();
        server.arg("-D").arg(folder.join("data")).arg("-k").arg(&folder).args(["-h", "127.0.0.1", "-p"]);
        server.arg(port.to_string()).args(SETTINGS.iter().chain(settings).flat_map(|setting| ["-c", setting]));
        let watchdog = Watchdog::start(account.run(&mut server), temporary);
        let cluster = Self { folder, port, version: programs.version, watchdog };
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

    pub(crate) fn port(&self) -> u16 {
        self.port
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

    /// Stops the server as it stops itself when one of its processes crashed: each backend tells its client so and exits,
    /// in the middle of a commit too (PostgreSQL's immediate shutdown).
    pub fn abort(&self) {
        self.watchdog.order("abort");
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

fn initdb(programs: &Programs) -> Command {
    let mut initdb = Command::new(&programs.initdb);
    initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    if programs.version >= 15 {
        initdb.args(["--locale-provider=icu", "--icu-locale=und"]);
    }
    initdb
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
