use scim_v2::filter::{Filter, ParseError, PatchPath};

use crate::ScimError;

/// The longest filter or path, in bytes: room for 256 comparisons with a whole address.
const MAX_BYTES: usize = 64 * 1_024;

/// Reads a filter.
pub(super) fn filter(text: &str) -> Result<Filter, ScimError> {
    if text.len() > MAX_BYTES {
        return Err(ScimError::invalid_filter(format!("the filter is longer than {MAX_BYTES} bytes")));
    }
    bracketed(&spaced(text)).parse().map_err(|error| refused(&error))
}

/// Reads a path.
pub(crate) fn path(text: &str) -> Result<PatchPath, ScimError> {
    if text.len() > MAX_BYTES {
        return Err(ScimError::invalid_path(format!("path is longer than {MAX_BYTES} bytes")));
    }
    spaced(text).parse().map_err(|_| ScimError::invalid_path("path is no path of an attribute"))
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

/// Entra ID compares a part of a value that it selects, `emails[type eq "work"].value eq "x"`, for which the grammar has
/// `emails[(type eq "work") and value eq "x"]`.
fn bracketed(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some((open, close)) = brackets(rest) {
        let Some(part) = rest[close + 1..].strip_prefix('.') else {
            written.push_str(&rest[..=close]);
            rest = &rest[close + 1..];
            continue;
        };
        // The parser refuses what is no comparison, so that there is no use in reading the rest again for the next part.
        let Some(end) = comparison(part) else { break };
        let (compared, after) = rest[close + 2..].split_at(end);
        let (before, selected) = (&rest[..=open], &rest[open + 1..close]);
        written.extend([before, "(", selected, ") and ", compared, "]"]);
        rest = after;
    }
    written.push_str(rest);
    written
}

/// Where the first pair of brackets is that stands in no string.
fn brackets(text: &str) -> Option<(usize, usize)> {
    let open = unquoted(text, |c| c == '[')?;
    let close = open + unquoted(&text[open..], |c| c == ']')?;
    Some((open, close))
}

/// How long the comparison is that a text begins with: a name, an operator and, but for `pr`, a value.
fn comparison(text: &str) -> Option<usize> {
    let mut end = 0;
    for word in 0..3 {
        end += text[end..].len() - text[end..].trim_start().len();
        let rest = &text[end..];
        let length = unquoted(rest, |c| c.is_whitespace() || c == ')').unwrap_or(rest.len());
        end += length;
        match (length, word) {
            (0, _) => return None,
            (_, 1) if rest[..length].eq_ignore_ascii_case("pr") => break,
            _ => {}
        }
    }
    Some(end)
}

/// Where the first such character is that stands in no string.
fn unquoted(text: &str, wanted: impl Fn(char) -> bool) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.char_indices().find_map(|(place, c)| {
        let found = !quoted && wanted(c);
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && quoted && !escaped;
        found.then_some(place)
    })
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
    #[case("active eq true and NOT(a pr)", "active eq true and NOT (a pr)")]
    #[case(r#"userName eq "not(a)""#, r#"userName eq "not(a)""#)]
    #[case(r#"userName eq "\"not(a)""#, r#"userName eq "\"not(a)""#)]
    #[case("cannot(a pr)", "cannot(a pr)")]
    #[case(r#"userName eq "é" or not(a pr)"#, r#"userName eq "é" or not (a pr)"#)]
    fn not_may_stand_next_to_its_bracket(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(spaced(text), expected);
    }

    #[rstest]
    #[case(r#"emails[type eq "work"].value eq "a b)""#, r#"emails[(type eq "work") and value eq "a b)"]"#)]
    #[case("(a[b pr].c pr) or d pr", "(a[(b pr) and c pr]) or d pr")]
    #[case(r#"a[b eq "]."] and c eq "[x].y""#, r#"a[b eq "]."] and c eq "[x].y""#)]
    #[case("a[b pr].c", "a[b pr].c")]
    #[case("a[b pr] or a[b pr].c pr", "a[b pr] or a[(b pr) and c pr]")]
    #[case("(a[b pr].c) or a[b pr].c pr", "(a[b pr].c) or a[b pr].c pr")]
    #[case("a[b pr]. ", "a[b pr]. ")]
    #[case("[", "[")]
    #[case("][", "][")]
    fn part_of_a_selected_value_is_compared_within_the_brackets(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(bracketed(text), expected);
    }

    #[test]
    fn refusal_tells_where_and_not_what() {
        let error = filter(r#"userName eqq "ada@example.com""#).unwrap_err();
        assert_eq!(error.scim_type, Some("invalidFilter"));
        assert!(error.detail.contains("byte") && !error.detail.contains("ada"), "{error}");
    }
}
