//! Every setting that is no secret as a flag: `MUSTER_DB_POOL_SIZE` is `--db-pool-size`, `DATABASE_URL` is
//! `--database-url`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use clap::{Arg, ArgMatches, Command, ValueHint};

use super::settings::{SETTINGS, Setting};

/// Where a setting was given; a later place wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// The `.env` file.
    Dotenv,
    /// The process's environment.
    Environment,
    /// A flag of the command line.
    Flag,
}

struct Flag {
    setting: &'static Setting,
    long: String,
    help: String,
}

static FLAGS: LazyLock<Vec<Flag>> = LazyLock::new(|| {
    let flag = |setting: &'static Setting| {
        let Setting { name, meaning, default, .. } = setting;
        let help = format!("{} [{name}; default: {default}]", capitalized(meaning));
        Some(Flag { setting, long: flag(setting)?, help })
    };
    SETTINGS.iter().filter_map(flag).collect()
});

/// The flag of a setting, without its dashes; secrets have none.
pub(crate) fn flag(setting: &Setting) -> Option<String> {
    let name = setting.name.strip_prefix("MUSTER_").unwrap_or(setting.name);
    (!setting.secret).then(|| name.to_ascii_lowercase().replace('_', "-"))
}

/// Adds the flags to a command and to every command below it, so that they are taken before and after the name of a
/// command; not to those that read no configuration.
pub(crate) fn add_to(command: Command, reads_none: &[&str]) -> Command {
    if reads_none.contains(&command.get_name()) {
        return command;
    }
    command.mut_subcommands(|below| add_to(below, reads_none)).args(FLAGS.iter().map(argument))
}

/// Every flag without its dashes, and what it is for.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    FLAGS.iter().map(|flag| (flag.long.as_str(), flag.help.as_str()))
}

fn argument(flag: &'static Flag) -> Arg {
    let name = flag.setting.name;
    let (value, hint) = match name {
        "MUSTER_DATA_DIR" => ("FOLDER", ValueHint::DirPath),
        _ if name.ends_with("_FILE") => ("FILE", ValueHint::FilePath),
        _ if name.ends_with("_URL") => ("URL", ValueHint::Url),
        _ => ("VALUE", ValueHint::Other),
    };
    let argument = Arg::new(name).long(flag.long.as_str()).help(flag.help.as_str());
    argument.value_name(value).value_hint(hint).hide_short_help(true).hide_long_help(true)
}

/// Every flag with its meaning, as `muster help settings` lists them.
pub(crate) fn listing() -> String {
    let flag = |flag: &Flag| format!("  --{} <VALUE>\n          {}\n", flag.long, flag.help);
    format!("Flags, each over the environment and .env:\n{}", FLAGS.iter().map(flag).collect::<String>())
}

/// The settings that were given by flags. Of one that was given before and after the name of a command, the latter.
pub(crate) fn given(matches: &ArgMatches) -> BTreeMap<&'static str, String> {
    let mut given = BTreeMap::new();
    let mut level = Some(matches);
    while let Some(matches) = level {
        for flag in FLAGS.iter() {
            // A command that reads no configuration does not know the flag.
            if let Ok(Some(value)) = matches.try_get_one::<String>(flag.setting.name) {
                given.insert(flag.setting.name, value.clone());
            }
        }
        level = matches.subcommand().map(|(_, matches)| matches);
    }
    given
}

/// Whether a value has a password in it, as a URL has it: `scheme://user:password@…` or `?password=…`.
pub(super) fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let in_front = rest.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    let is_password = |pair: &str| pair.split('=').next().is_some_and(|key| key.eq_ignore_ascii_case("password"));
    in_front || rest.split(['?', '&']).skip(1).any(is_password)
}

/// The text with a capital letter in front.
pub(super) fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_setting_but_secrets_has_a_flag_of_its_own() {
        let with_flag: Vec<_> = FLAGS.iter().map(|flag| flag.setting.name).collect();
        let secrets: Vec<_> = SETTINGS.iter().map(|setting| setting.name).filter(|n| !with_flag.contains(n)).collect();
        let expected = [
            "MUSTER_PEPPER",
            "MUSTER_PEPPER_NEXT",
            "MUSTER_PEPPER_PREVIOUS",
            "MUSTER_SIGNING_KEY",
            "MUSTER_SIGNING_KEY_NEXT",
            "MUSTER_SIGNING_KEY_PREVIOUS",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "TWILIO_AUTH_TOKEN",
            "VAPID_PRIVATE_KEY",
        ];
        assert_eq!(secrets, expected);
        let by_file = |secret: &str| with_flag.contains(&format!("{secret}_FILE").as_str());
        assert!(secrets.iter().all(|secret| by_file(secret)), "each can be given as a file");
        assert!(by_file("DATABASE_URL"), "and so can the URL that may have a password");
    }

    #[test]
    fn flags_are_named_after_their_settings() {
        let long = |name| FLAGS.iter().find(|flag| flag.setting.name == name).map(|flag| flag.long.as_str());
        assert_eq!(long("MUSTER_DB_POOL_SIZE"), Some("db-pool-size"));
        assert_eq!(long("DATABASE_URL"), Some("database-url"));
        assert_eq!(long("AWS_SES_FROM_EMAIL"), Some("aws-ses-from-email"));
        assert_eq!(long("MUSTER_PEPPER_FILE"), Some("pepper-file"));
    }

    #[rstest]
    #[case("postgres://muster:hunter2@db/muster", true)]
    #[case("postgres://muster:@db/muster", true)]
    #[case("postgres://muster:p@ss/word@db/muster", true)]
    #[case("postgres:///muster?user=muster&password=hunter2", true)]
    #[case("postgres://db/muster?PASSWORD=hunter2", true)]
    #[case("postgres://muster@db:5432/muster?sslmode=verify-full", false)]
    #[case("postgres://a:5432,b:5432/muster", false)]
    #[case("postgres:///muster?host=/run/postgresql", false)]
    #[case("sqlite://./data/muster.db", false)]
    #[case("Muster <muster@example.com>", false)]
    fn password_in_a_url_is_seen(#[case] value: &str, #[case] has: bool) {
        assert_eq!(has_password(value), has);
    }
}
