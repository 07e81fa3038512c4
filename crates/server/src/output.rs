//! The one place that prints. What a command has to say goes to standard output, what went wrong to standard error;
//! each line is flushed, so that a script can wait for it. A closed pipe is nobody's fault and ends nothing.

use std::error::Error;
use std::io::Write;

use muster_domain::with_causes;

/// Prints a line on standard output.
pub(crate) fn say(line: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", line.as_ref()).and_then(|()| out.flush());
}

/// Prints on standard error what went wrong, with its causes.
pub(crate) fn complain(error: &dyn Error) {
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "muster: {}", with_causes(error));
}
