/// One setting, as messages, `--help`, the table in docs/operations.md and `.env.example` describe it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Its name in the environment.
    pub name: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// What holds when it is left out.
    pub default: &'static str,
    /// Whether its value is a secret: it has no flag then, because others can read a command line.
    pub secret: bool,
}

const fn setting(name: &'static str, meaning: &'static str, default: &'static str) -> Setting {
    Setting { name, meaning, default, secret: false }
}

const fn secret(name: &'static str, meaning: &'static str, default: &'static str) -> Setting {
    Setting { name, meaning, default, secret: true }
}

/// Every setting there is.
pub(crate) const SETTINGS: [Setting; 75] = [
    setting("MUSTER_MODE", "how the server runs: development or production", "development"),
    setting(
        "MUSTER_LISTEN",
        "the IP address and port that the server listens on; in development mode a loopback address",
        "127.0.0.1:8080",
    ),
    setting("MUSTER_DATA_DIR", "the folder for the SQLite file and for the keys that development mode makes", "./data"),
    setting("DATABASE_URL", "where the store is: sqlite://FILE or postgres://…", "sqlite://<data dir>/muster.db"),
    setting("DATABASE_URL_FILE", "a file that holds that URL, which may have a password", "none"),
    setting(
        "MUSTER_DB_POOL_SIZE",
        "how many connections one server opens to its database: 1 to 1000; those to PostgreSQL are shared out among its \
         workers, one a core, and what runs beside them, with one at the least for each",
        "16 or, when that is more, 4 for each core and 4; with SQLite 4 for lookups by a key and 4 for all else that \
         reads",
    ),
    setting(
        "MUSTER_DB_CONNECT_TIMEOUT_SECONDS",
        "for how many seconds opening a connection to PostgreSQL may take: 1 to 3600",
        "5",
    ),
    setting(
        "MUSTER_DB_ACQUIRE_TIMEOUT_SECONDS",
        "for how many seconds a request waits for a connection that others use, before it gets 503: 1 to 3600",
        "10",
    ),
    setting(
        "MUSTER_DB_STATEMENT_TIMEOUT_SECONDS",
        "for how many seconds PostgreSQL works on one statement: 1 to 3600, or 0 for no limit; migrations have none",
        "30",
    ),
    setting(
        "MUSTER_SQLITE_DURABILITY",
        "what a power cut does to writes that SQLite acknowledged: full loses none, and each waits for the disk; normal \
         may lose the last ones, and never corrupts the file",
        "full",
    ),
    setting(
        "MUSTER_PUBLIC_URL",
        "the address by which clients reach the server; access tokens name it as their issuer",
        "http://<listen>",
    ),
    secret(
        "MUSTER_PEPPER",
        "the secret under which codes and contacts are hashed: base64 of at least 32 random bytes, as \
         `openssl rand -base64 32` prints them",
        "in development, made once in the data folder",
    ),
    setting("MUSTER_PEPPER_FILE", "a file that holds the pepper", "none"),
    secret(
        "MUSTER_PEPPER_NEXT",
        "during a rotation, the pepper that will be the next one: what other servers hash with it already is recognized",
        "none",
    ),
    setting("MUSTER_PEPPER_NEXT_FILE", "a file that holds the next pepper", "none"),
    secret(
        "MUSTER_PEPPER_PREVIOUS",
        "during a rotation, the pepper of before, or up to 4 with commas between them: what was hashed with them is \
         recognized and moved to the present one",
        "none",
    ),
    setting("MUSTER_PEPPER_PREVIOUS_FILE", "a file that holds the previous peppers, one a line", "none"),
    secret(
        "MUSTER_SIGNING_KEY",
        "the Ed25519 private key that signs access tokens: PKCS#8 as PEM, as `openssl genpkey \
         -algorithm ed25519` prints it, or the base64 of its DER in one line",
        "in development, made once in the data folder",
    ),
    setting("MUSTER_SIGNING_KEY_FILE", "a file that holds the signing key", "none"),
    secret(
        "MUSTER_SIGNING_KEY_NEXT",
        "during a rotation, the key that will sign next: it is published, and what other servers sign with it already is \
         taken",
        "none",
    ),
    setting("MUSTER_SIGNING_KEY_NEXT_FILE", "a file that holds the next signing key", "none"),
    secret(
        "MUSTER_SIGNING_KEY_PREVIOUS",
        "during a rotation, the key that signed before, or up to 4 with commas between them: tokens that they signed are \
         taken until they expire",
        "none",
    ),
    setting(
        "MUSTER_SIGNING_KEY_PREVIOUS_FILE",
        "a file that holds the previous signing keys, one after the other",
        "none",
    ),
    setting(
        "MUSTER_OIDC_ISSUER",
        "the OpenID Connect provider whose tokens people sign in with, exactly as its tokens name it, like \
         https://example.okta.com/oauth2/default",
        "none: nobody signs in by one",
    ),
    setting("MUSTER_OIDC_AUDIENCE", "for whom its tokens must be made (aud), like api://muster", "none"),
    setting(
        "MUSTER_OIDC_CLIENT_ID",
        "the client id that the provider gave the front ends that sign people in; GET /api/configuration tells it",
        "none",
    ),
    setting(
        "MUSTER_OIDC_CREATE_USERS",
        "whether people whom the provider knows and the directory has not delivered are added when they first sign in: \
         true or false",
        "false: they are refused",
    ),
    setting(
        "MUSTER_OIDC_USERINFO",
        "whether the provider's userinfo endpoint is asked, with the token, for the names of people who are not on \
         record by their sub and whose token has none: true or false",
        "true",
    ),
    setting(
        "MUSTER_DEFAULT_PHONE_REGION",
        "the country whose phone numbers lack a country code (ISO 3166-1 alpha-2, like US)",
        "none: such numbers are kept and not proven",
    ),
    setting(
        "MUSTER_DEACTIVATION_BRAKE_PERCENT",
        "how many per cent of the active people one client of the directory may deactivate within an hour, before an \
         admin must look: 1 to 100, and 100 is no brake",
        "10",
    ),
    setting(
        "MUSTER_DEACTIVATION_BRAKE_FREE",
        "how many it may deactivate within an hour whatever the share: 1 to 1000000",
        "10",
    ),
    setting(
        "MUSTER_REPLAY_GRACE_SECONDS",
        "for how many seconds a replaced refresh token counts as late and not as stolen: 0 to 3600",
        "60",
    ),
    setting(
        "MUSTER_CHANNELS",
        "the channels that people are reached over and have to prove: one or more of email, sms and push",
        "email,sms,push",
    ),
    setting(
        "MUSTER_SENDS_PER_DESTINATION",
        "how many codes may go to one address, number or device, by the hour and by the day",
        "6/15",
    ),
    setting(
        "MUSTER_SENDS_PER_USER",
        "how many codes one person may ask for, over all channels, by the hour and by the day",
        "15/40",
    ),
    setting(
        "MUSTER_SENDS_IN_ALL",
        "how many codes the whole installation may send, by the hour and by the day",
        "2000/10000",
    ),
    setting(
        "MUSTER_SMS_PREFIXES",
        "with which digits the numbers begin that text messages may go to, like +1,+44",
        "none: to any number",
    ),
    setting("AWS_REGION", "the AWS region whose SES sends e-mail, like eu-west-1", "none"),
    setting(
        "AWS_SES_FROM_EMAIL",
        "who e-mail is from, an address or NAME <ADDRESS> that SES has verified; in development e-mail goes to the \
         outbox without it",
        "none",
    ),
    setting("AWS_SES_CONFIGURATION_SET", "the SES configuration set that e-mail goes through", "none"),
    setting(
        "AWS_ACCESS_KEY_ID",
        "the id of the AWS key pair that sends e-mail",
        "none: the AWS SDK's own chain (environment, profile, web identity, container, instance)",
    ),
    secret("AWS_SECRET_ACCESS_KEY", "the secret of that key pair", "none"),
    setting("AWS_SECRET_ACCESS_KEY_FILE", "a file that holds the secret of that key pair", "none"),
    secret("AWS_SESSION_TOKEN", "what goes with a key pair that is lent for a while", "none"),
    setting("AWS_SESSION_TOKEN_FILE", "a file that holds what goes with such a key pair", "none"),
    setting("AWS_ENDPOINT_URL_SES", "where SES is, when it is not AWS's own", "AWS's own"),
    setting(
        "TWILIO_ACCOUNT_SID",
        "the Twilio account that sends text messages, AC and 32 hexadecimal digits; in development they go to the \
         outbox when no TWILIO setting is given",
        "none",
    ),
    secret("TWILIO_AUTH_TOKEN", "that account's auth token", "none"),
    setting("TWILIO_AUTH_TOKEN_FILE", "a file that holds the auth token", "none"),
    setting(
        "TWILIO_PHONE_NUMBER",
        "who text messages are from: a number of the account's like +15005550006, a short code or a sender id",
        "none",
    ),
    setting(
        "TWILIO_MESSAGING_SERVICE_SID",
        "the messaging service that picks who they are from, MG and 32 hexadecimal digits, instead of a number",
        "none",
    ),
    setting("TWILIO_API_BASE_URL", "where Twilio's API is", "https://api.twilio.com"),
    secret(
        "VAPID_PRIVATE_KEY",
        "the key that browsers subscribe to push with: 43 characters of base64url, as web-push generate-vapid-keys \
         prints it, or PKCS#8 as PEM",
        "none",
    ),
    setting("VAPID_PRIVATE_KEY_FILE", "a file that holds that key", "none"),
    setting(
        "VAPID_SUBJECT",
        "whom push services of browsers may ask when something is wrong, like mailto:ops@example.com",
        "none",
    ),
    setting(
        "WEB_PUSH_API_BASE_URL",
        "a gateway that carries what goes to push services of browsers; it then decides what may be reached",
        "each subscription's own endpoint",
    ),
    setting(
        "FCM_SERVICE_ACCOUNT_FILE",
        "the JSON file of the Google service account that sends push messages to Android",
        "none",
    ),
    setting("FCM_API_BASE_URL", "where FCM is", "https://fcm.googleapis.com"),
    setting("FCM_TOKEN_URL", "where FCM's access tokens are fetched", "the service account's token_uri"),
    setting("APNS_KEY_FILE", "the .p8 file of the key that sends push messages to Apple's devices", "none"),
    setting("APNS_KEY_ID", "that key's id, 10 capital letters and digits", "none"),
    setting("APNS_TEAM_ID", "the id of the Apple team whose key it is, 10 capital letters and digits", "none"),
    setting("APNS_TOPIC", "the app's bundle id, like com.example.oncall", "none"),
    setting(
        "APNS_API_BASE_URL",
        "where APNs is; https://api.sandbox.push.apple.com for builds that were not distributed",
        "https://api.push.apple.com",
    ),
    setting(
        "MUSTER_TLS_CERTIFICATE_FILE",
        "the PEM file of the server's certificate and what it is signed by, when it speaks TLS itself; read anew when \
         it changes",
        "none: plain HTTP, behind a proxy that speaks TLS",
    ),
    setting("MUSTER_TLS_KEY_FILE", "the PEM file of that certificate's private key", "none"),
    setting(
        "MUSTER_TRUSTED_PROXIES",
        "whose word is taken for the address of a client (X-Forwarded-For): addresses or networks of proxies with \
         commas between them, like 10.0.0.0/8",
        "none: the connection's own address counts",
    ),
    setting(
        "MUSTER_CORS_ORIGINS",
        "from which web pages browsers may call, with commas between them, like https://oncall.example.com",
        "none: from none of another origin; in development mode from those of this machine",
    ),
    setting("MUSTER_MAX_CONNECTIONS", "how many connections are open at once: 1 to 1000000", "10000"),
    setting(
        "MUSTER_MAX_REQUESTS",
        "how many requests are worked on at once, before further ones are told to come back (503): 1 to 100000",
        "512",
    ),
    setting(
        "MUSTER_ANONYMOUS_REQUESTS_PER_MINUTE",
        "how many requests without a credential one address may make in a minute: 1 to 1000000, or 0 for no limit",
        "600",
    ),
    setting(
        "MUSTER_AUDIT_RETENTION_DAYS",
        "after how many days audit records are removed: 30 to 36500",
        "none: they are kept",
    ),
    setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "where traces are sent, by OTLP over HTTP, like http://127.0.0.1:4318",
        "none: nowhere",
    ),
    setting("MUSTER_TRACE_PERCENT", "how many per cent of the traces that begin here are sent: 0 to 100", "100"),
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

/// The other way to give the same value: `NAME_FILE` for `NAME`, and back.
pub(super) fn twin(name: &str) -> Option<&'static Setting> {
    let base = name.strip_suffix("_FILE");
    SETTINGS.iter().find(|setting| match base {
        Some(base) => setting.name == base,
        None => setting.name.strip_suffix("_FILE") == Some(name),
    })
}
