use scim_v2::filter::{Filter, ParseError, PatchPath};

use crate::ScimError;

/// Reads a filter.
pub(super) fn filter(text: &str) -> Result<Filter, ScimError> {
    spaced(text).parse().map_err(|error| refused(&error))
}

/// Reads a path; `None` when it is none.
pub(crate) fn path(text: &str) -> Option<PatchPath> {
    spaced(text).parse().ok()
}

/// The grammar lets `not` stand next to its bracket; the parser does not.
fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + 8);
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        if c == '(' && !quoted && ends_with_not(&spaced) {
            spaced.push(' ');
        }
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && quoted && !escaped;
        spaced.push(c);
    }
    spaced
}

fn ends_with_not(text: &str) -> bool {
    let word = text.bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
    text[text.len() - word..].eq_ignore_ascii_case("not")
}

/// Tells where the parser stopped, and nothing of what stands there: that may be somebody's address.
fn refused(error: &ParseError) -> ScimError {
    let place = match error {
        ParseError::InvalidToken { location } | ParseError::UnrecognizedEof { location, .. } => Some(*location),
        ParseError::UnrecognizedToken { token, .. } | ParseError::ExtraToken { token } => Some(token.0),
        ParseError::User { .. } => None,
    };
    ScimError::invalid_filter(place.map_or_else(
        || "the filter is too deep, too long, or has a name or a value that is none".to_owned(),
        |place| format!("the filter cannot be read from byte {place} on"),
    ))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"not(userName eq "a")"#, r#"not (userName eq "a")"#)]
    #[case(r#"active eq true and NOT(a pr)"#, r#"active eq true and NOT (a pr)"#)]
    #[case(r#"userName eq "not(a)""#, r#"userName eq "not(a)""#)]
    #[case(r#"userName eq "\"not(a)""#, r#"userName eq "\"not(a)""#)]
    #[case(r#"cannot(a pr)"#, r#"cannot(a pr)"#)]
    #[case(r#"userName eq "é" or not(a pr)"#, r#"userName eq "é" or not (a pr)"#)]
    fn not_may_stand_next_to_its_bracket(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(spaced(text), expected);
    }

    #[test]
    fn refusal_tells_where_and_not_what() {
        let error = filter(r#"userName eqq "ada@example.com""#).unwrap_err();
        assert_eq!(error.scim_type, Some("invalidFilter"));
        assert!(error.detail.contains("byte") && !error.detail.contains("ada"), "{error}");
    }
}
