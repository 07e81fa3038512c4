//! A load generator that leaves the processor to what it measures: one thread, one buffer a connection, requests made
//! beforehand. HTTP/1.1 over plain TCP, one request at a time on each connection.

mod answer;
mod connection;
mod record;
mod requests;
mod schedule;
mod work;

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use clap::Parser;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::work::Work;

/// Sends the requests of a file, and prints what came of them as one JSON object. Fails when an answer has another
/// status than the expected one, or a connection broke.
#[derive(Parser)]
struct Arguments {
    /// The server, as `http://127.0.0.1:8080`.
    #[arg(long)]
    target: String,
    /// The requests, one JSON object a line: method, path, headers, body, and kept, which `{kept}` in the body stands
    /// for at first.
    #[arg(long)]
    requests: PathBuf,
    /// How many connections there are. The first of n sends line 1, n + 1, 2n + 1 and so on, then begins again.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// For how long to measure.
    #[arg(long)]
    seconds: f64,
    /// For how long to send before that, unmeasured.
    #[arg(long, default_value_t = 0.0)]
    warmup: f64,
    /// Requests a second over all connections, sent when they are due and measured from then. Without it each
    /// connection sends as soon as it has its answer.
    #[arg(long)]
    rate: Option<f64>,
    /// The string field of a 200 answer that takes the place of `{kept}` in the same line's body the next time.
    #[arg(long)]
    keep: Option<String>,
    /// The statuses that are right.
    #[arg(long, value_delimiter = ',', default_value = "200")]
    expect: Vec<u16>,
    /// `{connection}` in a path stands for the connection's number, which begins at 0.
    #[arg(long)]
    paths_from_connection: bool,
    /// Writes rate, p50 and p99 of each second to this file, one JSON object a line.
    #[arg(long)]
    series: Option<PathBuf>,
    /// Writes the requests with what was kept last to this file, for the next run.
    #[arg(long)]
    write_kept: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "bench-load: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether every answer was as expected.
fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    let lines = requests::read(&fs::read_to_string(&arguments.requests)?)?;
    let work = Rc::new(Work::new(arguments, lines)?);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let report = LocalSet::new().block_on(&runtime, Rc::clone(&work).run())?;
    if let Some(file) = &arguments.write_kept {
        fs::write(file, work.lines_with_kept()?)?;
    }
    writeln!(io::stdout(), "{}", serde_json::to_string(&report)?)?;
    Ok(report.as_expected())
}

/// A span of time from the command line.
fn span(seconds: f64) -> Result<Duration, Box<dyn Error>> {
    Ok(Duration::try_from_secs_f64(seconds)?)
}
