use std::fmt;
use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use super::settings::nearest;
use super::{Fault, Settings};

/// Takes settings one by one and keeps what is wrong with them, so that all of it can be told at once.
pub(super) struct Parser<'a> {
    pub(super) settings: &'a Settings,
    pub(super) read_file: &'a dyn Fn(&Path) -> io::Result<Zeroizing<String>>,
    pub(super) faults: Vec<Fault>,
}

impl Parser<'_> {
    pub(super) fn fault(&mut self, name: &str, detail: impl Into<String>) {
        self.faults.push(Fault::new(name, detail));
    }

    pub(super) fn refuse_unknown(&mut self) {
        for name in self.settings.names() {
            if super::settings::find(name).is_none() {
                self.faults.push(Fault::new(name, format!("is no setting; the nearest is {}", nearest(name))));
            }
        }
    }

    pub(super) fn optional<T>(&mut self, name: &str, how: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.settings.get(name)?;
        let value = parse(text);
        if value.is_none() {
            self.fault(name, how);
        }
        value
    }

    pub(super) fn value<T>(&mut self, name: &str, default: T, how: &str, parse: impl FnOnce(&str) -> Option<T>) -> T {
        self.optional(name, how, parse).unwrap_or(default)
    }

    /// A secret given as itself or as a file, never both.
    pub(super) fn secret<T, E: fmt::Display>(
        &mut self,
        name: &str,
        file_name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = match (self.settings.get(name), self.settings.get(file_name)) {
            (Some(_), Some(_)) => Err((name, format!("is given twice: leave out this or {file_name}"))),
            (Some(text), None) => parse(text).map(Some).map_err(|error| (name, error.to_string())),
            (None, Some(path)) => match (self.read_file)(Path::new(path)) {
                Ok(text) => parse(&text).map(Some).map_err(|error| (file_name, format!("the file's text {error}"))),
                Err(error) => Err((file_name, format!("the file cannot be read: {error}"))),
            },
            (None, None) => Ok(None),
        };
        parsed.unwrap_or_else(|(at, detail)| {
            self.fault(at, detail);
            None
        })
    }

    /// One of these must be given, for the reason.
    pub(super) fn require_one(&mut self, names: &[&'static str], reason: &str) {
        if let [first, others @ ..] = names
            && !self.any_given(names)
        {
            self.fault(first, format!("is missing, and so is {}: {reason}", others.join(", ")));
        }
    }

    /// A secret that only a file holds.
    pub(super) fn file<T, E: fmt::Display>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        let path = self.settings.get(name)?;
        match (self.read_file)(Path::new(path)) {
            Ok(text) => match parse(&text) {
                Ok(value) => return Some(value),
                Err(error) => self.fault(name, format!("the file's text {error}")),
            },
            Err(error) => self.fault(name, format!("the file cannot be read: {error}")),
        }
        None
    }

    /// A value whose type says what is wrong with it.
    pub(super) fn checked<T, E: fmt::Display>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = parse(self.settings.get(name)?);
        parsed.map_err(|error| self.fault(name, error.to_string())).ok()
    }

    /// Whether any of these is given.
    pub(super) fn any_given(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.settings.get(name).is_some())
    }

    /// Every one of these must be given, for the reason.
    pub(super) fn require(&mut self, names: &[&str], reason: &str) {
        for name in names {
            if self.settings.get(name).is_none() {
                self.fault(name, format!("is missing: {reason}"));
            }
        }
    }
}
