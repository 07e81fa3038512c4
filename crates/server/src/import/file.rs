use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde_json::value::RawValue;

/// One resource of the file, unread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Where it is.
    pub place: Place,
    /// Its JSON.
    pub json: &'a str,
}

/// Where a record begins: its line, and which record of the file it is when others begin on that line too, as in the
/// one-line answers of identity providers. Both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub line: usize,
    pub record: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.record {
            None => write!(f, "line {}", self.line),
            Some(record) => write!(f, "line {}, record {record}", self.line),
        }
    }
}

/// The file's resources.
#[derive(Debug)]
pub(crate) struct Roster<'a> {
    /// In the file's order.
    pub records: Vec<Record<'a>>,
    /// How many there are in all, when the file says that it holds one page of several.
    pub total: Option<usize>,
}

/// Why nothing can be read from the file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// It is not UTF-8.
    #[error("line {line} is not UTF-8; save the file as UTF-8 and try again")]
    NotUtf8 {
        /// The line of the first wrong byte.
        line: usize,
    },
    /// It is not JSON.
    #[error("not JSON at line {line}, column {column}: {reason}")]
    NotJson {
        /// Where, from 1.
        line: usize,
        /// Where, from 1.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// It is JSON of neither form.
    #[error(
        "neither a SCIM 2.0 ListResponse (an object with a list of `Resources`) nor a list of User resources; \
         what the own APIs of Okta and Microsoft Graph list is not SCIM"
    )]
    NeitherForm,
}

/// Finds the resources of a file. A byte order mark is skipped.
///
/// # Errors
/// When the file as a whole is at fault; what is wrong with one record is found later.
pub(crate) fn parse(bytes: &[u8]) -> Result<Roster<'_>, FileError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + newlines(&bytes[..error.valid_up_to()]);
        FileError::NotUtf8 { line }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document: &RawValue = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    let mut total = None;
    let list = if document.get().starts_with('[') {
        document
    } else {
        let attributes: HashMap<Cow<'_, str>, &RawValue> =
            serde_json::from_str(document.get()).map_err(|_| FileError::NeitherForm)?;
        // SCIM's attribute names do not depend on case (RFC 7643, section 2.1).
        let find = |name: &str| attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, raw)| *raw);
        total = find("totalResults").and_then(|raw| raw.get().parse().ok());
        match find("Resources").filter(|raw| raw.get() != "null") {
            Some(list) => list,
            // Where nothing matched, a ListResponse may leave the list out (RFC 7644, section 3.4.2).
            None if total == Some(0) => return Ok(Roster { total: None, records: Vec::new() }),
            None => return Err(FileError::NeitherForm),
        }
    };
    let resources: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(|_| FileError::NeitherForm)?;
    Ok(Roster { total: total.filter(|total| *total > resources.len()), records: located(text, &resources) })
}

/// Each resource with the line it begins on, found by where its slice of the text begins.
fn located<'a>(text: &'a str, resources: &[&'a RawValue]) -> Vec<Record<'a>> {
    let (mut line, mut counted) = (1, 0);
    let record = |raw: &&'a RawValue| {
        let begins = raw.get().as_ptr().addr() - text.as_ptr().addr();
        line += newlines(&text.as_bytes()[counted..begins]);
        counted = begins;
        Record { place: Place { line, record: None }, json: raw.get() }
    };
    let mut records: Vec<Record<'a>> = resources.iter().map(record).collect();
    let lines: Vec<usize> = records.iter().map(|record| record.place.line).collect();
    for (index, record) in records.iter_mut().enumerate() {
        let shared = index > 0 && lines[index - 1] == lines[index] || lines.get(index + 1) == Some(&lines[index]);
        record.place.record = shared.then_some(index + 1);
    }
    records
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

fn not_json(error: &serde_json::Error) -> FileError {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    // The library ends its message with the place, which is told once already.
    let reason = text.split(" at line ").next().unwrap_or_default().to_owned();
    FileError::NotJson { line, column, reason }
}
