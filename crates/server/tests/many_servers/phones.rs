use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::client::Client;
use crate::common::{Folder, raw};
use crate::fleet::{Fleet, eventually};

/// How many phones there are, each of a person of its own.
const PHONES: usize = 32;
/// How often a phone refreshes a session before it opens another, and how many sessions it opens.
const REFRESHES: usize = 10;
const SESSIONS: usize = 40;
/// How long a phone waits before it tries again.
const PAUSE: Duration = Duration::from_millis(20);
/// How often a session is tried at the end before it counts as lost.
const ATTEMPTS: usize = 500;

/// Phones that open sessions and refresh them without a pause. Each presents the token that was acknowledged last, so
/// that an acknowledged write that the store does not have shows as a 401.
pub(crate) struct Phones {
    over: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<Figures>>,
}

/// How many requests ended in which way.
#[derive(Default)]
pub(crate) struct Figures {
    /// 201 or 200.
    pub(crate) acknowledged: usize,
    /// 401 to a token that was acknowledged, or no answer to it at all.
    pub(crate) lost: usize,
    /// 503, with `Retry-After`.
    pub(crate) refused: usize,
    /// No whole answer.
    pub(crate) unanswered: usize,
}

impl Phones {
    /// Imports a person for each phone into the store of a folder.
    pub(crate) fn import(folder: &Folder, settings: &[(&str, &str)]) {
        let people: Vec<Value> = (0..PHONES).map(|number| json!({ "userName": name(number) })).collect();
        folder.write("phones.json", Value::from(people).to_string());
        let ended = folder.run_with(&["import", "phones.json"], settings);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }

    /// Starts them, shared out among the servers.
    pub(crate) async fn at(fleet: &Fleet) -> Self {
        let (over, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut threads = Vec::new();
        for (number, server) in (0..PHONES).zip(fleet.servers.iter().cycle()) {
            let access = Client::sign_in(&server.url, &name(number)).await.token().to_owned();
            let (over, acknowledged) = (over.clone(), acknowledged.clone());
            let phone = Phone { url: server.url.clone(), access, sessions: Vec::new(), figures: Figures::default() };
            threads.push(std::thread::spawn(move || phone.run(&over, &acknowledged)));
        }
        Self { over, acknowledged, threads }
    }

    /// Waits for that many more requests that are acknowledged.
    pub(crate) async fn acknowledged(&self, more: usize) {
        let goal = self.acknowledged.load(Ordering::Relaxed) + more;
        eventually("as many answers", async || self.acknowledged.load(Ordering::Relaxed) >= goal).await;
    }

    /// Stops them, and then tries the last token of every session.
    pub(crate) fn end(self) -> Figures {
        self.over.store(true, Ordering::Relaxed);
        self.threads.into_iter().fold(Figures::default(), |mut sum, phone| {
            let figures = phone.join().unwrap();
            sum.acknowledged += figures.acknowledged;
            sum.lost += figures.lost;
            sum.refused += figures.refused;
            sum.unanswered += figures.unanswered;
            sum
        })
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, lost, refused, unanswered } = self;
        write!(f, "{acknowledged} acknowledged, {lost} lost, {refused} refused, {unanswered} unanswered")
    }
}

fn name(number: usize) -> String {
    format!("phone{number}@example.com")
}

struct Phone {
    url: String,
    access: String,
    /// The refresh token of each session.
    sessions: Vec<String>,
    figures: Figures,
}

impl Phone {
    fn run(mut self, over: &AtomicBool, acknowledged: &AtomicUsize) -> Figures {
        let (mut opened, mut refreshes) = (0, 0);
        while !over.load(Ordering::Relaxed) {
            let before = self.figures.acknowledged;
            if self.sessions.is_empty() || (refreshes >= REFRESHES && opened < SESSIONS) {
                if self.open() {
                    (opened, refreshes) = (opened + 1, 0);
                }
            } else {
                self.refresh(self.sessions.len() - 1);
                refreshes += 1;
            }
            acknowledged.fetch_add(self.figures.acknowledged - before, Ordering::Relaxed);
        }
        // Backwards, because a lost session is removed.
        for session in (0..self.sessions.len()).rev() {
            if !(0..ATTEMPTS).any(|_| self.refresh(session)) {
                self.figures.lost += 1;
            }
        }
        self.figures
    }

    fn open(&mut self) -> bool {
        let request = raw::post("/api/mobile/token", Some(&self.access), &json!({ "deviceName": "Pixel" }));
        let Some(answer) = self.send(&request) else { return false };
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        self.sessions.push(token_of(&answer.body));
        true
    }

    /// Whether it was acknowledged, or never will be.
    fn refresh(&mut self, session: usize) -> bool {
        let request = raw::post("/api/mobile/refresh", None, &json!({ "refreshToken": self.sessions[session] }));
        let Some(answer) = self.send(&request) else { return false };
        if answer.status == 401 {
            self.figures.lost += 1;
            self.sessions.remove(session);
        } else {
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
            self.sessions[session] = token_of(&answer.body);
        }
        true
    }

    /// The answer to a request, unless there is none or it is 503.
    fn send(&mut self, request: &str) -> Option<raw::Answer> {
        let mut stream = raw::connect(&self.url).ok();
        let answer = stream.as_mut().and_then(|stream| {
            stream.write_all(request.as_bytes()).ok()?;
            raw::read_answer(stream)
        });
        let Some(answer) = answer else {
            self.figures.unanswered += 1;
            return None;
        };
        if answer.status == 503 {
            assert!(answer.head.contains("\r\nretry-after: "), "{}", answer.head);
            self.figures.refused += 1;
            std::thread::sleep(PAUSE);
            return None;
        }
        self.figures.acknowledged += usize::from(answer.status < 300);
        Some(answer)
    }
}

fn token_of(body: &[u8]) -> String {
    serde_json::from_slice::<Value>(body).unwrap()["refreshToken"].as_str().unwrap().to_owned()
}
