//! What became of codes, sessions and sign-ins. Counted here because the domain has no metrics; labels never hold anything
//! of a person.

use muster_domain::access::TokenRefusal;
use muster_domain::break_glass::{PasswordError, SignInError};
use muster_domain::session::{RefreshError, RefusedReason};
use muster_domain::verification::{Method, SendCodeError, SentCode, VerifyCodeError};
use time::Duration;

/// Counts what came of a code that was asked for: refused before there was any, or opened, and sent or not.
pub(crate) fn challenge_sent(method: Method, sent: &Result<SentCode, SendCodeError>) {
    match sent {
        Ok(sent) => {
            challenge(method, "opened");
            challenge(method, if sent.delivery.is_success() { "sent" } else { "undelivered" });
        }
        Err(error) => {
            if let Some(reason) = error.refusal() {
                let labels = [("method", method.as_str()), ("reason", reason.as_str())];
                metrics::counter!("muster_codes_refused_total", &labels).increment(1);
            }
        }
    }
}

/// Counts what came of a code that somebody typed.
pub(crate) fn challenge_answered<T>(method: Method, outcome: &Result<T, VerifyCodeError>) {
    match outcome {
        Ok(_) => challenge(method, "completed"),
        Err(VerifyCodeError::InvalidOrExpired { .. }) => challenge(method, "refused"),
        Err(VerifyCodeError::Exhausted { .. }) => challenge(method, "exhausted"),
        Err(VerifyCodeError::Store(_)) => {}
    }
}

fn challenge(method: Method, outcome: &'static str) {
    metrics::counter!("muster_challenges_total", "method" => method.as_str(), "outcome" => outcome).increment(1);
}

/// Counts a phone session that was opened.
pub(crate) fn session_issued() {
    session("issued");
}

/// Counts what came of a refresh token.
pub(crate) fn session_refreshed<T>(outcome: &Result<T, RefreshError>) {
    match outcome {
        Ok(_) => session("refreshed"),
        Err(RefreshError::Refused(RefusedReason::Replayed)) => session("replayed"),
        Err(RefreshError::Refused(RefusedReason::LatePacket)) => session("late"),
        Err(RefreshError::Refused(
            RefusedReason::Unknown | RefusedReason::Expired | RefusedReason::Revoked | RefusedReason::Deactivated,
        )) => session("refused"),
        Err(RefreshError::Signing(_) | RefreshError::Store(_)) => {}
    }
}

fn session(outcome: &'static str) {
    metrics::counter!("muster_sessions_total", "outcome" => outcome).increment(1);
}

/// Counts what came of an attempt to sign in with a break-glass account.
pub(crate) fn signed_in_by_break_glass<T>(outcome: &Result<T, SignInError>) {
    let outcome = match outcome {
        Ok(_) => "accepted",
        Err(SignInError::Refused) => "refused",
        Err(SignInError::TooManyAttempts { .. }) => "too_many",
        Err(SignInError::Password(PasswordError::Busy { .. })) => "busy",
        Err(SignInError::Password(PasswordError::Failed(_)) | SignInError::Signing(_) | SignInError::Store(_)) => {
            "failed"
        }
    };
    metrics::counter!("muster_break_glass_sign_ins_total", "outcome" => outcome).increment(1);
}

/// Counts and logs a token of the identity provider that was refused: the reason and nothing of the token.
pub(crate) fn token_refused(reason: TokenRefusal) {
    metrics::counter!("muster_tokens_refused_total", "reason" => reason.as_str()).increment(1);
    tracing::info!(reason = reason.as_str(), "a token is refused");
}

/// Logs a token that cannot be judged before the identity provider may be asked again.
pub(crate) fn token_deferred(retry_after: Duration) {
    let retry_after_seconds = retry_after.whole_seconds();
    tracing::info!(retry_after_seconds, "a token waits for the identity provider to be asked again");
}
