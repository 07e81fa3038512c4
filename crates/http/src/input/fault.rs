use crate::problem::Problem;

/// Makes a validation problem of what serde says about the value at `path`. Serde's messages repeat what was sent, which
/// may be a code or a token in the wrong place, so only what it expected is passed on.
pub(super) fn fault(path: &str, message: &str) -> Problem {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let base = if path == "." { "" } else { path };
    for (prefix, detail) in [
        ("missing field `", "is required"),
        ("unknown field `", "is not a known field"),
        ("duplicate field `", "must not be given twice"),
    ] {
        if let Some(name) = message.strip_prefix(prefix).and_then(|rest| rest.split('`').next()) {
            return Problem::field(&field(base, name), detail);
        }
    }
    let field = if base.is_empty() { "body" } else { base };
    Problem::field(field, expectation(message))
}

/// The path of a field that serde names. Its own path ends with the name for some messages and with the parent for
/// others. A name that no field of ours could have is not repeated.
fn field(base: &str, name: &str) -> String {
    let parent = base.strip_suffix(name).map_or(base, |parent| parent.trim_end_matches('.'));
    let ours = name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphabetic());
    match (parent, ours) {
        ("", true) => name.to_owned(),
        ("", false) => "body".to_owned(),
        (parent, true) => format!("{parent}.{name}"),
        (parent, false) => parent.to_owned(),
    }
}

fn expectation(message: &str) -> String {
    if let Some((_, expected)) = message.rsplit_once(", expected ") {
        return match expected {
            // The name of a type of ours would tell a client nothing.
            _ if expected.contains("struct ") || expected.contains("enum ") => "must be a JSON object".to_owned(),
            _ => format!("must be {}", expected.chars().take(200).collect::<String>()),
        };
    }
    // What our own types say; they never repeat the value.
    if message.starts_with("must ") || message.starts_with("is ") {
        return message.to_owned();
    }
    "is malformed".to_owned()
}
