use std::fmt;

use serde::{Deserialize, Serialize};

/// Text from outside that is safe to keep and to show: trimmed, 1 to `MAX` characters, no control characters (so no
/// NUL), nothing invisible and nothing that turns the direction of what stands around it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

/// Why a string is not a [`Text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing is left after trimming.
    #[error("must not be empty")]
    Empty,
    /// Longer than the limit, counted in characters.
    #[error("must not be longer than {max} characters")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// Holds a control character (Unicode category Cc) or an invisible one.
    #[error("must not contain control characters or invisible ones")]
    Control,
}

impl<const MAX: usize> Text<MAX> {
    /// Takes a string if it fits.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(raw: &str) -> Result<Self, InvalidText> {
        let text = raw.trim();
        if text.is_empty() {
            return Err(InvalidText::Empty);
        }
        if text.chars().count() > MAX {
            return Err(InvalidText::TooLong { max: MAX });
        }
        if text.chars().any(is_unsafe) {
            return Err(InvalidText::Control);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, and of the format characters (Unicode category Cf) those that hide or turn text (UTS #39). The
/// joiners U+200C and U+200D stay: names in several scripts, and emoji, need them.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// The text without what [`Text`] refuses, so that a pasted contact is read as it looks. A control character, as a tab,
/// becomes a space; soft hyphens and variation selectors go too.
#[must_use]
pub(crate) fn without_invisible(text: &str) -> String {
    let visible =
        |c: char| !matches!(c, '\u{AD}' | '\u{61C}' | '\u{FE00}'..='\u{FE0F}') && (c.is_control() || !is_unsafe(c));
    text.chars().filter(|c| visible(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The text without invisible characters at its ends, which pasted names carry.
#[must_use]
pub(crate) fn without_invisible_ends(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || (is_unsafe(c) && !c.is_control()))
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = InvalidText;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        Self::parse(&raw)
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
