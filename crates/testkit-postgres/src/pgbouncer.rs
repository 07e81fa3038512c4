use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fmt, fs};

use tokio_postgres::NoTls;

use crate::Cluster;
use crate::account::Account;
use crate::watchdog::{Watchdog, free_port};

/// How long PgBouncer may take until it answers: much longer than it does, for a machine that is busy.
const STARTS_WITHIN: Duration = Duration::from_mins(1);

/// A release of PgBouncer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// 1.18, Debian 12's, which knows nothing of prepared statements.
    Old,
    /// 1.24, Debian 13's, which keeps them by default.
    New,
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Old => "1.18",
            Self::New => "1.24",
        })
    }
}

impl Release {
    /// Its program, which is brought now unless it was before.
    fn program(self) -> PathBuf {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let output = Command::new(workspace.join("scripts/install-pgbouncer")).arg(self.to_string()).output().unwrap();
        assert!(
            output.status.success(),
            "scripts/install-pgbouncer {self} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().into()
    }
}

/// PgBouncer in front of every database of a [`Cluster`], on a loopback port. It ends like a cluster.
pub struct PgBouncer {
    folder: PathBuf,
    port: u16,
    watchdog: Watchdog,
}

impl PgBouncer {
    /// Starts a release in a mode (`session`, `transaction`, `statement`) with further settings, each as `name = value`,
    /// and waits until it answers.
    pub async fn start(release: Release, mode: &str, cluster: &Cluster, settings: &[&str]) -> Self {
        let temporary = tempfile::Builder::new().prefix("muster-pgbouncer-").tempdir().unwrap();
        let (folder, port) = (temporary.path().to_owned(), free_port());
        let (socket, server_port) = cluster.socket();
        let settings = settings.join("\n");
        let configuration = format!(
            "[databases]\n* = host={} port={server_port} user=postgres\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n\
             auth_file = {}\nadmin_users = postgres\npool_mode = {mode}\n{settings}\n",
            socket.display(),
            folder.join("users").display(),
        );
        fs::write(folder.join("users"), "\"postgres\" \"\"\n").unwrap();
        fs::write(folder.join("pgbouncer.ini"), configuration).unwrap();
        let account = Account::choose();
        account.own(&folder);

        let mut command = Command::new("sh");
        command.args(["-c", include_str!("watchdog.sh"), "watchdog"]).arg(&folder).arg(release.program());
        // It refuses to be root, like PostgreSQL, and changes to another user by itself.
        command.args(account.name().map(|name| format!("--user={name}"))).arg(folder.join("pgbouncer.ini"));
        // 1.18 ignores SIGQUIT when a shell started it in the background, and 1.24 waits for its clients at SIGTERM.
        command.env("END_WITH", "KILL");
        let watchdog = Watchdog::start(&mut command, temporary);
        let pooler = Self { folder, port, watchdog };
        pooler.restart().await;
        pooler
    }

    /// The URL of a database through it, for the superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Kills it with SIGKILL.
    pub fn kill(&self) {
        self.watchdog.order("kill");
    }

    /// Starts it after it was killed, and waits until it answers.
    pub async fn restart(&self) {
        self.watchdog.order("start");
        let answers = async {
            while tokio_postgres::connect(&self.url("postgres"), NoTls).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let answered = tokio::time::timeout(STARTS_WITHIN, answers).await;
        assert!(answered.is_ok(), "PgBouncer did not start: {}", self.log());
    }

    /// All that it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("log")).unwrap()).into_owned()
    }
}
