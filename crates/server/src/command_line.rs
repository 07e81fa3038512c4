use std::path::PathBuf;

use clap::{Parser, Subcommand};
use muster_domain::ApiKeyId;
use muster_domain::access::Scope;

const EXAMPLES: &str = "\
Examples:
  muster                                 serve in development mode on 127.0.0.1:8080
  muster import people.json              load people as an identity provider exports them
  muster admin grant ada@example.com     make somebody an admin
  muster doctor                          check that messages can go out
  MUSTER_LISTEN=127.0.0.1:9000 muster    serve on another port

Settings come from the environment and from a .env file in the working directory; .env.example
names each with its meaning and default.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 imported but some records were refused, 4 the schema
is not the one of this build (migrate --check).";

const MIGRATE_HELP: &str = "\
Migrations are applied in one transaction, all or none; of several that migrate at once one does it
and the others wait. A schema that a newer build made is refused.

Exit codes: 0 the schema is current, 1 failed, 2 wrong usage, 4 with --check: migrations are pending,
or the schema is newer than this build.

Examples:
  muster migrate --check                 before a release: is there anything to do?
  muster migrate --dry-run | less        which statements would run";

const IMPORT_HELP: &str = "\
The file is a SCIM 2.0 ListResponse or a list of User resources, as Okta or Entra ID export them.
Each record that was added, changed, deactivated, reactivated or refused is printed with the line
that it begins on, and at the end how many of each there were. A record that is refused hinders no
other. People who are not in the file are left as they are. Importing a file again changes nothing.

Exit codes: 0 every record holds, 1 failed, 2 wrong usage, 3 some records were refused.

Example:
  muster import people.json";

const GRANT_HELP: &str = "\
For the first admin of a new installation; admins make other admins through the API. The grant is
recorded in the audit trail.

Example:
  muster admin grant ada@example.com";

const KEY_HELP: &str = "\
Only its SHA-256 is kept, so a key that is lost is gone: rotate it. Each change is recorded in the
audit trail.

Examples:
  muster key create --name Okta --scopes scim
  KEY=$(muster key create --name pager --scopes users:read,readiness:read | tail -n 1)";

const DIRECTORY_HELP: &str = "\
When one client of the directory deactivates more people within an hour than may be, further ones are
refused until somebody looked and released the brake: the directory may have been emptied by mistake,
and nobody's pager is to fall silent over that. How many may be is MUSTER_DEACTIVATION_BRAKE_PERCENT
and MUSTER_DEACTIVATION_BRAKE_FREE.

Exit codes: 0 done, 1 failed or nothing to release, 2 wrong usage.

Examples:
  muster directory status
  muster directory release Okta";

const BREAK_GLASS_HELP: &str = "\
A local admin for the night when nobody can sign in, for the identity provider is down: the password
goes into a safe. Only its Argon2id hash is kept, so one that is lost is gone: revoke the account and
make another. Each use is told to every admin. Each change is recorded in the audit trail.

Example:
  muster break-glass create safe";

const DOCTOR_HELP: &str = "\
It reads the configuration as the server would, looks at the store, and asks each provider whether it
would take messages: credentials, the sender's identity, sandboxes, clocks. Nothing is sent. With
--send-to one real message goes out over each channel that is on, to what is on file for that person,
with a code that works; that counts against the limits and is recorded in the audit trail.

Exit codes: 0 messages can go out, 1 something must be mended, 2 wrong usage.

Examples:
  muster doctor                                 before the first start, and when people get no codes
  muster doctor --send-to ada@example.com       is it really on her phone?";

/// Proves that the people on an on-call roster can be reached.
#[derive(Debug, Parser)]
#[command(name = "muster", version, after_help = EXAMPLES)]
pub(crate) struct CommandLine {
    /// What to do; serving when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API (what a bare `muster` does)
    Serve,
    /// Check that messages can go out, without sending any
    #[command(after_help = DOCTOR_HELP)]
    Doctor {
        /// Send one real message over each channel to the person with this e-mail address or user name
        #[arg(long, value_name = "EMAIL")]
        send_to: Option<String>,
    },
    /// Load people from a file
    #[command(after_help = IMPORT_HELP)]
    Import {
        /// The file to load
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Bring the store's schema up to date
    #[command(after_help = MIGRATE_HELP)]
    Migrate {
        /// Change nothing, and say whether the schema is the one of this build
        #[arg(long, conflicts_with = "dry_run")]
        check: bool,
        /// Change nothing, and print the SQL that would run
        #[arg(long)]
        dry_run: bool,
    },
    /// See and release the brake on mass deactivation
    #[command(subcommand, after_help = DIRECTORY_HELP)]
    Directory(DirectoryCommand),
    /// Manage admins of last resort
    #[command(subcommand, after_help = BREAK_GLASS_HELP)]
    BreakGlass(BreakGlassCommand),
    /// Manage admins
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Manage the API keys of other services
    #[command(subcommand)]
    Key(KeyCommand),
}

/// What can be done about API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key, which is printed once, alone on the last line
    #[command(after_help = KEY_HELP)]
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
    },
    /// List every key, newest first, without the keys themselves
    List,
    /// Make a key that takes another's place: same name, same scopes
    Rotate {
        /// The old key's id
        #[arg(value_name = "ID")]
        id: ApiKeyId,
        /// For how many hours the old key goes on working; 24, when left out
        #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u16).range(0..=720))]
        overlap_hours: Option<u16>,
    },
    /// Revoke a key: it is refused from now on
    Revoke {
        /// Its id
        #[arg(value_name = "ID")]
        id: ApiKeyId,
    },
}

/// What can be done about the directory.
#[derive(Debug, Subcommand)]
pub(crate) enum DirectoryCommand {
    /// Tell which brakes are engaged: whose, since when, and how many deactivations they refused
    Status,
    /// Let deactivations through again, and count them anew
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
    Create {
        /// What it is called, which whoever signs in types
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// List every account, whether it works or not, without passwords
    List,
    /// Revoke an account: it is refused from now on, and so is whoever is signed in with it
    Revoke {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
    },
}

fn scope(name: &str) -> Result<Scope, &'static str> {
    Scope::from_name(name).ok_or("it must be users:read, readiness:read, audit:read or scim")
}

/// What can be done about admins.
#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Make a person who is in the directory an admin
    #[command(after_help = GRANT_HELP)]
    Grant {
        /// Their e-mail address or user name
        #[arg(value_name = "EMAIL")]
        login: String,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn definition_holds() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn bare_program_names_no_command() {
        assert!(CommandLine::parse_from(["muster"]).command.is_none());
        assert!(matches!(CommandLine::parse_from(["muster", "serve"]).command, Some(Command::Serve)));
    }

    #[test]
    fn wrong_usage_exits_with_2() {
        for arguments in [
            &["muster", "import"][..],
            &["muster", "fly"],
            &["muster", "admin"],
            &["muster", "serve", "x"],
            &["muster", "migrate", "--check", "--dry-run"],
            &["muster", "key", "create", "--name", "x"],
            &["muster", "key", "create", "--name", "x", "--scopes", "everything"],
            &["muster", "key", "revoke", "mst_key_x"],
            &["muster", "directory"],
            &["muster", "break-glass", "create"],
            &["muster", "break-glass", "revoke"],
        ] {
            assert_eq!(CommandLine::try_parse_from(arguments).unwrap_err().exit_code(), 2, "{arguments:?}");
        }
    }
}
