/// One setting, as messages and `.env.example` describe it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Its name in the environment.
    pub name: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// What holds when it is left out.
    pub default: &'static str,
}

const fn setting(name: &'static str, meaning: &'static str, default: &'static str) -> Setting {
    Setting { name, meaning, default }
}

/// Every setting there is.
pub(crate) const SETTINGS: [Setting; 16] = [
    setting("MUSTER_MODE", "how the server runs: development or production", "development"),
    setting("MUSTER_LISTEN", "the IP address and port that the server listens on", "127.0.0.1:8080"),
    setting("MUSTER_DATA_DIR", "the folder for what the server keeps on disk", "./data"),
    setting("DATABASE_URL", "where the store is: sqlite://FILE or postgres://…", "sqlite://<data dir>/muster.db"),
    setting(
        "MUSTER_DB_POOL_SIZE",
        "how many connections one server opens to its database: 1 to 1000",
        "16; with SQLite 4, for reading",
    ),
    setting(
        "MUSTER_DB_CONNECT_TIMEOUT_SECONDS",
        "for how many seconds opening a connection to PostgreSQL may take: 1 to 3600",
        "5",
    ),
    setting(
        "MUSTER_DB_ACQUIRE_TIMEOUT_SECONDS",
        "for how many seconds a request waits for a connection that others use: 1 to 3600",
        "10",
    ),
    setting(
        "MUSTER_DB_STATEMENT_TIMEOUT_SECONDS",
        "for how many seconds PostgreSQL works on one statement: 1 to 3600, or 0 for no limit",
        "30",
    ),
    setting("MUSTER_PUBLIC_URL", "the address by which clients reach the server", "http://<listen>"),
    setting(
        "MUSTER_PEPPER",
        "the secret under which codes and contacts are hashed: base64 of at least 32 random bytes",
        "in development, made once in the data folder",
    ),
    setting("MUSTER_PEPPER_FILE", "a file that holds the pepper", "none"),
    setting(
        "MUSTER_SIGNING_KEY",
        "the Ed25519 private key that signs access tokens: PKCS#8 as PEM, or the base64 of its DER in one line",
        "in development, made once in the data folder",
    ),
    setting("MUSTER_SIGNING_KEY_FILE", "a file that holds the signing key", "none"),
    setting(
        "MUSTER_DEFAULT_PHONE_REGION",
        "the country whose phone numbers lack a country code (ISO 3166-1 alpha-2, like US)",
        "none: such numbers are kept and not proven",
    ),
    setting(
        "MUSTER_REPLAY_GRACE_SECONDS",
        "for how many seconds a replaced refresh token counts as late and not as stolen: 0 to 3600",
        "60",
    ),
    setting("MUSTER_LOG", "what is logged, as a tracing filter like info,muster_http=debug", "info"),
];

/// The known name that an unknown one was most likely meant to be: the one that begins most like it (Jaro-Winkler).
pub(super) fn nearest(unknown: &str) -> &'static str {
    let unknown = bare(unknown);
    let likeness = |setting: &Setting| strsim::jaro_winkler(bare(setting.name), unknown);
    let nearest = SETTINGS.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.map_or("MUSTER_MODE", |setting| setting.name)
}

fn bare(name: &str) -> &str {
    name.trim_start_matches("MUSTER_")
}

/// The setting of that name.
pub(super) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}
