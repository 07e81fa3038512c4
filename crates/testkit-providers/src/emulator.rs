use std::io::Read;
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::net::TcpSocket;

/// How long an emulator may take until it listens: much longer than it does, for a machine that is busy.
const STARTS_WITHIN: Duration = Duration::from_mins(2);

/// Runs a program until its standard input closes, which it does when the process that started it ends.
const WATCHDOG: &str = r#""$@" </dev/null & child=$!
cat >/dev/null
kill -9 -$$ 2>/dev/null || kill -9 $child"#;

/// A program that emulates a provider on a loopback port. Dropping it ends it; so does the end of this process.
pub struct Emulator {
    /// Where it listens.
    pub port: u16,
    process: Child,
    lifeline: Option<ChildStdin>,
}

impl Emulator {
    /// Starts a program, which must listen on 127.0.0.1 at the port that `arguments` are made from, and waits until it
    /// does.
    pub async fn start(mut program: Command, arguments: impl FnOnce(u16) -> Vec<String>) -> Self {
        let port = free_port();
        program.args(arguments(port));
        Self::start_at(port, program).await
    }

    /// Starts a program that listens at a port which it was told already, and waits until it does.
    pub(crate) async fn start_at(port: u16, program: Command) -> Self {
        let mut watchdog = Command::new("sh");
        watchdog.args(["-c", WATCHDOG, "watchdog"]).arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => watchdog.env(name, value),
                None => watchdog.env_remove(name),
            };
        }
        if let Some(folder) = program.get_current_dir() {
            watchdog.current_dir(folder);
        }
        // In a process group of its own, which the watchdog can end as a whole.
        watchdog.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = watchdog.spawn().unwrap();
        let lifeline = process.stdin.take();
        let mut emulator = Self { port, process, lifeline };
        emulator.wait_until_it_listens(&program).await;
        emulator
    }

    /// Its address, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    async fn wait_until_it_listens(&mut self, program: &Command) {
        let mut stderr = self.process.stderr.take().unwrap();
        // Read, so that it never blocks on a full pipe.
        let said = std::thread::spawn(move || {
            let mut said = Vec::new();
            let _ = stderr.read_to_end(&mut said);
            String::from_utf8_lossy(&said).into_owned()
        });
        let deadline = tokio::time::Instant::now() + STARTS_WITHIN;
        while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            assert!(
                !said.is_finished() && tokio::time::Instant::now() < deadline,
                "{program:?} does not listen: {}",
                if said.is_finished() { said.join().unwrap() } else { "it is still starting".to_owned() }
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.process.wait();
    }
}

/// The folder where `scripts/install-emulators` puts an emulator, which is done now unless it was before.
#[must_use]
pub fn installed(emulator: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new(workspace.join("scripts/install-emulators")).arg(emulator).output().unwrap();
    assert!(
        output.status.success(),
        "scripts/install-emulators {emulator} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    workspace.join(String::from_utf8(output.stdout).unwrap().trim())
}

/// A port on which nobody listens now. It is below those that systems hand out by themselves (32768 and above on Linux,
/// 49152 on others), so that no server or connection gets it before it is used, however long a program takes to start.
#[must_use]
pub fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u32 = 12_000;
    // Processes begin a hundred ports apart, for several run their tests at once.
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let begins_at = std::process::id() % COUNT * 101;
    loop {
        let offset = (begins_at + TAKEN.fetch_add(1, Ordering::Relaxed)) % COUNT;
        let port = FIRST + u16::try_from(offset).unwrap();
        // Bound and not listened on: a process that is being forked holds a copy for a moment, and a copy that listened
        // would look like the program that is to come.
        let socket = TcpSocket::new_v4().unwrap();
        if socket.bind((Ipv4Addr::LOCALHOST, port).into()).is_ok() {
            return port;
        }
    }
}
