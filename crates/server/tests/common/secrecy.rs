//! Looking for secrets in a log.

/// The lines of a log that have `secret` in them. The time, which a line begins with, does not count.
pub(crate) fn holders<'a>(log: &'a str, secret: &str) -> Vec<&'a str> {
    log.lines().filter(|line| holds(line, secret)).collect()
}

fn holds(line: &str, secret: &str) -> bool {
    // {"timestamp":"…",…} in production, 2026-… in development.
    let after_time = if line.starts_with('{') { line.split_once(',') } else { line.split_once(' ') };
    let text = after_time.map_or(line, |(_, text)| text);
    let is_code = secret.len() == 6;
    text.match_indices(secret).any(|(at, _)| !is_code || stands_alone(&text[..at], &text[at + secret.len()..]))
}

/// Whether six digits between these are a code: they are also found within an id, or behind a decimal point.
fn stands_alone(before: &str, after: &str) -> bool {
    let ends_an_escape = before.ends_with("\\n") || before.len() > 2 && before.as_bytes()[before.len() - 3] == b'%';
    let is_fraction = before.strip_suffix('.').is_some_and(|whole| whole.ends_with(|c: char| c.is_ascii_digit()));
    let begins = ends_an_escape || !before.ends_with(char::is_alphanumeric) && !is_fraction;
    begins && !after.starts_with(char::is_alphanumeric)
}

#[test]
fn a_secret_in_a_log_would_be_found() {
    assert!(holds("2026-11-22T16:36:16.042917Z TRACE code=042917", "042917"));
    assert!(holds("2026-11-22T16:36:16Z INFO sent to \"grace@example.com\"", "grace@example.com"));
    assert!(holds(r#"{"timestamp":"2026-11-22T16:36:16.042917Z","fields":{"message":"042917"}}"#, "042917"));
    assert!(holds("2026-11-22T16:36:16Z TRACE body: Your code.042917", "042917"));
    assert!(holds(r"2026-11-22T16:36:16Z TRACE body: code\n042917\n", "042917"));
    assert!(holds("2026-11-22T16:36:16Z TRACE body: To=%2B12025550101&Body=x+%23042917", "042917"));
    assert!(holds("2026-11-22T16:36:16Z TRACE body: To=%2B12025550101&Body=x", "12025550101"));
    assert!(!holds("2026-11-22T16:36:16.042917Z INFO id=01a0429170", "042917"));
    assert!(!holds(r#"{"timestamp":"2026-11-22T16:36:16.042917Z","level":"INFO"}"#, "042917"));
    assert!(!holds("2026-11-22T16:36:16Z INFO took 3.042917", "042917"));
}
