//! The one place that prints. What a command has to say goes to standard output, what went wrong to standard error;
//! each line is flushed, so that a script can wait for it. A closed pipe is nobody's fault and ends nothing.

use std::error::Error;
use std::io::Write;

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

/// An error's message and those of everything beneath it.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use muster_domain::StoreError;

    use super::with_causes;

    #[test]
    fn every_cause_is_told_once() {
        let error = StoreError::Unavailable("no route to host".into());
        assert_eq!(with_causes(&error), "the store is unavailable: no route to host");
    }
}
