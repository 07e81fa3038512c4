use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::Fault;
use super::flags::{Source, has_password};
use super::settings::{find, twin};

/// The settings that were given, by name, and what was wrong with the places they came from.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    values: BTreeMap<String, (Source, Zeroizing<String>)>,
    pub(super) faults: Vec<Fault>,
}

impl Settings {
    #[cfg(test)]
    pub(super) fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut settings = Self::default();
        for (name, value) in pairs {
            settings.set(name.to_owned(), Source::Environment, value.to_owned());
        }
        settings
    }

    /// Reads the `.env` file in the working directory, when there is one, over it the process's environment, and over
    /// that the flags, by the names of their settings. What is wrong there is kept, to be told together with what is
    /// wrong with the values.
    #[must_use]
    pub(crate) fn from_process(flags: &BTreeMap<&'static str, String>) -> Self {
        let mut settings = Self::default();
        match std::fs::read_to_string(".env") {
            Ok(text) => settings.add_dotenv(&Zeroizing::new(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => settings.faults.push(Fault::new(".env", format!("cannot be read: {error}"))),
        }
        settings.add_environment(std::env::vars_os());
        settings.add_flags(flags);
        settings
    }

    /// Takes the lines of a `.env` file. It may hold other programs' settings: they are left alone.
    pub(super) fn add_dotenv(&mut self, text: &str) {
        let mut searched = 0;
        for item in dotenvy::Iter::new(text.trim_start_matches('\u{feff}').as_bytes()) {
            match item {
                Ok((name, value)) if is_ours(&name) => self.set(name, Source::Dotenv, value),
                Ok((_, mut value)) => zeroize::Zeroize::zeroize(&mut value),
                // The library's own message quotes the line, which may hold a secret.
                Err(dotenvy::Error::LineParse(line, _)) => {
                    let found = text.lines().skip(searched).position(|each| each == line);
                    searched += found.map_or(0, |index| index + 1);
                    let told = format!(
                        "line {searched} is not of the form NAME=value (a value of several lines needs quotes)"
                    );
                    self.faults.push(Fault::new(".env", told));
                }
                Err(_) => self.faults.push(Fault::new(".env", "cannot be read")),
            }
        }
    }

    /// Takes what is ours of an environment.
    pub(super) fn add_environment(&mut self, variables: impl Iterator<Item = (OsString, OsString)>) {
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| is_ours(name)) else { continue };
            match value.into_string() {
                Ok(value) => self.set(name.to_owned(), Source::Environment, value),
                Err(_) => self.faults.push(Fault::new(name, "must be UTF-8")),
            }
        }
    }

    /// Takes flags, by the names of their settings.
    pub(super) fn add_flags(&mut self, flags: &BTreeMap<&'static str, String>) {
        for (name, value) in flags {
            self.set((*name).to_owned(), Source::Flag, value.clone());
            if has_password(value) {
                let told = "has a password in it, and others can read a command line: give it in the environment, in \
                            .env, or as a file that the setting's _FILE form names";
                self.faults.push(Fault::new(*name, told));
            }
        }
    }

    /// An empty value counts as left out, so that a copy of `.env.example` means its defaults, and an empty variable of
    /// the environment what `.env` says. `NAME` and `NAME_FILE` are one setting, so the one of a later place removes the
    /// other of an earlier one.
    fn set(&mut self, name: String, source: Source, value: String) {
        let value = Zeroizing::new(value);
        if value.trim().is_empty() {
            return;
        }
        if let Some(twin) = twin(&name)
            && self.values.get(twin.name).is_some_and(|(earlier, _)| *earlier < source)
        {
            self.values.remove(twin.name);
        }
        self.values.insert(name, (source, value));
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(_, value)| value.trim())
    }

    /// Whether the value that counts was given as a flag.
    pub(super) fn is_by_flag(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|(source, _)| *source == Source::Flag)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

/// What only settings of ours begin with. `TWILIO_` and `AWS_` are other programs' too.
const OURS: [&str; 6] = ["MUSTER_", "AWS_SES_", "VAPID_", "WEB_PUSH_", "FCM_", "APNS_"];

/// A setting of ours, known or misspelled.
fn is_ours(name: &str) -> bool {
    OURS.iter().any(|prefix| name.starts_with(prefix)) || find(name).is_some()
}

/// Reads a file that holds one secret. No secret needs more than the 64 KiB that are read.
///
/// # Errors
/// When the file cannot be read, or is not UTF-8.
pub(crate) fn read_secret_file(path: &Path) -> io::Result<Zeroizing<String>> {
    const MAX_BYTES: u64 = 64 * 1024;
    let mut text = Zeroizing::new(String::new());
    std::fs::File::open(path)?.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}
