use askama::Template;
use muster_domain::Text;
use muster_domain::verification::CodeMessage;

use super::{DAY_AND_TIME, Letter, LetterError, TIME, in_words, utc};

/// What the templates say.
struct Words<'a> {
    code: &'a str,
    valid_for: String,
    until: String,
    /// `None` when it could pass for something else than a name.
    name: Option<Text<400>>,
    at: String,
    ip: Option<String>,
    host: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "code.txt")]
struct TextPart<'a> {
    words: &'a Words<'a>,
}

#[derive(Template)]
#[template(path = "code.html")]
struct HtmlPart<'a> {
    words: &'a Words<'a>,
}

/// The message that carries a code. Its subject begins with the code, which is what a notification shows.
pub(super) fn write(message: &CodeMessage, host: Option<&str>) -> Result<Letter, LetterError> {
    let words = Words {
        code: message.code.expose(),
        valid_for: in_words(message.valid_for),
        until: utc(message.at + message.valid_for).format(TIME)?,
        name: Text::parse(&message.display_name).ok(),
        at: utc(message.at).format(DAY_AND_TIME)?,
        ip: message.requested_from.map(|ip| ip.to_canonical().to_string()),
        host,
    };
    Ok(Letter {
        subject: format!("{} is your Muster code", words.code),
        text: TextPart { words: &words }.render()?,
        html: HtmlPart { words: &words }.render()?,
    })
}

#[cfg(test)]
mod tests {
    use muster_domain::verification::{Code, Message};
    use rstest::rstest;
    use time::Duration;
    use time::macros::datetime;

    use super::super::tests::{assert_plain, assert_says_the_same};
    use super::*;

    fn message() -> CodeMessage {
        CodeMessage {
            code: Code::parse("042917").unwrap(),
            display_name: "Ada Lovelace".to_owned(),
            locale: None,
            valid_for: Duration::minutes(15),
            at: datetime!(2026-11-08 23:50 +2),
            requested_from: Some("::ffff:203.0.113.7".parse().unwrap()),
        }
    }

    fn letter(message: &CodeMessage) -> Letter {
        Letter::write(&Message::Code(message.clone()), Some("muster.example.com")).unwrap()
    }

    #[test]
    fn text_says_all_there_is_to_say() {
        let letter = letter(&message());
        assert_eq!(letter.subject, "042917 is your Muster code");
        insta::assert_snapshot!(letter.text, @r"
        Your Muster code is

        042917

        Enter it in Muster to prove that this e-mail address reaches you. It works for 15 minutes, until 22:05 UTC.

        Who asked for it
        Somebody who signed in as Ada Lovelace asked for it on 8 November 2026, 21:50 UTC, from the address 203.0.113.7, at muster.example.com.

        Was it not you?
        Ignore this message and tell the code to nobody: without it, no one can claim this address. If it happens again, tell an administrator of Muster.
        ");
    }

    #[test]
    fn text_leaves_out_what_is_not_known() {
        let message = CodeMessage { requested_from: None, display_name: String::new(), ..message() };
        let letter = Letter::write(&Message::Code(message), None).unwrap();
        let asked = letter.text.lines().find(|line| line.contains("asked for it on")).unwrap();
        assert_eq!(asked, "Somebody who signed in as you asked for it on 8 November 2026, 21:50 UTC.");
    }

    #[test]
    fn html_says_what_the_text_says() {
        assert_says_the_same(&letter(&message()));
    }

    #[test]
    fn html_fetches_nothing_links_nowhere_and_can_be_read_aloud() {
        let html = letter(&message()).html;
        assert_plain(&html);
        assert!(html.contains(">042917</p>"), "the code is one run of text");
    }

    #[test]
    fn preheader_is_hidden_and_comes_first() {
        let html = letter(&message()).html;
        let first = html.split_once("<body").unwrap().1.split_once("<div").unwrap().1;
        assert!(first.starts_with(" style=\"display:none;"), "{first}");
        assert!(first.contains(">It works for 15 minutes. Was it not you? Ignore this message.</div>"));
    }

    #[test]
    fn names_are_text_and_not_html() {
        let name = "<script>alert('x')</script> & \"Ada\"";
        let letter = letter(&CodeMessage { display_name: name.to_owned(), ..message() });
        assert!(!letter.html.contains("<script"));
        assert!(
            letter.html.contains("&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62; &#38; &#34;Ada&#34;"),
            "{}",
            letter.html
        );
        assert!(letter.text.contains(name));
    }

    #[rstest]
    #[case("Ada\r\nBcc: eve@example.com")]
    #[case("Ada\n\nYour code was 111111")]
    #[case("\u{202E}ada")]
    fn name_that_could_pass_for_something_else_is_left_out(#[case] name: &str) {
        let letter = letter(&CodeMessage { display_name: name.to_owned(), ..message() });
        assert!(letter.text.contains("signed in as you asked"), "{}", letter.text);
        assert!(letter.html.contains("signed in as you asked"));
        assert_eq!(letter.subject, "042917 is your Muster code");
    }
}
