//! The one server that all tests of a process share.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::OnceCell;
use tokio_postgres::NoTls;
use url::Url;

use crate::Cluster;

static SERVER: OnceCell<Server> = OnceCell::const_new();

pub(crate) enum Server {
    Ours(Cluster),
    /// The one of `TEST_DATABASE_URL`.
    Given(Url),
}

impl Server {
    pub(crate) async fn get() -> &'static Self {
        SERVER.get_or_init(Self::find).await
    }

    #[expect(clippy::disallowed_methods, reason = "tests have no configuration but this")]
    async fn find() -> Self {
        match std::env::var("TEST_DATABASE_URL") {
            Ok(url) => Self::Given(url.parse().unwrap_or_else(|_| panic!("TEST_DATABASE_URL is no URL"))),
            Err(_) => Self::Ours(Cluster::start().await),
        }
    }

    /// The URL of one of its databases.
    pub(crate) fn url(&self, database: &str) -> String {
        match self {
            Self::Ours(cluster) => cluster.url(database),
            Self::Given(url) => {
                let mut url = url.clone();
                url.set_path(&format!("/{}", utf8_percent_encode(database, NON_ALPHANUMERIC)));
                url.into()
            }
        }
    }

    /// Runs a statement as the superuser, outside of any transaction.
    pub(crate) async fn run(&self, statement: &str) {
        let url = match self {
            Self::Ours(cluster) => cluster.url("postgres"),
            Self::Given(url) => url.to_string(),
        };
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        let answered = async move { client.batch_execute(statement).await };
        let (_, answer) = tokio::join!(connection, answered);
        answer.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
}
