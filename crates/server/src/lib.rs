//! The program `muster`: its command line, its configuration, and which adapter stands behind which port.

mod clock;
mod command_line;
mod commands;
mod config;
mod data_dir;
mod development;
mod import;
mod logging;
mod notices;
mod output;
mod senders;
mod store;
mod telemetry;
mod vitals;
mod wiring;

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::command_line::{AdminCommand, Command, CommandLine};
use crate::config::{Config, ConfigError, Purpose, Settings, read_secret_file};

/// What a command ends with when records were refused.
const SOME_REFUSED: u8 = 3;

/// What `migrate --check` ends with when the schema is not the one of this build.
const ANOTHER_SCHEMA: u8 = 4;

/// Runs the program with its arguments, the first of which is its own name.
pub async fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let command_line = match CommandLine::try_parse_from(arguments) {
        Ok(command_line) => command_line,
        Err(told) => {
            // Also what --help and --version print; a closed pipe is nobody's fault.
            let _ = told.print();
            return u8::try_from(told.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    let done = execute(command_line.command.unwrap_or(Command::Serve)).await;
    done.unwrap_or_else(|error| {
        output::complain(&*error);
        ExitCode::FAILURE
    })
}

async fn execute(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        Command::Serve => commands::serve::run(&configure(Purpose::Serve)?).await?,
        Command::Doctor { send_to } => {
            if !commands::doctor::run(&configure(Purpose::Serve)?, send_to.as_deref()).await? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Import { file } => {
            let summary = commands::import::run(&configure(Purpose::WriteContacts)?, &file).await?;
            if summary.refused > 0 {
                return Ok(ExitCode::from(SOME_REFUSED));
            }
        }
        Command::Migrate { check: true, .. } => {
            if !commands::migrate::check(&configure(Purpose::UseStore)?).await? {
                return Ok(ExitCode::from(ANOTHER_SCHEMA));
            }
        }
        Command::Migrate { dry_run: true, .. } => commands::migrate::dry_run(&configure(Purpose::UseStore)?).await?,
        Command::Migrate { .. } => commands::migrate::run(&configure(Purpose::UseStore)?).await?,
        Command::Key(command) => commands::key::run(&configure(Purpose::UseStore)?, command).await?,
        Command::Directory(command) => commands::directory::run(&configure(Purpose::UseStore)?, command).await?,
        Command::BreakGlass(command) => commands::break_glass::run(&configure(Purpose::UseStore)?, command).await?,
        Command::Admin(AdminCommand::Grant { login }) => {
            commands::grant::run(&configure(Purpose::UseStore)?, &login).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn configure(purpose: Purpose) -> Result<Config, ConfigError> {
    let config = Config::parse(&Settings::from_process(), purpose, &read_secret_file)?;
    logging::start(&config);
    Ok(config)
}
