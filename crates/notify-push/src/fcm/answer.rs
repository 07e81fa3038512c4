use muster_domain::verification::Receipt;
use muster_notify::transport::Answer;
use muster_notify::{AttemptError, Refusal};
use serde::Deserialize;
use serde_json::Value;

use crate::code::known_form;

/// The longest name of a message that is kept.
const LONGEST_NAME: usize = 256;

#[derive(Deserialize)]
struct Sent {
    name: String,
}

#[derive(Deserialize)]
struct Refused {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    status: Option<String>,
    #[serde(default)]
    details: Vec<Value>,
}

impl ErrorBody {
    fn of(answer: &Answer) -> Option<Self> {
        let refused: Refused = serde_json::from_slice(answer.body.as_deref()?).ok()?;
        Some(refused.error)
    }

    fn detail(&self, kind: &str) -> impl Iterator<Item = &Value> {
        let is_it = move |detail: &&Value| detail["@type"].as_str().is_some_and(|name| name.ends_with(kind));
        self.details.iter().filter(is_it)
    }

    /// FCM's own code, or that of all Google services when there is none.
    fn code(&self) -> Option<String> {
        let own = self.detail("FcmError").find_map(|detail| detail["errorCode"].as_str());
        known_form(own.or(self.status.as_deref())?)
    }
}

/// FCM's code for what is wrong, or Google's.
pub(super) fn code(answer: &Answer) -> Option<String> {
    ErrorBody::of(answer)?.code()
}

/// Accepted is what has a name. A registration counts as gone only by `UNREGISTERED`. `INVALID_ARGUMENT` does not say so,
/// even where it names `message.token`: a wrong setting brings it about for every device. 404 alone may be about the
/// project. What a token alone can bring about counts as no failure.
pub(super) fn judge(answer: &Answer) -> Result<Receipt, AttemptError> {
    let refusal = |code| Box::new(Refusal { status: answer.status, code });
    if answer.is_success() {
        let sent = answer.body.as_deref().and_then(|body| serde_json::from_slice::<Sent>(body).ok());
        let name = sent.map(|sent| sent.name).filter(|name| (1..=LONGEST_NAME).contains(&name.len()));
        return match name {
            Some(name) => Ok(Receipt { provider_message_id: Some(name), captured: false }),
            None => Err(AttemptError::Failed(refusal(None))),
        };
    }
    let code = code(answer);
    Err(match (answer.status, code.as_deref()) {
        (_, Some("UNREGISTERED")) => AttemptError::gone(refusal(code)),
        (_, Some("QUOTA_EXCEEDED")) => AttemptError::Throttled { retry_after: answer.retry_after() },
        (_, Some("UNAVAILABLE")) => {
            AttemptError::NotAccepted { cause: refusal(code), retry_after: answer.retry_after() }
        }
        // The token is another project's, or that of a browser or an iPhone.
        (_, Some("SENDER_ID_MISMATCH" | "THIRD_PARTY_AUTH_ERROR")) => AttemptError::Rejected(refusal(code)),
        (404, _) => AttemptError::Failed(refusal(code)),
        _ => answer.refusal(code),
    })
}
