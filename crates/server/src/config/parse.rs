use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use muster_crypto::{Pepper, SigningKey};
use muster_domain::directory::BrakePolicy;
use muster_domain::user::Region;
use muster_http::EdgeSettings;
use muster_identity::OidcSettings;
use muster_persistence::{SqliteDurability, StoreOptions};
use time::Duration;
use tracing_subscriber::EnvFilter;
use url::Url;
use zeroize::Zeroizing;

use super::edge::{TlsFiles, Tracing};
use super::messaging::Messaging;
use super::parser::Parser;
use super::{ConfigError, Others, Settings};

/// How the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// On one's own machine: loopback only, demo people, messages go to an outbox.
    Development,
    /// For real people.
    Production,
}

impl Mode {
    /// Its name as `MUSTER_MODE` takes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

/// What a command needs of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Serving, and checking what serving needs: everything.
    Serve,
    /// The store and the pepper: contacts are fingerprinted with it, and audit records sealed.
    UsePepper,
    /// The store alone.
    UseStore,
}

/// The configuration, checked. `Debug` shows no secret.
pub(crate) struct Config {
    /// How the server runs.
    pub mode: Mode,
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The folder for what it keeps on disk.
    pub data_dir: PathBuf,
    /// Where the store is, which may hold a password, and how patient the server is with it.
    pub store: StoreOptions,
    /// Whether the store is a file in the data folder, because nothing else was said.
    pub database_in_data_dir: bool,
    /// The address by which clients reach it, without a slash at its end; `None` means where it listens.
    pub public_url: Option<String>,
    /// The pepper; `None`, in development only, means the one in the data folder.
    pub pepper: Option<Pepper>,
    /// The next and the previous peppers, during a rotation.
    pub other_peppers: Others<Pepper>,
    /// The signing key; `None`, in development only, means the one in the data folder.
    pub signing_key: Option<SigningKey>,
    /// The next and the previous signing keys, during a rotation.
    pub other_signing_keys: Others<SigningKey>,
    /// The country of phone numbers without a country code.
    pub default_phone_region: Option<Region>,
    /// How many deactivations of one client of the directory's are let through.
    pub brake: BrakePolicy,
    /// How long a replaced refresh token counts as late and not as stolen.
    pub replay_grace: Duration,
    /// What is logged, a valid filter.
    pub log: String,
    /// Whose tokens people sign in with; in development mode they need none.
    pub oidc: Option<OidcSettings>,
    /// The provider's `client_id` of the front ends that sign people in.
    pub client_id: Option<String>,
    /// Whether people whom the identity provider knows and the directory has not delivered are added when they sign in.
    pub creates_users: bool,
    /// How clients are treated before any route does.
    pub edge: EdgeSettings,
    /// The certificate, when the server speaks TLS itself.
    pub tls: Option<TlsFiles>,
    /// After how long audit records are removed.
    pub audit_retention: Option<Duration>,
    /// Where traces go.
    pub tracing: Option<Tracing>,
    /// Over which channels people are reached, and how; whole only for [`Purpose::Serve`].
    pub messaging: Messaging,
}

const PEPPER: [&str; 2] = ["MUSTER_PEPPER", "MUSTER_PEPPER_FILE"];
const SIGNING_KEY: [&str; 2] = ["MUSTER_SIGNING_KEY", "MUSTER_SIGNING_KEY_FILE"];
const OIDC: [&str; 2] = ["MUSTER_OIDC_ISSUER", "MUSTER_OIDC_AUDIENCE"];
const PRODUCTION: &str = "production mode needs one of them";

impl Config {
    /// Checks the settings for a purpose. Reads nothing but the files that they name, through `read_file`.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub(crate) fn parse(
        settings: &Settings,
        purpose: Purpose,
        read_file: &dyn Fn(&Path) -> io::Result<Zeroizing<String>>,
    ) -> Result<Self, ConfigError> {
        let mut parser = Parser { settings, read_file, faults: settings.faults.clone() };
        parser.refuse_unknown();
        let mode =
            parser.value("MUSTER_MODE", Mode::Development, "must be development or production", |text| match text {
                "development" => Some(Mode::Development),
                "production" => Some(Mode::Production),
                _ => None,
            });
        let default_listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
        let how = "must be an IP address and a port, like 127.0.0.1:8080";
        let listen: SocketAddr = parser.value("MUSTER_LISTEN", default_listen, how, |text| text.parse().ok());
        let data_dir = PathBuf::from(settings.get("MUSTER_DATA_DIR").unwrap_or("./data"));
        let (store, database_in_data_dir) = parser.store(&data_dir);
        let public_url = parser.optional(
            "MUSTER_PUBLIC_URL",
            "must be an http or https address without a query, like https://muster.example.com",
            public_url,
        );
        let (pepper, other_peppers) = parser.peppers();
        let (signing_key, other_signing_keys) = parser.signing_keys();
        let default_phone_region =
            parser.optional("MUSTER_DEFAULT_PHONE_REGION", "must be two letters, like US", |text| text.parse().ok());
        let brake = parser.brake();
        let minute = std::time::Duration::from_mins(1);
        let how = "must be a number from 0 to 3600";
        let replay_grace = parser.value("MUSTER_REPLAY_GRACE_SECONDS", minute, how, seconds);
        let log = parser.value("MUSTER_LOG", "info".to_owned(), "must be a tracing filter, like info", |text| {
            EnvFilter::try_new(text).ok().map(|_| text.to_owned())
        });
        let oidc = parser.oidc();
        let how = "must be true or false";
        let creates_users = parser.value("MUSTER_OIDC_CREATE_USERS", false, how, |text| text.parse().ok());
        if creates_users && !parser.any_given(&OIDC) {
            parser.fault("MUSTER_OIDC_CREATE_USERS", "means nothing without MUSTER_OIDC_ISSUER");
        }
        let how = "must be 1 to 255 visible ASCII characters";
        let client_id = parser.optional("MUSTER_OIDC_CLIENT_ID", how, |text| {
            let fits = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
            fits.then(|| text.to_owned())
        });
        if client_id.is_some() && !parser.any_given(&OIDC) {
            parser.fault("MUSTER_OIDC_CLIENT_ID", "means nothing without MUSTER_OIDC_ISSUER");
        }
        if parser.any_given(&["MUSTER_OIDC_USERINFO"]) && !parser.any_given(&OIDC) {
            parser.fault("MUSTER_OIDC_USERINFO", "means nothing without MUSTER_OIDC_ISSUER");
        }
        let edge = parser.edge(public_url.as_deref(), mode == Mode::Development);
        let tls = parser.tls();
        let audit_retention = parser.audit_retention();
        let tracing = parser.tracing();
        let messaging = match purpose {
            Purpose::Serve => Messaging::parse(&mut parser, mode, public_url.as_deref()),
            Purpose::UsePepper | Purpose::UseStore => Messaging::default(),
        };
        match (mode, purpose) {
            (Mode::Development, Purpose::Serve) => parser.require_loopback(listen),
            (Mode::Production, Purpose::Serve) => {
                parser.require_one(&PEPPER, PRODUCTION);
                parser.require_one(&SIGNING_KEY, PRODUCTION);
            }
            (Mode::Production, Purpose::UsePepper) => parser.require_one(&PEPPER, PRODUCTION),
            (_, Purpose::UsePepper | Purpose::UseStore) => {}
        }
        if !parser.faults.is_empty() {
            return Err(ConfigError::new(parser.faults, settings));
        }
        Ok(Self {
            mode,
            listen,
            store,
            database_in_data_dir,
            data_dir,
            public_url,
            pepper,
            other_peppers,
            signing_key,
            other_signing_keys,
            default_phone_region,
            brake,
            replay_grace: Duration::try_from(replay_grace).unwrap_or(Duration::MINUTE),
            log,
            oidc,
            creates_users,
            client_id,
            edge,
            tls,
            audit_retention,
            tracing,
            messaging,
        })
    }
}

impl Parser<'_> {
    /// The store, and whether it is in the data folder because nothing else was said.
    fn store(&mut self, data_dir: &Path) -> (StoreOptions, bool) {
        let default = || format!("sqlite://{}", data_dir.join("muster.db").display());
        let given = self.secret("DATABASE_URL", "DATABASE_URL_FILE", database_url);
        let in_data_dir = given.is_none();
        let defaults = StoreOptions::new(given.unwrap_or_else(default));
        let pool_size = self.optional("MUSTER_DB_POOL_SIZE", "must be a number from 1 to 1000", |text| {
            text.parse().ok().filter(|size: &NonZeroUsize| size.get() <= 1000)
        });
        let connect_timeout = self.timeout("MUSTER_DB_CONNECT_TIMEOUT_SECONDS");
        let acquire_timeout = self.timeout("MUSTER_DB_ACQUIRE_TIMEOUT_SECONDS");
        let how = "must be a number from 0 to 3600";
        let statement_timeout = self.optional("MUSTER_DB_STATEMENT_TIMEOUT_SECONDS", how, seconds);
        let sqlite_durability =
            self.value("MUSTER_SQLITE_DURABILITY", defaults.sqlite_durability, "must be full or normal", |text| {
                match text {
                    "full" => Some(SqliteDurability::Full),
                    "normal" => Some(SqliteDurability::Normal),
                    _ => None,
                }
            });
        let store = StoreOptions {
            pool_size: pool_size.or(defaults.pool_size),
            connect_timeout: connect_timeout.unwrap_or(defaults.connect_timeout),
            acquire_timeout: acquire_timeout.unwrap_or(defaults.acquire_timeout),
            statement_timeout: statement_timeout
                .map_or(defaults.statement_timeout, |limit| (!limit.is_zero()).then_some(limit)),
            sqlite_durability,
            ..defaults
        };
        (store, in_data_dir)
    }

    fn brake(&mut self) -> BrakePolicy {
        let BrakePolicy { percent, free } = BrakePolicy::default();
        let how = "must be a number from 1 to 100";
        let percent = self.value("MUSTER_DEACTIVATION_BRAKE_PERCENT", percent, how, |text| {
            text.parse().ok().filter(|percent| (1..=100).contains(percent))
        });
        let how = "must be a number from 1 to 1000000";
        let free = self.value("MUSTER_DEACTIVATION_BRAKE_FREE", free, how, |text| {
            text.parse().ok().filter(|free| (1..=1_000_000).contains(free))
        });
        BrakePolicy { percent, free }
    }

    fn oidc(&mut self) -> Option<OidcSettings> {
        if self.any_given(&OIDC) {
            self.require(&OIDC, "the issuer and the audience of its tokens are given together");
        }
        let issuer = self.checked(OIDC[0], str::parse);
        let audience = self.checked(OIDC[1], str::parse);
        let how = "must be true or false";
        let asks_userinfo = self.value("MUSTER_OIDC_USERINFO", true, how, |text| text.parse().ok());
        Some(OidcSettings { issuer: issuer?, audience: audience?, asks_userinfo })
    }

    fn timeout(&mut self, name: &str) -> Option<std::time::Duration> {
        self.optional(name, "must be a number from 1 to 3600", |text| seconds(text).filter(|limit| !limit.is_zero()))
    }

    fn require_loopback(&mut self, listen: SocketAddr) {
        if !listen.ip().is_loopback() {
            self.fault(
                "MUSTER_LISTEN",
                "must be a loopback address, like 127.0.0.1:8080: in development mode anybody who reaches the server \
                 can sign in as anyone",
            );
        }
    }
}

fn database_url(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let schemes = ["sqlite://", "postgres://", "postgresql://"];
    let known = schemes.iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
    if known { Ok(text.to_owned()) } else { Err("must begin with sqlite:// or postgres://") }
}

/// Whole seconds, up to an hour.
fn seconds(text: &str) -> Option<std::time::Duration> {
    let seconds = text.parse::<u16>().ok().filter(|seconds| *seconds <= 3600)?;
    Some(std::time::Duration::from_secs(seconds.into()))
}

fn public_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    // Tokens name it as their issuer, so it must leave room in them.
    (plain && text.len() <= 1024).then(|| url.as_str().trim_end_matches('/').to_owned())
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.store.url.split("://").next().unwrap_or_default();
        f.debug_struct("Config")
            .field("mode", &self.mode)
            .field("listen", &self.listen)
            .field("data_dir", &self.data_dir)
            .field("database", &scheme)
            .field("store", &self.store)
            .field("public_url", &self.public_url)
            .field("pepper", &self.pepper)
            .field("other_peppers", &self.other_peppers)
            .field("signing_key", &self.signing_key)
            .field("other_signing_keys", &self.other_signing_keys)
            .field("default_phone_region", &self.default_phone_region)
            .field("brake", &self.brake)
            .field("replay_grace", &self.replay_grace)
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}
