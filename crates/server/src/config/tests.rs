use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use muster_persistence::{SqliteDurability, StoreOptions};
use rstest::rstest;
use time::Duration;
use zeroize::Zeroizing;

use super::settings::SETTINGS;
use super::{Config, ConfigError, Mode, Purpose, Settings};

const PEPPER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const KEY: &str = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";

mod keys;
mod messaging;
mod sources;

fn files(path: &Path) -> io::Result<Zeroizing<String>> {
    match path.to_str() {
        Some("/run/pepper") => Ok(Zeroizing::new(format!("{PEPPER}\n"))),
        Some("/run/key") => {
            Ok(Zeroizing::new(format!("-----BEGIN PRIVATE KEY-----\n{KEY}\n-----END PRIVATE KEY-----\n")))
        }
        Some("/run/database-url") => Ok(Zeroizing::new("postgres://muster:hunter2@db/muster\n".to_owned())),
        Some("/run/aws-secret") => Ok(Zeroizing::new("aws-key-that-is-secret\n".to_owned())),
        Some("/run/junk") => Ok(Zeroizing::new("junk-that-is-secret".to_owned())),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    }
}

fn parse(purpose: Purpose, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::parse(&Settings::from_pairs(pairs.iter().copied()), purpose, &files)
}

fn faulty_names(purpose: Purpose, pairs: &[(&str, &str)]) -> Vec<String> {
    parse(purpose, pairs).unwrap_err().faults.into_iter().map(|fault| fault.name).collect()
}

#[test]
fn nothing_given_is_development_on_loopback() {
    let config = parse(Purpose::Serve, &[]).unwrap();
    assert_eq!(config.mode, Mode::Development);
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.data_dir, PathBuf::from("./data"));
    assert_eq!(config.store.url, "sqlite://./data/muster.db");
    let defaults = StoreOptions::new("");
    assert_eq!(config.store.pool_size, defaults.pool_size);
    assert_eq!(config.store.connect_timeout, defaults.connect_timeout);
    assert_eq!(config.store.acquire_timeout, defaults.acquire_timeout);
    assert_eq!(config.store.statement_timeout, defaults.statement_timeout);
    assert_eq!(config.store.sqlite_durability, SqliteDurability::Full);
    assert!(config.database_in_data_dir);
    assert_eq!(config.public_url, None);
    assert!(config.pepper.is_none() && config.signing_key.is_none());
    assert_eq!(config.default_phone_region, None);
    assert_eq!(config.replay_grace, Duration::seconds(60));
    assert_eq!(config.log, "info");
}

#[test]
fn every_setting_is_taken() {
    let config = parse(
        Purpose::UsePepper,
        &[
            ("MUSTER_MODE", "production"),
            ("MUSTER_LISTEN", "[::]:9000"),
            ("MUSTER_DATA_DIR", "/var/lib/muster"),
            ("DATABASE_URL", "postgres://muster:hunter2@db/muster"),
            ("MUSTER_DB_POOL_SIZE", "40"),
            ("MUSTER_DB_CONNECT_TIMEOUT_SECONDS", "2"),
            ("MUSTER_DB_ACQUIRE_TIMEOUT_SECONDS", "3"),
            ("MUSTER_DB_STATEMENT_TIMEOUT_SECONDS", "0"),
            ("MUSTER_SQLITE_DURABILITY", "normal"),
            ("MUSTER_PUBLIC_URL", "https://muster.example.com/"),
            ("MUSTER_PEPPER", PEPPER),
            ("MUSTER_SIGNING_KEY", KEY),
            ("MUSTER_DEFAULT_PHONE_REGION", "gb"),
            ("MUSTER_REPLAY_GRACE_SECONDS", "0"),
            ("MUSTER_LOG", "warn,muster_http=debug"),
        ],
    )
    .unwrap();
    assert_eq!(config.mode, Mode::Production);
    assert_eq!(config.listen.to_string(), "[::]:9000");
    assert_eq!(config.data_dir, PathBuf::from("/var/lib/muster"));
    assert_eq!(config.store.url, "postgres://muster:hunter2@db/muster");
    assert_eq!(config.store.pool_size, NonZeroUsize::new(40));
    assert_eq!(config.store.connect_timeout.as_secs(), 2);
    assert_eq!(config.store.acquire_timeout.as_secs(), 3);
    assert_eq!(config.store.statement_timeout, None);
    assert_eq!(config.store.sqlite_durability, SqliteDurability::Normal);
    assert!(!config.database_in_data_dir);
    assert_eq!(config.public_url.as_deref(), Some("https://muster.example.com"));
    assert!(config.pepper.is_some() && config.signing_key.is_some());
    assert_eq!(config.default_phone_region, "GB".parse().ok());
    assert_eq!(config.replay_grace, Duration::ZERO);
    assert_eq!(config.log, "warn,muster_http=debug");
}

#[test]
fn secrets_are_read_from_the_files_that_are_named() {
    let pairs = [("MUSTER_PEPPER_FILE", "/run/pepper"), ("MUSTER_SIGNING_KEY_FILE", "/run/key")];
    let config = parse(Purpose::Serve, &pairs).unwrap();
    assert!(config.pepper.is_some() && config.signing_key.is_some());
}

#[test]
fn empty_value_counts_as_left_out() {
    let config = parse(Purpose::Serve, &[("MUSTER_LISTEN", ""), ("MUSTER_PEPPER", "  ")]).unwrap();
    assert_eq!(config.listen.port(), 8080);
    assert!(config.pepper.is_none());
}

#[rstest]
#[case::mode("MUSTER_MODE", "prod")]
#[case::listen_without_port("MUSTER_LISTEN", "127.0.0.1")]
#[case::listen_by_name("MUSTER_LISTEN", "localhost:8080")]
#[case::listen_port_too_large("MUSTER_LISTEN", "127.0.0.1:70000")]
#[case::database_of_another_kind("DATABASE_URL", "mysql://db/muster")]
#[case::database_without_place("DATABASE_URL", "sqlite://")]
#[case::no_connections("MUSTER_DB_POOL_SIZE", "0")]
#[case::too_many_connections("MUSTER_DB_POOL_SIZE", "1001")]
#[case::no_time_to_connect("MUSTER_DB_CONNECT_TIMEOUT_SECONDS", "0")]
#[case::no_patience("MUSTER_DB_ACQUIRE_TIMEOUT_SECONDS", "0")]
#[case::statement_too_long("MUSTER_DB_STATEMENT_TIMEOUT_SECONDS", "3601")]
#[case::statement_with_unit("MUSTER_DB_STATEMENT_TIMEOUT_SECONDS", "30s")]
#[case::durability("MUSTER_SQLITE_DURABILITY", "off")]
#[case::public_url_without_scheme("MUSTER_PUBLIC_URL", "muster.example.com")]
#[case::public_url_with_query("MUSTER_PUBLIC_URL", "https://muster.example.com/?a=b")]
#[case::public_url_with_password("MUSTER_PUBLIC_URL", "https://a:b@muster.example.com")]
#[case::short_pepper("MUSTER_PEPPER", "c2hvcnQ=")]
#[case::signing_key("MUSTER_SIGNING_KEY", "c2hvcnQ=")]
#[case::missing_pepper_file("MUSTER_PEPPER_FILE", "/run/nothing")]
#[case::pepper_file_of_junk("MUSTER_PEPPER_FILE", "/run/junk")]
#[case::signing_key_file_of_junk("MUSTER_SIGNING_KEY_FILE", "/run/junk")]
#[case::region("MUSTER_DEFAULT_PHONE_REGION", "Atlantis")]
#[case::grace_too_long("MUSTER_REPLAY_GRACE_SECONDS", "3601")]
#[case::grace_negative("MUSTER_REPLAY_GRACE_SECONDS", "-1")]
#[case::grace_with_unit("MUSTER_REPLAY_GRACE_SECONDS", "60s")]
#[case::log("MUSTER_LOG", "muster=loud")]
fn malformed_value_is_named_with_its_meaning(#[case] name: &str, #[case] value: &str) {
    let error = parse(Purpose::Serve, &[(name, value)]).unwrap_err();
    assert_eq!(error.faults.len(), 1, "{error}");
    assert_eq!(error.faults[0].name, name);
    let meaning = SETTINGS.iter().find(|setting| setting.name == name).unwrap().meaning;
    assert!(error.to_string().contains(meaning), "{error}");
}

#[rstest]
#[case("MUSTER_PEPER", "MUSTER_PEPPER")]
#[case("MUSTER_LISTEN_ADDRESS", "MUSTER_LISTEN")]
#[case("MUSTER_SINGING_KEY", "MUSTER_SIGNING_KEY")]
#[case("MUSTER_REPLAY_GRACE", "MUSTER_REPLAY_GRACE_SECONDS")]
#[case("MUSTER_DATABASE_URL", "DATABASE_URL")]
#[case("APNS_BASE_URL", "APNS_API_BASE_URL")]
#[case("AWS_SES_FROM", "AWS_SES_FROM_EMAIL")]
fn unknown_setting_is_refused_with_the_nearest_one(#[case] unknown: &str, #[case] meant: &str) {
    let error = parse(Purpose::UseStore, &[(unknown, "x")]).unwrap_err();
    assert_eq!(error.faults.len(), 1);
    assert_eq!(error.faults[0].name, unknown);
    assert_eq!(error.faults[0].detail, format!("is no setting; the nearest is {meant}"));
}

#[test]
fn every_fault_is_in_the_one_message() {
    let pairs = [
        ("MUSTER_LISTEN", "everywhere"),
        ("MUSTER_MODE", "production"),
        ("MUSTER_PEPER", "x"),
        ("MUSTER_REPLAY_GRACE_SECONDS", "soon"),
        ("MUSTER_SQLITE_DURABILITY", "off"),
    ];
    let names = faulty_names(Purpose::Serve, &pairs);
    assert_eq!(
        names,
        [
            "MUSTER_PEPER",
            "MUSTER_LISTEN",
            "MUSTER_SQLITE_DURABILITY",
            "MUSTER_REPLAY_GRACE_SECONDS",
            "AWS_REGION",
            "AWS_SES_FROM_EMAIL",
            "TWILIO_ACCOUNT_SID",
            "TWILIO_AUTH_TOKEN",
            "TWILIO_PHONE_NUMBER",
            "MUSTER_CHANNELS",
            "MUSTER_PEPPER",
            "MUSTER_SIGNING_KEY"
        ]
    );
}

#[rstest]
#[case("0.0.0.0:8080")]
#[case("[::]:8080")]
#[case("192.168.1.10:8080")]
fn development_refuses_to_listen_beyond_loopback(#[case] listen: &str) {
    assert_eq!(faulty_names(Purpose::Serve, &[("MUSTER_LISTEN", listen)]), ["MUSTER_LISTEN"]);
    assert!(parse(Purpose::UseStore, &[("MUSTER_LISTEN", listen)]).is_ok());
}

#[rstest]
#[case("127.0.0.1:0")]
#[case("127.1.2.3:8080")]
#[case("[::1]:8080")]
fn development_takes_any_loopback_address(#[case] listen: &str) {
    assert!(parse(Purpose::Serve, &[("MUSTER_LISTEN", listen)]).is_ok());
}

#[test]
fn production_needs_only_what_its_command_uses() {
    let production = [("MUSTER_MODE", "production")];
    assert!(parse(Purpose::UseStore, &production).is_ok());
    assert_eq!(faulty_names(Purpose::UsePepper, &production), ["MUSTER_PEPPER"]);
}

#[test]
fn an_identity_provider_is_given_whole_or_not_at_all() {
    let issuer = ("MUSTER_OIDC_ISSUER", "https://example.okta.com/oauth2/default");
    let audience = ("MUSTER_OIDC_AUDIENCE", "api://muster");
    let oidc = parse(Purpose::Serve, &[issuer, audience]).unwrap().oidc.unwrap();
    assert_eq!((oidc.issuer.as_str(), oidc.audience.as_str()), (issuer.1, audience.1));
    assert!(!parse(Purpose::Serve, &[]).unwrap().creates_users);
    let create = ("MUSTER_OIDC_CREATE_USERS", "true");
    assert!(parse(Purpose::Serve, &[issuer, audience, create]).unwrap().creates_users);
    assert_eq!(faulty_names(Purpose::Serve, &[create]), [create.0]);
    let userinfo = |value| ("MUSTER_OIDC_USERINFO", value);
    assert!(oidc.asks_userinfo);
    assert!(!parse(Purpose::Serve, &[issuer, audience, userinfo("false")]).unwrap().oidc.unwrap().asks_userinfo);
    assert_eq!(faulty_names(Purpose::Serve, &[userinfo("true")]), ["MUSTER_OIDC_USERINFO"]);
    assert_eq!(faulty_names(Purpose::Serve, &[issuer, audience, userinfo("on")]), ["MUSTER_OIDC_USERINFO"]);
    assert_eq!(faulty_names(Purpose::Serve, &[issuer]), ["MUSTER_OIDC_AUDIENCE"]);
    assert_eq!(faulty_names(Purpose::Serve, &[audience]), ["MUSTER_OIDC_ISSUER"]);
    let http = ("MUSTER_OIDC_ISSUER", "http://example.okta.com");
    assert_eq!(faulty_names(Purpose::Serve, &[http, audience]), ["MUSTER_OIDC_ISSUER"]);
}

#[test]
fn secret_given_twice_is_refused() {
    let pairs = [("MUSTER_PEPPER", PEPPER), ("MUSTER_PEPPER_FILE", "/run/pepper")];
    assert_eq!(faulty_names(Purpose::Serve, &pairs), ["MUSTER_PEPPER"]);
}

#[test]
fn no_secret_is_in_debug_or_in_a_message() {
    let pairs = [("MUSTER_PEPPER", PEPPER), ("MUSTER_SIGNING_KEY", KEY), ("DATABASE_URL", "postgres://m:hunter2@db/m")];
    let debug = format!("{:?}", parse(Purpose::Serve, &pairs).unwrap());
    for secret in [PEPPER, KEY, "hunter2"] {
        assert!(!debug.contains(secret), "{debug}");
    }
    let wrong = [
        ("MUSTER_PEPPER", "pepper-that-is-secret"),
        ("MUSTER_SIGNING_KEY_FILE", "/run/junk"),
        ("DATABASE_URL", "mysql://m:hunter2-that-is-secret@db"),
    ];
    let error = parse(Purpose::Serve, &wrong).unwrap_err();
    assert_eq!(error.faults.len(), 3);
    assert!(!format!("{error} {error:?}").contains("that-is-secret"), "{error:?}");
}
