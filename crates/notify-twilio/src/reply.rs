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
