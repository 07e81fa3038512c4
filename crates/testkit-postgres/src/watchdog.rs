use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

/// A server that ends with the process that started it, however that ends, and its folder with it.
pub(crate) struct Watchdog(Mutex<Running>);

struct Running {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Watchdog {
    /// Runs `watchdog.sh`, which removes the folder in the end. The server is not started yet.
    pub(crate) fn start(command: &mut Command, folder: TempDir) -> Self {
        // In a process group of its own, so that Ctrl-C ends the tests and not what tidies up after them.
        command.current_dir(folder.path()).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        // From here on the watchdog removes it, for it outlives this process.
        let _ = folder.keep();
        let orders = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self(Mutex::new(Running { process, orders, answers }))
    }

    /// `start`, `kill` or `stop`; when this returns it is done.
    pub(crate) fn order(&self, order: &str) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(running.orders.as_mut().unwrap(), "{order}").unwrap();
        let mut answer = String::new();
        running.answers.read_line(&mut answer).unwrap();
        assert_eq!(answer, "done\n", "the watchdog of a server is gone");
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let running = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(running.orders.take());
        // It fails only where the watchdog was waited for already, and then there is nothing to wait for.
        let _ = running.process.wait();
    }
}

/// A free port, below those that operating systems hand out by themselves, so that no other process gets it while the
/// server is down.
pub(crate) fn free_port() -> u16 {
    let ports = std::iter::repeat_with(|| fastrand::u16(15_000..30_000));
    ports.take(100).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}
