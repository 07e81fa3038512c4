//! The one place that prints. What a command has to say goes to standard output, what went wrong to standard error;
//! each line is flushed, so that a script can wait for it.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use muster_domain::with_causes;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Why standard output cannot be written, once that is so. Printing goes on for nobody then: a command ends what it
/// began, and the program's end tells.
static BROKEN: OnceLock<io::Error> = OnceLock::new();

/// Prints a line on standard output.
pub(crate) fn say(line: impl AsRef<str>) {
    print(format!("{}\n", line.as_ref()).as_bytes());
}

/// Prints a JSON document on standard output, for people to read too.
pub(crate) fn say_json(document: &Value) {
    say(format!("{document:#}"));
}

/// Writes to standard output.
pub(crate) fn print(bytes: &[u8]) {
    if BROKEN.get().is_some() {
        return;
    }
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
        let _ = BROKEN.set(error);
    }
}

/// Why standard output cannot be written any more.
pub(crate) fn broken() -> Option<&'static io::Error> {
    BROKEN.get()
}

/// Prints on standard error what went wrong, with its causes.
pub(crate) fn complain(error: &dyn Error) {
    let mut out = io::stderr().lock();
    let _ = writeln!(out, "muster: {}", with_causes(error));
}

/// Prints a line on standard error for a person who is typing.
pub(crate) fn hint(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// A progress bar on standard error for work on so many things, or on nobody knows how many; it shows nothing unless a
/// terminal watches. What is printed while it moves goes through its `suspend`.
pub(crate) fn progress(of: Option<u64>, things: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(of, ProgressDrawTarget::stderr());
    let template = if of.is_some() { "{wide_bar} {pos} of {len} {msg}" } else { "{spinner} {pos} {msg}" };
    // The template is one of two constants, and a test takes both.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style).with_message(things)
}

/// Whether somebody watches standard output.
pub(crate) fn is_watched() -> bool {
    io::stdout().is_terminal()
}

/// A time as documents show it (RFC 3339).
pub(crate) fn at(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_of_progress_hold() {
        for template in ["{wide_bar} {pos} of {len} {msg}", "{spinner} {pos} {msg}"] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
        assert!(progress(Some(3), "records").is_hidden() || io::stderr().is_terminal());
    }
}
