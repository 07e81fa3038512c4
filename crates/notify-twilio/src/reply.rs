use muster_domain::verification::Receipt;
use muster_notify::transport::Answer;
use muster_notify::{AttemptError, Refusal};
use serde::Deserialize;

use crate::error_code::{Meaning, meaning};
use crate::settings::{SenderId, is_sid};

/// A message as Twilio replies with it, as far as it matters here.
#[derive(Deserialize)]
struct Message {
    sid: String,
    status: Status,
    error_code: Option<u32>,
}

/// What became of a message (`message_enum_status` in Twilio's OpenAPI document). Open: Twilio adds to it, and what it
/// took with a status that is not known here it took all the same.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Failed,
    Undelivered,
    Canceled,
    #[serde(other)]
    OnItsWay,
}

/// What Twilio replies with instead of a message; its text is left out, as it may repeat the number.
#[derive(Deserialize)]
struct Problem {
    code: Option<u32>,
}

/// A reply that says that a message was taken, but not which.
#[derive(Debug, thiserror::Error)]
#[error("it answered {status}, but with no message that can be read")]
struct Unreadable {
    status: u16,
}

/// What Twilio's answer to a message comes to.
pub(crate) fn outcome(answer: &Answer, sender: &SenderId) -> Result<Receipt, AttemptError> {
    if !answer.is_success() {
        return Err(refusal(answer, sender));
    }
    let message = answer.body.as_deref().and_then(|body| serde_json::from_slice(body).ok());
    let Some(Message { sid, status, error_code }) = message.filter(|m: &Message| is_sid(&m.sid, &["SM", "MM"])) else {
        return Err(AttemptError::Failed(Box::new(Unreadable { status: answer.status })));
    };
    match status {
        Status::OnItsWay => Ok(Receipt { provider_message_id: Some(sid), captured: false }),
        Status::Failed | Status::Undelivered | Status::Canceled => {
            let known = error_code.and_then(|code| meaning(code, sender));
            Err(attempt_error(answer, error_code, known.unwrap_or(Meaning::Recipient)))
        }
    }
}

/// Twilio's own code in an answer that is no success.
pub(crate) fn problem_code(answer: &Answer) -> Option<u32> {
    serde_json::from_slice::<Problem>(answer.body.as_deref()?).ok()?.code
}

fn refusal(answer: &Answer, sender: &SenderId) -> AttemptError {
    let code = problem_code(answer);
    match (answer.status, code.and_then(|code| meaning(code, sender))) {
        // These say by themselves whether the message may have been taken, which no code does.
        (429 | 500.., _) => answer.refusal(code.map(|code| code.to_string())),
        (_, Some(known)) => attempt_error(answer, code, known),
        // Not Twilio's API, or something that stands before it: the base address or a proxy is to be mended. A redirect
        // is not followed.
        (..400 | 404 | 405 | 407 | 408, None) => attempt_error(answer, code, Meaning::Operator),
        (_, None) => answer.refusal(code.map(|code| code.to_string())),
    }
}

fn attempt_error(answer: &Answer, code: Option<u32>, meaning: Meaning) -> AttemptError {
    let cause = Box::new(Refusal { status: answer.status, code: code.map(|code| code.to_string()) });
    match meaning {
        Meaning::Recipient => AttemptError::Rejected(cause),
        Meaning::Limit => AttemptError::Throttled { retry_after: answer.retry_after() },
        Meaning::Operator => AttemptError::Failed(cause),
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::iter::successors;

    use proptest::prelude::*;
    use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
    use serde_json::{Value, json};

    use super::*;

    const SECRETS: [&str; 3] = ["+12025550147", "042917", "b7c29d55e1f04a6eb8d1"];

    /// A value of a reply's field: what belongs there, or a secret that does not.
    fn field(usual: &'static [&'static str]) -> impl Strategy<Value = Value> {
        prop_oneof![
            proptest::sample::select(usual).prop_map(Value::from),
            proptest::sample::select(&SECRETS[..]).prop_map(Value::from),
            proptest::sample::select(vec![0_u32, 20_003, 21_211, 21_408, 29_999, 30_001]).prop_map(Value::from),
            Just(Value::Null),
        ]
    }

    proptest! {
        #[test]
        fn no_reply_makes_an_outcome_that_shows_a_secret(
            status in 200_u16..600,
            sid in field(&["SM0123456789abcdef0123456789abcdef"]),
            state in field(&["queued", "failed", "canceled"]),
            code in field(&["21211"]),
            error_code in field(&["30003"]),
            length in 0_usize..300,
            retry_after in proptest::sample::select(vec!["1", "042917 s", "+12025550147"]),
        ) {
            let text = SECRETS.join(" ");
            let body = json!({
                "sid": sid, "status": state, "code": code, "error_code": error_code, "message": text, "to": text,
            });
            let mut body = body.to_string().into_bytes();
            // Now and then a part of it, which is no JSON.
            body.truncate(length + 100);
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(retry_after))]);
            let sender = SenderId::number("+15005550006").unwrap();
            let shown = match outcome(&Answer { status, headers, body: Some(body) }, &sender) {
                Ok(receipt) => format!("{receipt:?}"),
                Err(error) => successors(Some(&error as &dyn Error), |&error| error.source())
                    .fold(String::new(), |shown, error| format!("{shown} {error} {error:?}")),
            };
            prop_assert!(SECRETS.iter().all(|secret| !shown.contains(secret)), "{shown}");
        }
    }
}
