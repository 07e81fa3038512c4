use std::path::PathBuf;

use clap::{Args, Subcommand};
use muster_domain::ApiKeyId;
use muster_domain::access::Scope;
use muster_domain::audit::chain::{NotedHead, SealHash};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::help;

/// What can be done about API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key, which is printed once, alone on the last line
    #[command(after_help = help::CREATE_KEY)]
    Create {
        /// What the key is called, for example after the service that uses it
        #[arg(long)]
        name: String,
        /// What it may be used for, with commas between: users:read, readiness:read, audit:read, scim
        #[arg(long, required = true, value_delimiter = ',', value_parser = scope)]
        scopes: Vec<Scope>,
        /// In how many days it stops working; never, when left out
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
        expires_in_days: Option<u16>,
        /// Print one JSON document, the key in it
        #[arg(long)]
        json: bool,
    },
    /// List every key, newest first, without the keys themselves
    #[command(after_help = help::LIST_KEYS)]
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Make a key that takes another's place: same name, same scopes
    #[command(after_help = help::ROTATE_KEY)]
    Rotate {
        /// The old key's id
        #[arg(value_name = "ID")]
        id: ApiKeyId,
        /// For how many hours the old key goes on working; 24, when left out
        #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u16).range(0..=720))]
        overlap_hours: Option<u16>,
        /// Print one JSON document, the key in it
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key: it is refused from now on
    #[command(after_help = help::REVOKE_KEY)]
    Revoke {
        /// Its id
        #[arg(value_name = "ID")]
        id: ApiKeyId,
    },
}

fn scope(name: &str) -> Result<Scope, &'static str> {
    Scope::from_name(name).ok_or("it must be users:read, readiness:read, audit:read or scim")
}

/// What can be done about the directory.
#[derive(Debug, Subcommand)]
pub(crate) enum DirectoryCommand {
    /// Tell which brakes are engaged: whose, since when, and how many deactivations they refused
    #[command(after_help = help::DIRECTORY_STATUS)]
    Status {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Let deactivations through again, and count them anew
    #[command(after_help = help::DIRECTORY_RELEASE)]
    Release {
        /// Whose brake: the name of the API key; every one that is engaged, when left out
        #[arg(value_name = "CLIENT")]
        client: Option<String>,
    },
}

/// What can be done about break-glass accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum BreakGlassCommand {
    /// Make an account, whose password is printed once, alone on the last line
    #[command(after_help = help::CREATE_ACCOUNT)]
    Create {
        /// What it is called, which whoever signs in types
        #[arg(value_name = "NAME")]
        name: String,
        /// Print one JSON document, the password in it
        #[arg(long)]
        json: bool,
    },
    /// List every account, whether it works or not, without passwords
    #[command(after_help = help::LIST_ACCOUNTS)]
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Revoke an account: it is refused from now on, and so is whoever is signed in with it
    #[command(after_help = help::REVOKE_ACCOUNT)]
    Revoke {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// What can be done about admins.
#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Make a person who is in the directory an admin
    #[command(after_help = help::GRANT)]
    Grant {
        /// Their e-mail address or user name
        #[arg(value_name = "EMAIL")]
        login: String,
    },
    /// Make an admin an ordinary person again
    #[command(after_help = help::REVOKE_ADMIN)]
    Revoke {
        /// Their e-mail address or user name
        #[arg(value_name = "EMAIL")]
        login: String,
    },
    /// List the admins, by user name
    #[command(after_help = help::LIST_ADMINS)]
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// What can be done about phone sessions.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// List a person's live sessions
    #[command(after_help = help::LIST_SESSIONS)]
    List {
        /// Their e-mail address or user name
        #[arg(value_name = "EMAIL")]
        login: String,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// End every session of a person
    #[command(after_help = help::REVOKE_SESSIONS)]
    Revoke {
        /// Their e-mail address or user name
        #[arg(value_name = "EMAIL")]
        login: String,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// What can be done about peppers.
#[derive(Debug, Subcommand)]
pub(crate) enum PepperCommand {
    /// Count rows by the pepper that they were hashed with
    #[command(after_help = help::PEPPER_STATUS)]
    Status {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Move contacts and devices to the present pepper now, as servers do
    #[command(after_help = help::MOVE_PEPPER)]
    Move {
        /// A file that holds a pepper that was in use before the present one; can be given again
        #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
        old_pepper_file: Vec<PathBuf>,
        /// Also move what none of the peppers made, on your word that the contacts on record are right
        #[arg(long)]
        unverified: bool,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// What can be done with the audit trail.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Print the records, newest first, one JSON object a line
    #[command(after_help = help::EXPORT_AUDIT)]
    Export {
        #[command(flatten)]
        filters: AuditFilters,
        /// Write a file instead
        #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
        output: Option<PathBuf>,
    },
    /// Check that no record was changed, removed, moved or put in
    #[command(after_help = help::VERIFY_AUDIT)]
    Verify {
        /// A head of the chain that was noted before: the chain must still contain it
        #[arg(long, value_name = "POSITION:HASH", value_parser = noted)]
        noted: Option<NotedHead>,
        /// A file that holds a pepper that was in use before the present one; can be given again
        #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
        old_pepper_file: Vec<PathBuf>,
        /// If it is whole, let it go on under the present pepper
        #[arg(long, requires = "old_pepper_file")]
        adopt: bool,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// Which records are asked for. Every filter that is given must hold.
#[derive(Debug, Args)]
pub(crate) struct AuditFilters {
    /// Only records at or after this time, like 2026-11-01 or 2026-11-01T08:00:00Z; a date begins at midnight UTC
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub since: Option<OffsetDateTime>,
    /// Only records before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub until: Option<OffsetDateTime>,
    /// Only records about the person with this e-mail address, user name or id
    #[arg(long, value_name = "EMAIL")]
    pub user: Option<String>,
    /// Only records with exactly this action, like session.issued
    #[arg(long)]
    pub action: Option<String>,
}

fn moment(text: &str) -> Result<OffsetDateTime, &'static str> {
    let date = || Date::parse(text, format_description!("[year]-[month]-[day]"));
    let moment = OffsetDateTime::parse(text, &Rfc3339).or_else(|_| date().map(|date| date.midnight().assume_utc()));
    moment.map_err(|_| "it must be a date like 2026-11-01 or a time like 2026-11-01T08:00:00Z")
}

fn noted(text: &str) -> Result<NotedHead, &'static str> {
    let head = |(position, hash): (&str, &str)| {
        let position = position.parse().ok().filter(|position| *position > 0)?;
        Some(NotedHead { position, hash: SealHash::from_hex(hash)? })
    };
    let how = "it must be a position, a colon and 64 hexadecimal digits, as `muster audit verify` prints its head";
    text.trim().split_once(':').and_then(head).ok_or(how)
}
