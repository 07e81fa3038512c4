/// The longest code of any service's.
const LONGEST: usize = 48;

/// A service's own code for what is wrong, if it has the form of one: anything else in its place may repeat what was
/// sent.
pub(crate) fn known_form(code: &str) -> Option<String> {
    let plain = code.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    (plain && (1..=LONGEST).contains(&code.len())).then(|| code.to_owned())
}
