use std::time::Duration;

use tokio_postgres::NoTls;

use crate::common::client::Client;
use crate::common::{Folder, Server};

/// Servers over one store, in one folder: with the same secrets, and with the one address that clients would know.
pub(crate) struct Fleet {
    pub(crate) folder: Folder,
    pub(crate) servers: Vec<Server>,
}

impl Fleet {
    /// Three servers that are started at once over an empty PostgreSQL database.
    pub(crate) fn over(database_url: &str) -> Self {
        Self::start(3, &[("DATABASE_URL", database_url)])
    }

    /// As many servers, started at once, with further settings. Without a database they share an SQLite file.
    pub(crate) fn start(count: usize, settings: &[(&str, &str)]) -> Self {
        Self::start_in(Folder::new(), count, settings)
    }

    /// The same in a folder that is prepared.
    pub(crate) fn start_in(folder: Folder, count: usize, settings: &[(&str, &str)]) -> Self {
        let mut settings = settings.to_vec();
        settings.push(("MUSTER_PUBLIC_URL", "http://muster.test"));
        let servers = std::thread::scope(|scope| {
            let starting: Vec<_> = (0..count).map(|_| scope.spawn(|| folder.serve_with(&settings))).collect();
            starting.into_iter().map(|server| server.join().unwrap()).collect()
        });
        Self { folder, servers }
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.servers.iter().map(|server| server.url.clone()).collect()
    }

    /// Signs somebody in at the first server: the same person and token at each.
    pub(crate) async fn sign_in(&self, email: &str) -> Vec<Client> {
        let first = Client::sign_in(&self.servers[0].url, email).await;
        self.servers.iter().map(|server| first.at(&server.url)).collect()
    }

    /// How many messages all servers together sent.
    pub(crate) async fn messages(&self) -> usize {
        let mut messages = 0;
        for client in self.sign_in("ada@example.com").await {
            messages += client.get("/dev/outbox").await.as_array().unwrap().len();
        }
        messages
    }
}

/// One after the other, round and round: what the nth of many requests at once goes to.
pub(crate) struct Turns<'a, T> {
    of: &'a [T],
    next: std::sync::atomic::AtomicUsize,
}

impl<'a, T: Clone> Turns<'a, T> {
    pub(crate) fn of(of: &'a [T]) -> Self {
        Self { of, next: 0.into() }
    }

    pub(crate) fn next(&self) -> T {
        let turn = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.of[turn % self.of.len()].clone()
    }
}

/// Waits until something holds, and fails when it does not within half a minute, which is far more than it takes.
pub(crate) async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never so: {what}");
}

/// A connection of the test's own to PostgreSQL.
pub(crate) async fn beside(database_url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(database_url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The one number that a query answers with.
pub(crate) async fn number(client: &tokio_postgres::Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.unwrap().get(0)
}
