use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio_postgres::NoTls;

use crate::account::Account;
use crate::programs::{self, Programs};

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
    watchdog: Mutex<Watchdog>,
}

struct Watchdog {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Cluster {
    /// Makes a server and waits until it answers.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// [`Cluster::start`] with further settings, each as `name=value`, which count more than those of every server.
    pub async fn start_with(settings: &[&str]) -> Self {
        let programs = programs::find();
        let mut initdb = Command::new(&programs.initdb);
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        if programs.version >= 15 {
            initdb.args(["--locale-provider=icu", "--icu-locale=und"]);
        }
        Self::run(&programs, initdb, settings).await
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
        let standby = Self::run(&programs, copy, &settings).await;
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
        let (client, connection) = tokio_postgres::connect(&self.url("postgres"), NoTls).await.unwrap();
        let promoted = async move { client.query_one("SELECT pg_promote()", &[]).await.unwrap().get::<_, bool>(0) };
        let (_, promoted) = tokio::join!(connection, promoted);
        assert!(promoted, "the standby was not promoted: {}", self.log());
    }

    /// A server over the data that `make_data` puts into the folder that its last argument is to name.
    async fn run(programs: &Programs, mut make_data: Command, settings: &[&str]) -> Self {
        let Programs { postgres, version, .. } = programs;
        let account = Account::choose();
        let temporary = tempfile::Builder::new().prefix("muster-postgres-").tempdir().unwrap();
        let folder = temporary.path().to_owned();
        account.own(&folder);
        make_data.arg("-D").arg(folder.join("data")).current_dir(&folder);
        let made = account.run(&mut make_data).output().unwrap();
        assert!(made.status.success(), "no data was made: {}", String::from_utf8_lossy(&made.stderr));

        let port = free_port();
        let mut watchdog = Command::new("sh");
        watchdog.args(["-c", include_str!("watchdog.sh"), "watchdog"]).arg(&folder).arg(postgres);
        watchdog.arg("-D").arg(folder.join("data")).arg("-k").arg(&folder).args(["-h", "127.0.0.1", "-p"]);
        watchdog.arg(port.to_string()).args(SETTINGS.iter().chain(settings).flat_map(|setting| ["-c", setting]));
        // In a process group of its own, so that Ctrl-C ends the tests and not what tidies up after them.
        watchdog.current_dir(&folder).process_group(0);
        watchdog.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = account.run(&mut watchdog).spawn().unwrap();
        // From here on the watchdog removes it, for it outlives this process.
        let _ = temporary.keep();
        let orders = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let cluster =
            Self { folder, port, version: *version, watchdog: Mutex::new(Watchdog { process, orders, answers }) };
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
        self.order("kill");
    }

    /// Stops the server in order: what runs is cut off, what was committed is on the disk.
    pub fn stop(&self) {
        self.order("stop");
    }

    /// Stops the server as it stops itself when one of its processes crashed: each backend tells its client so and exits,
    /// in the middle of a commit too (PostgreSQL's immediate shutdown).
    pub fn abort(&self) {
        self.order("abort");
    }

    /// Starts the server that was stopped or killed, and waits until it answers: same data, same URLs.
    pub async fn restart(&self) {
        self.order("start");
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

    fn order(&self, order: &str) {
        let mut watchdog = self.watchdog.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(watchdog.orders.as_mut().unwrap(), "{order}").unwrap();
        let mut answer = String::new();
        watchdog.answers.read_line(&mut answer).unwrap();
        assert_eq!(answer, "done\n", "the watchdog of PostgreSQL is gone");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let watchdog = self.watchdog.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(watchdog.orders.take());
        // It fails only where the watchdog was waited for already, and then there is nothing to wait for.
        let _ = watchdog.process.wait();
    }
}

/// A port that nobody listens on, below those that operating systems hand out by themselves: nobody gets it while the
/// server is down.
pub(crate) fn free_port() -> u16 {
    let ports = std::iter::repeat_with(|| fastrand::u16(15_000..30_000));
    ports.take(100).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}
