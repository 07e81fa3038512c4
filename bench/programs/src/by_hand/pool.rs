//! The connections of one worker, driven on its own runtime: the one that was given back last is taken first.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::{Client, Config, Error, NoTls, Statement};

use crate::postgres;

const CONNECTIONS: usize = 4;

/// A connection with every statement prepared on it.
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) person: Statement,
    pub(crate) account: Statement,
    pub(crate) identity: Statement,
    pub(crate) candidate: Statement,
    pub(crate) rotate: Statement,
    pub(crate) issue: Statement,
}

pub(crate) struct Pool {
    config: Config,
    free: RefCell<Vec<Rc<Connection>>>,
    permits: Semaphore,
}

impl Pool {
    /// Opens nothing yet.
    pub(crate) fn new(config: Config) -> Self {
        Self { config, free: RefCell::default(), permits: Semaphore::new(CONNECTIONS) }
    }

    /// A connection that is nobody else's until it is dropped.
    pub(crate) async fn take(&self) -> Result<Lease<'_>, Error> {
        // The semaphore is never closed; without a permit there would only be a connection more.
        let permit = self.permits.acquire().await.ok();
        let free = self.free.borrow_mut().pop().filter(|connection| !connection.client.is_closed());
        let connection = match free {
            Some(connection) => connection,
            None => Rc::new(self.connect().await?),
        };
        Ok(Lease { pool: self, connection, _permit: permit })
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let (client, driver) = self.config.connect(NoTls).await?;
        actix_web::rt::spawn(driver);
        client.batch_execute("SET bytea_output = hex; SET TimeZone = 'UTC'").await?;
        Ok(Connection {
            person: client.prepare(&postgres::person()).await?,
            account: client.prepare(postgres::ACCOUNT).await?,
            identity: client.prepare(postgres::IDENTITY).await?,
            candidate: client.prepare(&postgres::candidate()).await?,
            rotate: client.prepare(postgres::ROTATE).await?,
            issue: client.prepare(postgres::ISSUE).await?,
            client,
        })
    }
}

/// A connection for the time being.
pub(crate) struct Lease<'a> {
    pool: &'a Pool,
    connection: Rc<Connection>,
    _permit: Option<SemaphorePermit<'a>>,
}

impl Deref for Lease<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.pool.free.borrow_mut().push(Rc::clone(&self.connection));
    }
}
