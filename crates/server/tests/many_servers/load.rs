use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::client::Client;
use crate::common::raw;
use crate::fleet::eventually;

/// How long a client waits before it tries again.
const PAUSE: Duration = Duration::from_millis(20);

/// Clients that open phone sessions without a pause, each request on a connection of its own.
pub(crate) struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<Figures>>,
}

#[derive(Default)]
struct Shared {
    over: AtomicBool,
    accepted: AtomicUsize,
    refused: AtomicUsize,
}

/// What became of the requests.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) sent: usize,
    /// The sessions whose opening was acknowledged (201).
    pub(crate) accepted: BTreeSet<String>,
    /// Told to come back later (503, with `Retry-After`).
    pub(crate) refused: usize,
    /// No connection was to be had.
    pub(crate) turned_away: usize,
    /// A connection was there and ended before an answer did.
    pub(crate) unanswered: usize,
}

impl Load {
    /// Four clients at each server.
    pub(crate) fn on(urls: &[String], token: &str) -> Self {
        let shared = Arc::new(Shared::default());
        let clients = urls.iter().flat_map(|url| [url; 4]).map(|url| {
            let (url, token, shared) = (url.clone(), token.to_owned(), shared.clone());
            std::thread::spawn(move || run(&url, &token, &shared))
        });
        Self { clients: clients.collect(), shared }
    }

    /// Waits for that many more requests that are accepted.
    pub(crate) async fn accepted(&self, more: usize) {
        grown(&self.shared.accepted, more).await;
    }

    /// Waits for that many more requests that are refused.
    pub(crate) async fn refused(&self, more: usize) {
        grown(&self.shared.refused, more).await;
    }

    /// Ends it.
    pub(crate) fn end(self) -> Figures {
        self.shared.over.store(true, Ordering::Relaxed);
        self.clients.into_iter().fold(Figures::default(), |mut sum, client| {
            let figures = client.join().unwrap();
            sum.sent += figures.sent;
            sum.accepted.extend(figures.accepted);
            sum.refused += figures.refused;
            sum.turned_away += figures.turned_away;
            sum.unanswered += figures.unanswered;
            sum
        })
    }
}

async fn grown(counter: &AtomicUsize, more: usize) {
    let goal = counter.load(Ordering::Relaxed) + more;
    eventually("as many answers", async || counter.load(Ordering::Relaxed) >= goal).await;
}

fn run(url: &str, token: &str, shared: &Shared) -> Figures {
    let request = raw::post("/api/mobile/token", Some(token), &json!({ "deviceName": "Pixel" }));
    let mut figures = Figures::default();
    while !shared.over.load(Ordering::Relaxed) {
        figures.sent += 1;
        let Ok(mut stream) = raw::connect(url) else {
            figures.turned_away += 1;
            std::thread::sleep(PAUSE);
            continue;
        };
        let answer = stream.write_all(request.as_bytes()).ok().and_then(|()| raw::read_answer(&mut stream));
        match answer {
            Some(answer) if answer.status == 201 => {
                figures.accepted.insert(id_of(&answer.body));
                shared.accepted.fetch_add(1, Ordering::Relaxed);
            }
            Some(answer) => {
                let body = String::from_utf8_lossy(&answer.body);
                assert_eq!(answer.status, 503, "{body}");
                assert!(answer.head.contains("\r\nretry-after: ") && body.contains("unavailable"), "{body}");
                figures.refused += 1;
                shared.refused.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(PAUSE);
            }
            None => figures.unanswered += 1,
        }
    }
    figures
}

/// The session that an answer tells of.
pub(crate) fn id_of(body: &[u8]) -> String {
    serde_json::from_slice::<Value>(body).unwrap()["id"].as_str().unwrap().to_owned()
}

/// The sessions that were opened for a person, by the audit trail: a session and its record are written together. Of the
/// sessions themselves only the last 50 are still live.
pub(crate) async fn sessions_of(client: &Client) -> BTreeSet<String> {
    let admin = client.beside("ada@example.com").await;
    let first = format!("/api/audit?action=session.issued&limit=200&userId={}", client.id().await);
    let (mut path, mut sessions) = (first.clone(), BTreeSet::new());
    loop {
        let page = admin.get(&path).await;
        let ids = page["items"].as_array().unwrap().iter().map(|record| &record["details"]["sessionId"]);
        sessions.extend(ids.map(|id| id.as_str().unwrap().to_owned()));
        match page["nextCursor"].as_str() {
            Some(cursor) => path = format!("{first}&cursor={cursor}"),
            None => return sessions,
        }
    }
}

impl Figures {
    /// How many acknowledged sessions are not among those that the store has.
    pub(crate) fn lost(&self, stored: &BTreeSet<String>) -> usize {
        self.accepted.difference(stored).count()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, accepted, refused, turned_away, unanswered } = self;
        let accepted = accepted.len();
        write!(
            f,
            "{sent} sent, {accepted} accepted, {refused} refused, {turned_away} turned away, {unanswered} unanswered"
        )
    }
}
