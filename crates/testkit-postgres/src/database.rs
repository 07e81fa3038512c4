use tokio::sync::OnceCell;

use crate::server::Server;

static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// A database of a test's own. Dropping it removes it, and whoever is still connected is cut off.
pub struct Database {
    /// Its URL, for its owner, who is a superuser.
    pub url: String,
    name: String,
    server: &'static Server,
}

/// A database with the schema that `migrate` makes in the empty one whose URL it is given. It is called once in a
/// process: what it made is the template of every other database, so that all tests of a process share one schema.
pub async fn database<Migrating: Future<Output = ()>>(migrate: impl FnOnce(String) -> Migrating) -> Database {
    let server = Server::get().await;
    let Server::Ours(cluster) = server else {
        // Nobody would remove the template from a server that outlives this process.
        let database = empty_database().await;
        migrate(database.url.clone()).await;
        return database;
    };
    let make_template = async {
        let name = new_name();
        server.run(&format!("CREATE DATABASE {name}")).await;
        migrate(server.url(&name)).await;
        let close = format!(
            "ALTER DATABASE {name} ALLOW_CONNECTIONS false;
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        server.run(&close).await;
        name
    };
    let template = TEMPLATE.get_or_init(|| make_template).await;
    create(server, &format!("TEMPLATE {template} {}", cluster.quick_copy())).await
}

/// A database without any table.
pub async fn empty_database() -> Database {
    create(Server::get().await, "").await
}

async fn create(server: &'static Server, how: &str) -> Database {
    let name = new_name();
    server.run(&format!("CREATE DATABASE {name} {how}")).await;
    Database { url: server.url(&name), name, server }
}

/// No two processes may choose the same, for a server that was given serves them all.
fn new_name() -> String {
    format!("muster_test_{:016x}", fastrand::u64(..))
}

impl Drop for Database {
    fn drop(&mut self) {
        let (name, server) = (&self.name, self.server);
        // On a thread of its own: this one may be a runtime's, which must not be waited on.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(server.run(&format!("DROP DATABASE {name} WITH (FORCE)")));
            });
        });
    }
}
