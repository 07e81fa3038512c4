//! What goes out by e-mail, as its reader sees it.

mod code;
mod notice;

use muster_domain::verification::Message;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, UtcOffset};

const DAY_AND_TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
const TIME: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute] UTC");

/// A message as its reader sees it, in English.
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// Why a message could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LetterError {
    #[error("the message's template failed")]
    Template(#[from] askama::Error),
    #[error("the message's time is out of range")]
    Time(#[from] time::error::Format),
}

impl Letter {
    /// Writes a message. `host` is where this installation is found.
    pub(crate) fn write(message: &Message, host: Option<&str>) -> Result<Self, LetterError> {
        match message {
            Message::Code(message) => code::write(message, host),
            Message::Notice(message) => notice::write(message, host),
        }
    }
}

fn utc(at: OffsetDateTime) -> OffsetDateTime {
    at.to_offset(UtcOffset::UTC)
}

fn in_words(duration: Duration) -> String {
    let (count, unit) = match duration.whole_minutes() {
        0 => (duration.whole_seconds(), "second"),
        minutes => (minutes, "minute"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Fails when the HTML part fetches or links to anything, or cannot be read aloud.
    pub(super) fn assert_plain(html: &str) {
        for outside in ["http", "//", "src=", "href=", "url(", "@import", "<img", "<a ", "<link", "<script"] {
            assert!(!html.contains(outside), "{outside}");
        }
        assert!(html.contains("<html lang=\"en\""));
        assert!(html.contains("prefers-color-scheme: dark"));
        assert_eq!(html.matches("<table ").count(), html.matches("<table role=\"presentation\"").count());
    }

    /// Fails when a line of the text part is not in the HTML part.
    pub(super) fn assert_says_the_same(letter: &Letter) {
        let body = letter.html.split_once("<body").unwrap().1;
        let words: String = body.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text).collect();
        for line in letter.text.lines().filter(|line| !line.is_empty()) {
            assert!(words.contains(line), "{line:?} is not in {words:?}");
        }
    }

    #[rstest]
    #[case(Duration::minutes(15), "15 minutes")]
    #[case(Duration::seconds(119), "1 minute")]
    #[case(Duration::seconds(30), "30 seconds")]
    fn lifetime_is_never_promised_longer_than_it_is(#[case] lifetime: Duration, #[case] words: &str) {
        assert_eq!(in_words(lifetime), words);
    }
}
