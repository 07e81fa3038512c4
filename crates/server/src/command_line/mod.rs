//! What can be typed: commands, arguments, flags, help.

mod groups;
mod help;

use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

pub(crate) use groups::{
    AdminCommand, AuditCommand, AuditFilters, BreakGlassCommand, DirectoryCommand, KeyCommand, PepperCommand,
    SessionsCommand,
};

use crate::config::flags;

/// Proves that the people on an on-call roster can be reached.
#[derive(Debug, Parser)]
#[command(name = "muster", version = crate::build::VERSION, after_help = help::PROGRAM)]
pub(crate) struct CommandLine {
    /// What to do; serving when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API (what a bare `muster` does)
    #[command(after_help = help::SERVE)]
    Serve,
    /// Check that messages can go out, without sending any
    #[command(after_help = help::DOCTOR)]
    Doctor {
        /// Send one real message over each channel to the person with this e-mail address or user name
        #[arg(long, value_name = "EMAIL")]
        send_to: Option<String>,
        /// Explain the identity provider's token on standard input, without printing it
        #[arg(long, conflicts_with = "send_to")]
        token: bool,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Load people from a file
    #[command(after_help = help::IMPORT)]
    Import {
        /// The file to load
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Print a JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Bring the store's schema up to date
    #[command(after_help = help::MIGRATE)]
    Migrate {
        /// Change nothing, and say whether the schema is the one of this build
        #[arg(long, conflicts_with = "dry_run")]
        check: bool,
        /// Change nothing, and print the SQL that would run
        #[arg(long)]
        dry_run: bool,
        /// With --check: print one JSON document
        #[arg(long, requires = "check")]
        json: bool,
    },
    /// See and release the brake on mass deactivation
    #[command(subcommand, after_help = help::DIRECTORY)]
    Directory(DirectoryCommand),
    /// Manage admins of last resort
    #[command(subcommand, after_help = help::BREAK_GLASS)]
    BreakGlass(BreakGlassCommand),
    /// Manage admins
    #[command(subcommand, after_help = help::ADMIN)]
    Admin(AdminCommand),
    /// Manage the API keys of other services
    #[command(subcommand, after_help = help::KEY)]
    Key(KeyCommand),
    /// See and end the sessions of somebody's phones
    #[command(subcommand, after_help = help::SESSIONS)]
    Sessions(SessionsCommand),
    /// Export the audit trail, and prove that nobody tampered with it
    #[command(subcommand, after_help = help::AUDIT)]
    Audit(AuditCommand),
    /// See which pepper rows were hashed with, and move them to the present one
    #[command(subcommand, after_help = help::PEPPER)]
    Pepper(PepperCommand),
    /// Print the API's OpenAPI document
    #[command(after_help = help::OPENAPI)]
    Openapi {
        /// With the routes of development mode
        #[arg(long)]
        development: bool,
    },
    /// Print a shell's completions
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Make the manual
    #[command(after_help = help::MAN)]
    Man {
        /// The folder for one page each command; it is made when it is missing
        #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
    /// List every setting with its flag, default and meaning
    #[command(after_help = help::SETTINGS)]
    Settings {
        /// As what
        #[arg(long, default_value = "table")]
        format: SettingsFormat,
    },
}

/// How settings are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SettingsFormat {
    /// A Markdown table
    Table,
    /// A .env file in which none is given
    Env,
}

/// The commands that read no configuration, and so take none.
const READ_NO_SETTINGS: [&str; 4] = ["openapi", "completions", "man", "settings"];

/// The whole command line with a flag for every setting. There are many, so only `muster help settings` lists them.
pub(crate) fn definition() -> clap::Command {
    let settings = format!("{}\n\n{}", help::SETTINGS, flags::listing());
    let command = without_settings().mut_subcommand("settings", |command| command.after_long_help(settings));
    flags::add_to(command, &READ_NO_SETTINGS)
}

/// The command line without its many settings, as the manual describes it.
pub(crate) fn without_settings() -> clap::Command {
    CommandLine::command()
}

#[cfg(test)]
mod tests;
