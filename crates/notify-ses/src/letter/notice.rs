use std::net::IpAddr;

use askama::Template;
use muster_domain::Text;
use muster_domain::break_glass::{BreakGlassService, Refusal};
use muster_domain::notice::{NoticeContent, NoticeMessage};
use muster_domain::verification::{Masked, Method};
use muster_notify::contact;
use time::OffsetDateTime;

use super::{DAY_AND_TIME, Letter, LetterError, in_words, utc};

/// What is said of a contact that changed.
struct Changed<'a> {
    heading: String,
    contact: &'static str,
    is_removed: bool,
    /// `None` when it could pass for something else than a name.
    name: Option<Text<400>>,
    destination: String,
    at: String,
    host: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "contact_changed.txt")]
struct ChangedText<'a> {
    words: &'a Changed<'a>,
}

#[derive(Template)]
#[template(path = "contact_changed.html")]
struct ChangedHtml<'a> {
    words: &'a Changed<'a>,
}

/// What is said of a break-glass account that was used.
struct Used<'a> {
    /// `None` when it could pass for something else than a name.
    account: Option<Text<64>>,
    /// The name as a shell takes it.
    argument: String,
    at: String,
    ip: Option<String>,
    session: String,
    host: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "break_glass_used.txt")]
struct UsedText<'a> {
    words: &'a Used<'a>,
}

#[derive(Template)]
#[template(path = "break_glass_used.html")]
struct UsedHtml<'a> {
    words: &'a Used<'a>,
}

/// What is said of a flood of attempts.
struct Flooded<'a> {
    is_account: bool,
    /// `None` when it could pass for something else than a name, and when there is no such account.
    account: Option<Text<64>>,
    attempts: u64,
    minutes: i64,
    at: String,
    host: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "break_glass_flooded.txt")]
struct FloodedText<'a> {
    words: &'a Flooded<'a>,
}

#[derive(Template)]
#[template(path = "break_glass_flooded.html")]
struct FloodedHtml<'a> {
    words: &'a Flooded<'a>,
}

/// The message that carries a notice. Nothing from outside is in its subject, and it has no links.
pub(super) fn write(message: &NoticeMessage, host: Option<&str>) -> Result<Letter, LetterError> {
    match &message.content {
        NoticeContent::ContactChanged { method, destination } => {
            contact_changed(*method, destination.as_ref(), message, host)
        }
        NoticeContent::BreakGlassUsed { account, ip, at } => break_glass_used(account, *ip, *at, host),
        NoticeContent::BreakGlassFlooded { account, at } => break_glass_flooded(account.as_deref(), *at, host),
    }
}

fn contact_changed(
    method: Method,
    destination: Option<&Masked>,
    message: &NoticeMessage,
    host: Option<&str>,
) -> Result<Letter, LetterError> {
    let contact = contact(method);
    let done = if destination.is_some() { "changed" } else { "removed" };
    let words = Changed {
        heading: format!("Your {contact} in Muster was {done}"),
        contact,
        is_removed: destination.is_none(),
        name: Text::parse(&message.display_name).ok(),
        destination: match destination.map(|masked| Text::<400>::parse(masked.as_str())) {
            Some(Ok(masked)) => masked.into(),
            Some(Err(_)) => "another".to_owned(),
            None => "none".to_owned(),
        },
        at: utc(message.at).format(DAY_AND_TIME)?,
        host,
    };
    let (text, html) = (ChangedText { words: &words }.render()?, ChangedHtml { words: &words }.render()?);
    Ok(Letter { subject: words.heading, text, html })
}

fn break_glass_used(
    account: &str,
    ip: Option<IpAddr>,
    at: OffsetDateTime,
    host: Option<&str>,
) -> Result<Letter, LetterError> {
    let account = Text::parse(account).ok();
    let words = Used {
        argument: account.as_ref().map_or_else(|| "NAME".to_owned(), |account| shell_word(account.as_str())),
        account,
        at: utc(at).format(DAY_AND_TIME)?,
        // Also one of a private network: its readers know that network.
        ip: ip.map(|ip| ip.to_canonical().to_string()),
        session: in_words(BreakGlassService::SESSION),
        host,
    };
    Ok(Letter {
        subject: "A break-glass account of Muster was used".to_owned(),
        text: UsedText { words: &words }.render()?,
        html: UsedHtml { words: &words }.render()?,
    })
}

fn break_glass_flooded(account: Option<&str>, at: OffsetDateTime, host: Option<&str>) -> Result<Letter, LetterError> {
    let words = Flooded {
        is_account: account.is_some(),
        account: account.and_then(|account| Text::parse(account).ok()),
        attempts: Refusal::FLOOD,
        minutes: Refusal::WINDOW.whole_minutes(),
        at: utc(at).format(DAY_AND_TIME)?,
        host,
    };
    Ok(Letter {
        subject: "Somebody tries break-glass passwords of Muster".to_owned(),
        text: FloodedText { words: &words }.render()?,
        html: FloodedHtml { words: &words }.render()?,
    })
}

/// A text as one word of a command, for it is there to be copied (POSIX.1, Shell Command Language, section 2.2.2).
fn shell_word(text: &str) -> String {
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-@".contains(&b));
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use muster_domain::verification::Message;
    use rstest::rstest;
    use time::macros::datetime;

    use super::super::tests::{assert_plain, assert_says_the_same};
    use super::*;

    fn letter(content: NoticeContent, display_name: &str, host: Option<&str>) -> Letter {
        let at = datetime!(2026-11-08 23:50 +2);
        let message = NoticeMessage { content, display_name: display_name.to_owned(), locale: None, at };
        Letter::write(&Message::Notice(message), host).unwrap()
    }

    fn changed(method: Method, destination: Option<&str>) -> Letter {
        let destination = destination.map(|masked| Masked::from_stored(masked.to_owned()));
        letter(NoticeContent::ContactChanged { method, destination }, "Ada Lovelace", Some("muster.example.com"))
    }

    fn used(account: &str, ip: &str) -> Letter {
        let at = datetime!(2026-11-09 00:10 +2);
        let content = NoticeContent::BreakGlassUsed { account: account.to_owned(), ip: ip.parse().ok(), at };
        letter(content, "Grace Hopper", Some("muster.example.com"))
    }

    #[test]
    fn a_contact_that_changed_is_told_with_what_to_do() {
        let letter = changed(Method::Sms, Some("***0143"));
        assert_eq!(letter.subject, "Your phone number in Muster was changed");
        insta::assert_snapshot!(letter.text, @r"
        Your phone number in Muster was changed

        What changed
        The company directory changed the phone number of Ada Lovelace on 8 November 2026, 21:50 UTC. Muster at muster.example.com has ***0143 now and does not use the one before any more.

        What to do
        Prove the new phone number in Muster: until then you cannot be on call.

        Is it wrong?
        Tell an administrator of Muster and whoever keeps the company directory at once. It can be put right in the directory alone.
        ");
    }

    #[test]
    fn a_contact_that_was_removed_is_told_so() {
        let letter = changed(Method::Email, None);
        assert_eq!(letter.subject, "Your e-mail address in Muster was removed");
        insta::assert_snapshot!(letter.text, @r"
        Your e-mail address in Muster was removed

        What changed
        The company directory changed the e-mail address of Ada Lovelace on 8 November 2026, 21:50 UTC. Muster at muster.example.com has none now and does not use the one before any more.

        What to do
        You cannot be on call until the directory names another e-mail address of yours and you have proven it in Muster.

        Is it wrong?
        Tell an administrator of Muster and whoever keeps the company directory at once. It can be put right in the directory alone.
        ");
    }

    #[test]
    fn a_break_glass_account_that_was_used_is_told_with_how_to_end_it() {
        let letter = used("night-shift", "::ffff:10.0.0.7");
        assert_eq!(letter.subject, "A break-glass account of Muster was used");
        insta::assert_snapshot!(letter.text, @r"
        A break-glass account of Muster was used

        What happened
        Somebody signed in to Muster with the break-glass account night-shift on 8 November 2026, 22:10 UTC, from the address 10.0.0.7, at muster.example.com. For 30 minutes they could do whatever an administrator can.

        What to do
        Find out who it was and why. The audit trail tells what was done with the account.

        Was it nobody on your team?
        Run this command where Muster runs; it ends the account and everything that is signed in with it:

        muster break-glass revoke night-shift

        Every administrator of Muster gets this message.
        ");
    }

    fn flooded(account: Option<&str>) -> Letter {
        let at = datetime!(2026-11-09 00:10 +2);
        let content = NoticeContent::BreakGlassFlooded { account: account.map(str::to_owned), at };
        letter(content, "Grace Hopper", Some("muster.example.com"))
    }

    #[test]
    fn a_flood_of_attempts_is_told_with_what_to_do() {
        let letter = flooded(Some("night-shift"));
        assert_eq!(letter.subject, "Somebody tries break-glass passwords of Muster");
        insta::assert_snapshot!(letter.text, @r"
        Somebody tries break-glass passwords of Muster

        What happened
        By 8 November 2026, 22:10 UTC, 10 wrong passwords were tried within 15 minutes for the break-glass account night-shift, at muster.example.com. Nobody was signed in by them.

        What to do
        The passwords cannot be guessed, the account is not locked, and whoever has the password can sign in meanwhile. The audit trail tells from which addresses they came: block those in front of Muster.

        Every administrator of Muster gets this message, once in 15 minutes while it goes on.
        ");
        assert!(flooded(None).text.contains("for names that are no account's, at"));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let content = NoticeContent::ContactChanged { method: Method::Sms, destination: None };
        let told = letter(content, "", None).text;
        assert!(
            told.contains("changed your phone number on 8 November 2026, 21:50 UTC. Muster has none now"),
            "{told}"
        );
        let at = datetime!(2026-11-08 22:10 UTC);
        let content = NoticeContent::BreakGlassUsed { account: "night-shift".to_owned(), ip: None, at };
        let told = letter(content, "", None).text;
        assert!(told.contains("account night-shift on 8 November 2026, 22:10 UTC. For 30 minutes"), "{told}");
    }

    #[test]
    fn html_says_what_the_text_says_fetches_nothing_and_links_nowhere() {
        let letters =
            [changed(Method::Sms, Some("***0143")), changed(Method::Email, None), used("night-shift", "203.0.113.7")];
        for letter in letters.into_iter().chain([flooded(Some("night-shift")), flooded(None)]) {
            assert_plain(&letter.html);
            assert_says_the_same(&letter);
            assert!(letter.html.contains(&format!("<title>{}</title>", letter.subject)));
            assert!(letter.text.starts_with(&letter.subject));
        }
    }

    #[test]
    fn texts_from_outside_are_text_and_not_html() {
        let name = "<b>Ada</b> & \"Co\"";
        let content = NoticeContent::ContactChanged {
            method: Method::Email,
            destination: Some(Masked::login("<i>ada@x>y.example")),
        };
        let letters = [letter(content, name, None), used(name, "203.0.113.7")];
        for letter in letters {
            assert!(!letter.html.contains("<b>") && !letter.html.contains("<i>"), "{}", letter.html);
            assert!(
                letter.html.contains("<bdi>&#60;b&#62;Ada&#60;/b&#62; &#38; &#34;Co&#34;</bdi>"),
                "{}",
                letter.html
            );
            assert!(letter.text.contains(name), "{}", letter.text);
        }
    }

    #[rstest]
    #[case("night\r\n\r\nAll is well")]
    #[case("\u{202E}thgin")]
    fn name_that_could_pass_for_something_else_is_left_out(#[case] name: &str) {
        let used = used(name, "203.0.113.7");
        assert!(used.text.contains("with the break-glass account on 8 November"), "{}", used.text);
        assert!(used.text.contains("muster break-glass revoke NAME\n"), "{}", used.text);
        let content = NoticeContent::ContactChanged {
            method: Method::Sms,
            destination: Some(Masked::from_stored(name.to_owned())),
        };
        let changed = letter(content, name, None);
        assert!(changed.text.contains("changed your phone number on"), "{}", changed.text);
        assert!(changed.text.contains("Muster has another now"), "{}", changed.text);
        for html in [used.html, changed.html] {
            assert!(!html.contains("All is well") && !html.contains("thgin"), "{html}");
        }
    }

    #[rstest]
    #[case("night-shift", "night-shift")]
    #[case("on call", "'on call'")]
    #[case("$(reboot); `x`", "'$(reboot); `x`'")]
    #[case("o'hara", r"'o'\''hara'")]
    fn command_to_copy_names_the_account_alone(#[case] account: &str, #[case] argument: &str) {
        let text = used(account, "203.0.113.7").text;
        assert!(text.contains(&format!("\nmuster break-glass revoke {argument}\n")), "{text}");
    }
}
