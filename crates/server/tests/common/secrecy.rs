//! Looking for secrets in a log.

/// The lines of a log that have `secret` in them, standing alone: a code's six digits are also found within an id or
/// behind a decimal point. The time, which a line begins with, does not count.
pub(crate) fn holders<'a>(log: &'a str, secret: &str) -> Vec<&'a str> {
    log.lines().filter(|line| holds(line, secret)).collect()
}

fn holds(line: &str, secret: &str) -> bool {
    // {"timestamp":"…",…} in production, 2026-… in development.
    let after_time = if line.starts_with('{') { line.split_once(',') } else { line.split_once(' ') };
    let text = after_time.map_or(line, |(_, text)| text);
    text.match_indices(secret).any(|(at, _)| {
        let mut before = text[..at].chars().rev();
        let begins = match before.next() {
            Some('.') => !before.next().is_some_and(|c| c.is_ascii_digit()),
            other => !other.is_some_and(char::is_alphanumeric),
        };
        begins && !text[at + secret.len()..].starts_with(char::is_alphanumeric)
    })
}

#[test]
fn a_secret_in_a_log_would_be_found() {
    assert!(holds("2026-11-22T16:36:16.042917Z TRACE code=042917", "042917"));
    assert!(holds("2026-11-22T16:36:16Z INFO sent to \"grace@example.com\"", "grace@example.com"));
    assert!(holds(r#"{"timestamp":"2026-11-22T16:36:16.042917Z","fields":{"message":"042917"}}"#, "042917"));
    assert!(holds("2026-11-22T16:36:16Z TRACE body: Your code.042917", "042917"));
    assert!(!holds("2026-11-22T16:36:16.042917Z INFO id=01a0429170", "042917"));
    assert!(!holds(r#"{"timestamp":"2026-11-22T16:36:16.042917Z","level":"INFO"}"#, "042917"));
    assert!(!holds("2026-11-22T16:36:16Z INFO took 3.042917", "042917"));
}
