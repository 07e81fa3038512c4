use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::*;

type Pairs<'a> = &'a [(&'static str, &'a str)];

/// Settings of all three places.
fn given(dotenv: &str, environment: Pairs<'_>, flags: Pairs<'_>) -> Settings {
    let mut settings = Settings::default();
    settings.add_dotenv(dotenv);
    settings.add_environment(environment.iter().map(|(name, value)| (name.into(), value.into())));
    let flags: BTreeMap<_, _> = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    settings.add_flags(&flags);
    settings
}

fn config(dotenv: &str, environment: Pairs<'_>, flags: Pairs<'_>) -> Result<Config, ConfigError> {
    Config::parse(&given(dotenv, environment, flags), Purpose::UseStore, &files)
}

#[test]
fn flag_wins_over_the_environment_and_that_over_the_dotenv_file() {
    let dotenv = "MUSTER_LISTEN=127.0.0.1:1\nMUSTER_LOG=warn\nMUSTER_DB_POOL_SIZE=5\n";
    let environment = [("MUSTER_LISTEN", "127.0.0.1:2"), ("MUSTER_LOG", "debug")];
    let config = config(dotenv, &environment, &[("MUSTER_LISTEN", "127.0.0.1:3")]).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.log, "debug");
    assert_eq!(config.store.pool_size, NonZeroUsize::new(5));
}

#[test]
fn value_of_a_later_place_replaces_the_file_of_an_earlier_one_and_back() {
    let file = [("DATABASE_URL_FILE", "/run/database-url")];
    let from_file = config("DATABASE_URL=sqlite://dotenv.db\n", &file, &[]).unwrap();
    assert_eq!(from_file.store.url, "postgres://muster:hunter2@db/muster");
    assert!(!from_file.database_in_data_dir);
    let from_flag = config("", &file, &[("DATABASE_URL", "sqlite://flag.db")]).unwrap();
    assert_eq!(from_flag.store.url, "sqlite://flag.db");
    let pepper = [("MUSTER_PEPPER", "no pepper at all")];
    assert!(config("", &pepper, &[("MUSTER_PEPPER_FILE", "/run/pepper")]).unwrap().pepper.is_some());

    let both = [("DATABASE_URL", "sqlite://x.db"), file[0]];
    let error = config("", &both, &[]).unwrap_err();
    assert_eq!(error.faults[0].name, "DATABASE_URL");
    assert!(error.faults[0].detail.starts_with("is given twice"), "{error}");
}

#[test]
fn fault_in_a_flag_is_told_under_its_name() {
    let error = config("", &[("MUSTER_LOG", "muster=loud")], &[("MUSTER_DB_POOL_SIZE", "0")]).unwrap_err().to_string();
    assert!(error.contains("\n  --db-pool-size: must be a number from 1 to 1000\n      how many"), "{error}");
    assert!(error.contains("\n  MUSTER_LOG: must be a tracing filter"), "{error}");
}

#[test]
fn password_on_the_command_line_is_refused_and_not_repeated() {
    let error = config("", &[], &[("DATABASE_URL", "postgres://muster:hunter2@db/muster")]).unwrap_err();
    assert_eq!(error.faults.len(), 1);
    let told = error.to_string();
    assert!(told.contains("--database-url: has a password in it, and others can read a command line"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
    assert!(config("", &[], &[("DATABASE_URL", "postgres://muster@db/muster")]).is_ok());
}

#[test]
fn environment_wins_over_the_dotenv_file() {
    let mut settings = Settings::default();
    settings.add_dotenv("# a comment\nMUSTER_LISTEN=127.0.0.1:1\nMUSTER_LOG='warn'\nOTHER=ignored\n");
    settings.add_environment(
        [("MUSTER_LISTEN", "127.0.0.1:2"), ("HOME", "/root")].map(|(n, v)| (n.into(), v.into())).into_iter(),
    );
    let config = Config::parse(&settings, Purpose::Serve, &files).unwrap();
    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.log, "warn");
}

#[test]
fn broken_dotenv_line_is_named_by_number_and_not_quoted() {
    let mut settings = Settings::default();
    settings.add_dotenv("MUSTER_LOG=info\nthis is secret\nMUSTER_LISTEN=127.0.0.1:1\nthis is secret\n");
    let error = Config::parse(&settings, Purpose::Serve, &files).unwrap_err();
    assert_eq!(error.faults[0].name, ".env");
    assert!(error.faults[0].detail.starts_with("line 2 is not of the form NAME=value"), "{}", error.faults[0].detail);
    assert!(error.faults[1].detail.starts_with("line 4 is not of the form NAME=value"), "{}", error.faults[1].detail);
    assert!(!error.to_string().contains("secret"));
}

#[test]
fn value_that_is_not_utf8_is_refused() {
    let mut settings = Settings::default();
    settings.add_environment([(OsString::from("MUSTER_DATA_DIR"), OsString::from_vec(vec![0xff]))].into_iter());
    let error = Config::parse(&settings, Purpose::Serve, &files).unwrap_err();
    assert_eq!(error.faults.len(), 1);
    assert_eq!(error.faults[0].detail, "must be UTF-8");
}
