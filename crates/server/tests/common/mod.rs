//! The real program, started in a folder of its own with nothing in its environment that could change what it does.

#![allow(dead_code, reason = "each test binary uses its own part of this")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "these are helpers of tests")]

pub(crate) mod client;
pub(crate) mod raw;
pub(crate) mod secrecy;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

use tempfile::TempDir;

/// A folder in which commands are run one after the other; its store is in `data`.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// An empty folder with an empty store in it.
    pub(crate) fn with_store() -> Self {
        let folder = Self::new();
        let made = folder.run(&["migrate"]);
        assert_eq!(made.code, Some(0), "{}", made.err);
        folder
    }

    /// Writes a file and returns its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The program with these arguments, ready to run in the folder.
    pub(crate) fn muster(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_muster"));
        command.args(arguments);
        command
    }

    /// Another program, which is given the same surroundings and is to end in `muster`, its path the argument.
    pub(crate) fn muster_under(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = self.command(program);
        command.args(arguments).arg(env!("CARGO_BIN_EXE_muster"));
        command
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(changes_what_it_does) {
                command.env_remove(name);
            }
        }
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&self.muster(arguments).output().unwrap())
    }

    /// The same with settings.
    pub(crate) fn run_with(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Ended {
        Ended::of(&self.muster(arguments).envs(settings.iter().copied()).output().unwrap())
    }

    /// The same with this on its standard input.
    pub(crate) fn run_reading(&self, arguments: &[&str], settings: &[(&str, &str)], input: &str) -> Ended {
        let mut command = self.muster(arguments);
        command.envs(settings.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A program that fails before it reads closes the pipe.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        Ended::of(&child.wait_with_output().unwrap())
    }

    /// Starts the server on a port that the system chooses, and waits until it listens.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// The same with settings.
    pub(crate) fn serve_with(&self, settings: &[(&str, &str)]) -> Server {
        let mut command = self.muster(&[]);
        command.envs(settings.iter().copied());
        self.start(command)
    }

    /// Starts a command that ends in serving. Servers of one folder share its log.
    pub(crate) fn start(&self, mut command: Command) -> Server {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.path().join("server.log")).unwrap();
        command.env("MUSTER_LISTEN", "127.0.0.1:0");
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let Some(url) = line.trim_end().strip_prefix("Muster listens on ") else {
            panic!("the server did not start: {line}{}", self.log());
        };
        Server { url: url.to_owned(), child, output }
    }

    /// What its servers logged so far; nothing when there were none.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("server.log")).unwrap_or_default()
    }
}

/// Whether the program looks at that variable of its environment, or a library of its does.
fn changes_what_it_does(name: &str) -> bool {
    let prefixes = ["MUSTER_", "AWS_", "TWILIO_", "VAPID_", "WEB_PUSH_", "FCM_", "APNS_", "SSL_CERT_"];
    let is_proxy = name.to_ascii_lowercase().ends_with("_proxy");
    name == "DATABASE_URL" || is_proxy || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }
}

/// A running server, killed when dropped.
pub(crate) struct Server {
    /// Where it listens, without a slash at the end.
    pub(crate) url: String,
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Server {
    /// The next lines that the server prints.
    pub(crate) fn lines(&mut self, count: usize) -> Vec<String> {
        self.output.by_ref().lines().take(count).map(Result::unwrap).collect()
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to stop, as an operator or an orchestrator does.
    pub(crate) fn terminate(&self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
    }

    /// Tells it to stop and waits until it has.
    pub(crate) fn stop(self) -> ExitStatus {
        self.terminate();
        self.ended()
    }

    /// Waits until it has stopped.
    pub(crate) fn ended(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
