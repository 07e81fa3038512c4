//! The program `muster`: its command line, its configuration, and which adapter stands behind which port.

mod background;
mod build;
mod command_line;
mod commands;
mod config;
mod data_dir;
mod development;
mod import;
mod listening;
mod log_lines;
mod logging;
mod output;
mod senders;
mod store;
mod supervision;
mod telemetry;
mod tls;
mod vitals;
mod wiring;

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::future::pending;
use std::io;
use std::process::ExitCode;

use clap::FromArgMatches;

use crate::command_line::{AuditCommand, Command, CommandLine, SettingsFormat};
use crate::commands::verify_audit::Verdict;
use crate::config::{Config, ConfigError, Purpose, Settings, flags, read_secret_file, reference};

const DONE: u8 = 0;
const FAILED: u8 = 1;
/// What a command ends with when records were refused.
const SOME_REFUSED: u8 = 3;
/// What `migrate --check` ends with when the schema is not the one of this build.
const ANOTHER_SCHEMA: u8 = 4;
/// What `audit verify` ends with when the trail was tampered with.
const TAMPERED: u8 = 5;
/// What `audit verify` ends with when the trail is whole and a backlog of records waits for its seals.
const NOT_SEALED_YET: u8 = 6;
/// What a program ends with that a signal stopped, as shells tell it: 128 and the signal's number.
const SIGINT: u8 = 128 + 2;
const SIGPIPE: u8 = 128 + 13;
const SIGTERM: u8 = 128 + 15;

/// Flags by the names of their settings.
type Flags = BTreeMap<&'static str, String>;

/// Runs the program with its arguments, the first of which is its own name.
pub async fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let (command, flags) = match parse(arguments) {
        Ok(parsed) => parsed,
        Err(told) => {
            // Also what --help and --version print; a closed pipe is nobody's fault.
            let _ = told.print();
            return u8::try_from(told.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    let ended = match command {
        // Takes the signals itself, and goes on when nobody reads what it says.
        Command::Serve => serve(&flags).await.unwrap_or_else(|error| failed(&*error)),
        command => tokio::select! {
            // Dropped at a signal: what a transaction did not commit is undone, and half a file is removed.
            ended = execute(command, &flags) => ended.map_or_else(|error| failed(&*error), told),
            signal = interrupted() => signal,
        },
    };
    ExitCode::from(ended)
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<(Command, Flags), clap::Error> {
    let matches = command_line::definition().try_get_matches_from(arguments)?;
    let command = CommandLine::from_arg_matches(&matches)?.command.unwrap_or(Command::Serve);
    Ok((command, flags::given(&matches)))
}

fn failed(error: &dyn Error) -> u8 {
    output::complain(error);
    FAILED
}

/// A command's exit code, once it is known whether what it said was read.
fn told(code: u8) -> u8 {
    match output::broken() {
        None => code,
        Some(error) if error.kind() == io::ErrorKind::BrokenPipe && code == DONE => SIGPIPE,
        Some(error) if error.kind() == io::ErrorKind::BrokenPipe => code,
        Some(error) => failed(&CannotWrite(error)),
    }
}

/// What a command had to say was not kept, as on a full disk.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
struct CannotWrite(#[source] &'static io::Error);

async fn interrupted() -> u8 {
    tokio::select! {
        Ok(()) = tokio::signal::ctrl_c() => SIGINT,
        () = terminated() => SIGTERM,
        else => pending().await,
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    pending().await
}

async fn serve(flags: &Flags) -> Result<u8, Box<dyn Error>> {
    commands::serve::run(&configure(Purpose::Serve, flags)?).await?;
    Ok(DONE)
}

async fn execute(command: Command, flags: &Flags) -> Result<u8, Box<dyn Error>> {
    let use_store = || configure(Purpose::UseStore, flags);
    let use_pepper = || configure(Purpose::UsePepper, flags);
    match command {
        Command::Serve => return serve(flags).await,
        Command::Doctor { send_to, token, json } => {
            let config = configure(Purpose::Serve, flags)?;
            let healthy = if token {
                commands::doctor::run_for_token(&config, json).await?
            } else {
                commands::doctor::run(&config, send_to.as_deref(), json).await?
            };
            if !healthy {
                return Ok(FAILED);
            }
        }
        Command::Import { file, json } => {
            if commands::import::run(&use_pepper()?, &file, json).await?.refused > 0 {
                return Ok(SOME_REFUSED);
            }
        }
        Command::Migrate { check: true, json, .. } => {
            if !commands::migrate::check(&use_store()?, json).await? {
                return Ok(ANOTHER_SCHEMA);
            }
        }
        Command::Migrate { dry_run: true, .. } => commands::migrate::dry_run(&use_store()?).await?,
        Command::Migrate { .. } => commands::migrate::run(&use_store()?).await?,
        Command::Key(command) => commands::key::run(&use_store()?, command).await?,
        Command::Directory(command) => commands::directory::run(&use_store()?, command).await?,
        Command::BreakGlass(command) => commands::break_glass::run(&use_store()?, command).await?,
        Command::Admin(command) => commands::admin::run(&use_store()?, command).await?,
        Command::Sessions(command) => commands::sessions::run(&use_store()?, command).await?,
        Command::Audit(AuditCommand::Export { filters, output }) => {
            commands::export_audit::run(&use_store()?, filters, output.as_deref()).await?;
        }
        Command::Audit(AuditCommand::Verify { noted, old_pepper_file, adopt, json }) => {
            match commands::verify_audit::run(&use_pepper()?, noted, &old_pepper_file, adopt, json).await? {
                Verdict::Whole => {}
                Verdict::Waiting => return Ok(NOT_SEALED_YET),
                Verdict::Tampered => return Ok(TAMPERED),
            }
        }
        Command::Pepper(command) => commands::pepper::run(&use_pepper()?, command).await?,
        Command::Openapi { development } => output::say_json(&muster_http::openapi(development)),
        Command::Completions { shell } => commands::manual::completions(shell),
        Command::Man { dir } => commands::manual::man(dir.as_deref())?,
        Command::Settings { format: SettingsFormat::Table } => output::print(reference::table().as_bytes()),
        Command::Settings { format: SettingsFormat::Env } => output::print(reference::env_example().as_bytes()),
    }
    Ok(DONE)
}

fn configure(purpose: Purpose, flags: &Flags) -> Result<Config, ConfigError> {
    let config = Config::parse(&Settings::from_process(flags), purpose, &read_secret_file)?;
    logging::start(&config);
    Ok(config)
}
