use std::cell::RefCell;
use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task;
use tokio::time::{sleep, sleep_until, timeout};

use crate::connection::Connection;
use crate::record::{Record, Report, cpu};
use crate::requests::{Line, Request};
use crate::schedule::Schedule;
use crate::{Arguments, answer, span};

/// How long the last answers may take after the end.
const GRACE: Duration = Duration::from_secs(30);
/// How long a connection that broke waits before it is opened again.
const PAUSE: Duration = Duration::from_millis(50);

/// What all connections share.
pub(crate) struct Work {
    address: String,
    connections: usize,
    lines: Vec<Line>,
    kept: RefCell<Vec<String>>,
    keep: Option<String>,
    expect: Vec<u16>,
    paths_from_connection: bool,
    schedule: Schedule,
    record: RefCell<Record>,
    series: RefCell<Option<File>>,
    cpu_before: RefCell<Duration>,
}

impl Work {
    pub(crate) fn new(arguments: &Arguments, lines: Vec<Line>) -> Result<Self, Box<dyn Error>> {
        let address = arguments.target.strip_prefix("http://").ok_or("the target must begin with http://")?;
        if arguments.connections == 0 || arguments.rate.is_some_and(|rate| rate.is_nan() || rate <= 0.0) {
            return Err("there must be connections, and a rate must be above 0".into());
        }
        if lines.len() < arguments.connections && lines.iter().any(Line::keeps) {
            return Err("what is kept belongs to one connection: there must be a line for each".into());
        }
        let kept = lines.iter().map(|line| line.kept.clone().unwrap_or_default()).collect();
        let (warmup, measured) = (span(arguments.warmup)?, span(arguments.seconds)?);
        let schedule = Schedule::new(Instant::now(), warmup, measured, arguments.rate);
        Ok(Self {
            address: address.trim_end_matches('/').to_owned(),
            connections: arguments.connections,
            kept: RefCell::new(kept),
            keep: arguments.keep.clone(),
            expect: arguments.expect.clone(),
            paths_from_connection: arguments.paths_from_connection,
            record: RefCell::new(Record::new(schedule.measured_from)?),
            schedule,
            series: RefCell::new(arguments.series.as_ref().map(File::create).transpose()?),
            cpu_before: RefCell::default(),
            lines,
        })
    }

    pub(crate) async fn run(self: Rc<Self>) -> Result<Report, Box<dyn Error>> {
        let clerk = task::spawn_local(Rc::clone(&self).each_second());
        let connections: Vec<_> =
            (0..self.connections).map(|n| task::spawn_local(Rc::clone(&self).connection(n))).collect();
        let last = self.schedule.end - Instant::now() + GRACE;
        let all = async {
            for connection in connections {
                connection.await?;
            }
            Ok::<_, task::JoinError>(())
        };
        timeout(last, all).await.map_err(|_| "the server left requests without an answer")??;
        let used = cpu().saturating_sub(*self.cpu_before.borrow());
        clerk.await??;
        Ok(self.record.borrow().report(self.schedule.unsent(), used))
    }

    /// The lines as they were read, with what is kept now.
    pub(crate) fn lines_with_kept(&self) -> serde_json::Result<String> {
        let mut text = String::new();
        for (line, kept) in self.lines.iter().zip(self.kept.borrow().iter()) {
            let kept = line.keeps().then(|| kept.clone());
            text.push_str(&serde_json::to_string(&Line { kept, ..line.clone() })?);
            text.push('\n');
        }
        Ok(text)
    }

    async fn each_second(self: Rc<Self>) -> io::Result<()> {
        let mut next = self.schedule.measured_from;
        sleep_until(next.into()).await;
        *self.cpu_before.borrow_mut() = cpu();
        while next < self.schedule.end {
            next += Duration::from_secs(1);
            sleep_until(next.min(self.schedule.end).into()).await;
            let second = self.record.borrow_mut().take_second();
            if let Some(file) = &mut *self.series.borrow_mut() {
                writeln!(file, "{}", serde_json::to_string(&second)?)?;
            }
        }
        Ok(())
    }

    async fn connection(self: Rc<Self>, number: usize) {
        let requests = self.requests_of(number);
        let mut connection = Connection::new(self.address.clone());
        let mut buffer = Vec::new();
        for (line, request) in requests.iter().cycle() {
            let Some(since) = self.schedule.next().await else {
                return;
            };
            let sent = {
                // The bytes are ready or in the buffer when the borrow ends, which is before anything is awaited.
                let kept = self.kept.borrow();
                request.bytes(&kept[*line], &mut buffer)
            };
            match connection.exchange(sent).await {
                Ok(answer) => self.note(since, *line, answer.status, connection.body(&answer)),
                Err(error) => {
                    self.error(&error.to_string());
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// The requests of a connection, with their lines' numbers. Where there are more connections than lines, some have
    /// the same one.
    fn requests_of(&self, number: usize) -> Vec<(usize, Request)> {
        let first = number % self.lines.len();
        let own = self.lines.iter().enumerate().skip(first).step_by(self.connections);
        own.map(|(n, line)| {
            let path = if self.paths_from_connection {
                line.path.replace("{connection}", &number.to_string())
            } else {
                line.path.clone()
            };
            (n, Line { path, ..line.clone() }.request(&self.address))
        })
        .collect()
    }

    fn note(&self, since: Instant, line: usize, status: u16, body: &[u8]) {
        if self.record.borrow_mut().answer(since, status, self.expect.contains(&status)) {
            let body = String::from_utf8_lossy(body);
            let _ = writeln!(io::stderr(), "bench-load: {} got {status}: {body}", self.lines[line].path);
        }
        if let Some(field) = &self.keep
            && status == 200
            && self.lines[line].keeps()
        {
            match answer::string_field(body, field) {
                Some(value) => value.clone_into(&mut self.kept.borrow_mut()[line]),
                None => self.error("an answer lacks the field that is kept"),
            }
        }
    }

    fn error(&self, what: &str) {
        if self.record.borrow_mut().error() {
            let _ = writeln!(io::stderr(), "bench-load: {what}");
        }
    }
}
