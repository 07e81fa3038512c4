use std::fmt::Write as _;
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Cluster;
use crate::account::Account;
use crate::watchdog::free_port;

/// HAProxy in front of a primary and its standby, as an installation would run it: one address that follows whichever of
/// them is up, the primary first. Connections to a server that is down are closed. Dropping it stops it; so does the end
/// of the process.
pub struct Proxy {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Proxy {
    /// Starts it and waits until it listens.
    #[must_use]
    pub fn before(primary: &Cluster, standby: &Cluster) -> Self {
        let (account, port) = (Account::choose(), free_port());
        let folder = tempfile::Builder::new().prefix("muster-haproxy-").tempdir().unwrap();
        account.own(folder.path());
        let mut config = format!(
            "defaults\n  mode tcp\n  timeout connect 1s\n  timeout client 1h\n  timeout server 1h\n  timeout check 30s\n\
             listen postgres\n  bind 127.0.0.1:{port}\n  option pgsql-check user postgres\n\
             default-server inter 100ms fall 1 rise 1 on-marked-down shutdown-sessions\n"
        );
        for (name, cluster, role) in [("primary", primary, ""), ("standby", standby, "backup")] {
            writeln!(config, "  server {name} 127.0.0.1:{} check {role}", cluster.port()).unwrap();
        }
        let file = folder.path().join("haproxy.cfg");
        fs::write(&file, config).unwrap();

        // It ends with its standard input, and so with this process, however that ends.
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "\"$@\" </dev/null & read -r _; kill -KILL $!", "sh"])
            .arg(find())
            .arg("-db")
            .arg("-f")
            .arg(file);
        shell.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = account.run(&mut shell).spawn().unwrap();
        let proxy = Self { process, port, _folder: folder };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_mins(1), "HAProxy did not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        proxy
    }

    /// The URL of a database of whichever server is up, for its superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn find() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain([Path::new("/usr/sbin").to_owned()]);
    let found = folders.find_map(|folder| Some(folder.join("haproxy")).filter(|program| program.is_file()));
    found.unwrap_or_else(|| panic!("HAProxy is not installed: run scripts/install-haproxy"))
}
