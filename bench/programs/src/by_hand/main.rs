//! The bound that Muster is measured against: the same answers from the same statements, as one would write them by hand
//! with actix-web and tokio-postgres when nothing else were wanted. No logs, metrics, traces, limits, API keys or
//! policies; nothing shared between workers but the signing key.

mod access;
mod clock;
mod origin;
mod pool;
mod postgres;
mod problem;
mod profile;
mod provider;
mod refresh_token;
mod routes;
mod sqlite;

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use actix_web::web::{Data, get, post};
use actix_web::{App, HttpServer};
use clap::Parser;

use crate::access::{Access, Keys};
use crate::pool::Pool;
use crate::sqlite::Sqlite;

/// Serves `GET /api/users/me`, `POST /api/mobile/refresh`, `POST /api/mobile/token` and `GET /empty` from a store that
/// `muster migrate` made. SQLite serves the first and the last alone.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// `postgres://…` or `sqlite://FILE`.
    #[arg(long)]
    database_url: String,
    /// Muster's signing key: an Ed25519 private key as PEM, with which tokens are both made and checked.
    #[arg(long, alias = "public-key")]
    signing_key: PathBuf,
    /// How many workers there are, each with four connections of its own.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// Whom new access tokens name as their issuer.
    #[arg(long, default_value = "http://127.0.0.1")]
    public_url: String,
    /// Where the identity provider's keys are, over plain HTTP. Without it nobody comes with its tokens.
    #[arg(long)]
    issuer_jwks_url: Option<String>,
}

#[actix_web::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "bench-by-hand: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let provider = arguments.issuer_jwks_url.as_deref().map(provider::fetch).transpose()?.unwrap_or_default();
    let keys = Keys::read(&fs::read_to_string(&arguments.signing_key)?, arguments.public_url, provider)?;
    let keys = Arc::new(keys);
    // The application is made in each worker, and with it what only that worker uses.
    let access = move || Data::new(Access::new(Arc::clone(&keys)));
    let server = if let Some(file) = arguments.database_url.strip_prefix("sqlite://") {
        let file = PathBuf::from(file);
        Sqlite::open(&file)?;
        HttpServer::new(move || {
            let file = file.clone();
            App::new()
                .app_data(access())
                .data_factory(move || std::future::ready(Sqlite::open(&file)))
                .route("/api/users/me", get().to(routes::me_on_sqlite))
                .route("/empty", get().to(routes::empty))
        })
        .workers(arguments.workers)
        .bind(arguments.listen)?
        .run()
    } else {
        let config: tokio_postgres::Config = arguments.database_url.parse()?;
        drop(Pool::new(config.clone()).take().await?);
        HttpServer::new(move || {
            App::new()
                .app_data(access())
                .app_data(Data::new(Pool::new(config.clone())))
                .route("/api/users/me", get().to(routes::me))
                .route("/api/mobile/refresh", post().to(routes::refresh))
                .route("/api/mobile/token", post().to(routes::issue))
                .route("/empty", get().to(routes::empty))
        })
        .workers(arguments.workers)
        .bind(arguments.listen)?
        .run()
    };
    writeln!(io::stdout(), "listening")?;
    Ok(server.await?)
}
