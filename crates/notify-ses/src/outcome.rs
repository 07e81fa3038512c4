use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ses::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use hyper_util::client::legacy::Error as HttpError;
use muster_notify::{AttemptError, Cause, Refusal, transport};

/// What SES says when too much is sent, by the second or by the day.
const THROTTLING: [&str; 5] =
    ["Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "LimitExceededException"];
/// What SES says when it will not take this message. Whatever else it refuses, it will refuse to everybody until an
/// operator mends something.
const ABOUT_THE_MESSAGE: [&str; 2] = ["MessageRejected", "InvalidParameterValue"];

/// What came of an attempt that did not end well. `sender` is the address that messages are from.
pub(crate) fn attempt_error<E>(error: SdkError<E, HttpResponse>, sender: &str) -> AttemptError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let Some(response) = error.raw_response() else {
        return without_answer(error);
    };
    let meta = error.as_service_error().map(ProvideErrorMetadata::meta);
    let code = meta.and_then(|meta| meta.code()).filter(|code| is_code(code)).map(str::to_owned);
    let text = meta.and_then(|meta| meta.message()).unwrap_or_default();
    let retry_after = response
        .headers()
        .get("retry-after")
        .and_then(|text| transport::retry_after(text, response.headers().get("date")));
    let code_is_one_of = |codes: &[&str]| code.as_deref().is_some_and(|code| codes.contains(&code));
    let status = response.status().as_u16();
    let throttled = status == 429 || code_is_one_of(&THROTTLING);
    let about_the_message = status == 400 && code_is_one_of(&ABOUT_THE_MESSAGE) && !blames_the_operator(text, sender);
    let cause = Box::new(Refusal { status, code });
    if throttled {
        AttemptError::Throttled { retry_after }
    } else if status == 503 {
        AttemptError::NotAccepted { cause, retry_after }
    } else if about_the_message {
        AttemptError::Rejected(cause)
    } else {
        AttemptError::Failed(cause)
    }
}

/// Nothing was answered: what matters is whether anything was sent.
fn without_answer<E>(error: SdkError<E, HttpResponse>) -> AttemptError
where
    E: Error + Send + Sync + 'static,
{
    let no_connection = source::<HttpError>(&error).is_some_and(HttpError::is_connect);
    let may_be_tried_again = match source::<CredentialsError>(&error) {
        // Nobody has any, or whoever has them is not set up: that stays so.
        Some(CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_)) => false,
        Some(_) => true,
        None => no_connection,
    };
    let cause = error.into_source().unwrap_or_else(Cause::from);
    if may_be_tried_again { AttemptError::not_accepted(cause) } else { AttemptError::Failed(cause) }
}

/// Whether a rejection is about the sender or the account, and not about this message. In the sandbox SES names the
/// addresses that are not verified, which may be the recipient's alone. The text is read here and goes no further.
fn blames_the_operator(text: &str, sender: &str) -> bool {
    let names_the_sender = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '<' | '>' | '"' | '\''))
        .any(|word| word.trim_end_matches('.').eq_ignore_ascii_case(sender));
    names_the_sender || text.to_ascii_lowercase().contains("for this account")
}

/// Whether it can be one of SES's codes, so that nothing else of an answer gets into a log.
fn is_code(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
}

/// The first of `E` among an error and its sources.
fn source<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_sdk_ses::error::ErrorMetadata;
    use aws_sdk_ses::operation::send_email::SendEmailError;
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;
    use muster_notify::Refusal;
    use rstest::rstest;

    use super::*;

    const SENDER: &str = "muster@example.com";

    fn answered(status: u16, code: &str, text: &str, header: Option<(&'static str, &'static str)>) -> AttemptError {
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        let meta = ErrorMetadata::builder().code(code).message(text).build();
        attempt_error(SdkError::service_error(SendEmailError::generic(meta), response), SENDER)
    }

    fn kind(error: &AttemptError) -> &'static str {
        match error {
            AttemptError::Rejected(_) => "rejected",
            AttemptError::Gone { .. } => "gone",
            AttemptError::Throttled { .. } => "throttled",
            AttemptError::NotAccepted { .. } => "not accepted",
            AttemptError::Failed(_) => "failed",
        }
    }

    #[rstest]
    #[case::sending_rate(400, "Throttling", "Maximum sending rate exceeded.", "throttled")]
    #[case::daily_quota(400, "Throttling", "Daily message quota exceeded.", "throttled")]
    #[case::by_status(429, "", "", "throttled")]
    #[case::too_many(400, "TooManyRequestsException", "", "throttled")]
    #[case::down(503, "ServiceUnavailable", "", "not accepted")]
    #[case::internal(500, "InternalFailure", "", "failed")]
    #[case::gateway(504, "", "", "failed")]
    #[case::unknown_key(
        403,
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
        "failed"
    )]
    #[case::wrong_secret(403, "SignatureDoesNotMatch", "", "failed")]
    #[case::expired_token(403, "ExpiredToken", "", "failed")]
    #[case::no_permission(403, "AccessDenied", "", "failed")]
    #[case::clock(400, "RequestExpired", "", "failed")]
    #[case::account_paused(400, "AccountSendingPausedException", "", "failed")]
    #[case::set_paused(400, "ConfigurationSetSendingPausedException", "", "failed")]
    #[case::no_set(400, "ConfigurationSetDoesNotExist", "", "failed")]
    #[case::mail_from(400, "MailFromDomainNotVerifiedException", "", "failed")]
    #[case::suspended(400, "MessageRejected", "Sending suspended for this account.", "failed")]
    #[case::unverified_sender(
        400,
        "MessageRejected",
        "Email address is not verified. The following identities failed the check in region EU-WEST-1: \
         ada@example.org, Muster <Muster@example.com>",
        "failed"
    )]
    #[case::sandbox(
        400,
        "MessageRejected",
        "Email address is not verified. The following identities failed the check in region EU-WEST-1: \
         not-muster@example.com",
        "rejected"
    )]
    #[case::blacklisted(400, "MessageRejected", "Address blacklisted.", "rejected")]
    #[case::no_such_domain(400, "InvalidParameterValue", "Domain contains illegal character", "rejected")]
    #[case::unknown(400, "SomethingNew", "", "failed")]
    #[case::not_found(404, "", "", "failed")]
    #[case::unreadable_success(200, "", "", "failed")]
    fn refusal_is_told_by_status_and_code(
        #[case] status: u16,
        #[case] code: &str,
        #[case] text: &str,
        #[case] expected: &str,
    ) {
        let error = answered(status, code, text, None);
        assert_eq!(kind(&error), expected, "{error:?}");
        let shown = format!("{error:?} {:?}", error.source().map(ToString::to_string));
        assert!(text.is_empty() || !shown.contains(text), "{shown}");
        assert!(!shown.contains('@'), "{shown}");
    }

    #[test]
    fn how_long_to_wait_is_passed_on() {
        let wait = |status| match answered(status, "", "", Some(("retry-after", "7"))) {
            AttemptError::Throttled { retry_after } | AttemptError::NotAccepted { retry_after, .. } => retry_after,
            other => panic!("{other:?}"),
        };
        assert_eq!(wait(429), Some(Duration::from_secs(7)));
        assert_eq!(wait(503), Some(Duration::from_secs(7)));
    }

    #[rstest]
    #[case("no ada@example.com here")]
    #[case("042917")]
    #[case("")]
    fn what_is_no_code_is_not_kept(#[case] code: &str) {
        let error = answered(400, code, "", None);
        let refusal = error.source().unwrap().downcast_ref::<Refusal>().unwrap();
        assert_eq!(*refusal, Refusal { status: 400, code: None });
    }

    #[rstest]
    #[case(CredentialsError::not_loaded("no provider has any"), "failed")]
    #[case(CredentialsError::invalid_configuration("a profile that names itself"), "failed")]
    #[case(CredentialsError::provider_error("the instance's metadata service answered 500"), "not accepted")]
    #[case(CredentialsError::provider_timed_out(Duration::from_secs(1)), "not accepted")]
    fn missing_credentials_are_tried_again_where_they_may_come(
        #[case] credentials: CredentialsError,
        #[case] expected: &str,
    ) {
        let error = ConnectorError::other(credentials.into(), None);
        assert_eq!(kind(&attempt_error(SdkError::<SendEmailError, _>::dispatch_failure(error), SENDER)), expected);
    }

    #[rstest]
    #[case::timeout(SdkError::timeout_error("late"))]
    #[case::connector_timeout(SdkError::dispatch_failure(ConnectorError::timeout("late".into())))]
    #[case::connector_io(SdkError::dispatch_failure(ConnectorError::io("reset".into())))]
    #[case::construction(SdkError::construction_failure("no endpoint"))]
    #[case::half_an_answer(SdkError::response_error(
        "cut off",
        HttpResponse::new(200.try_into().unwrap(), SdkBody::empty())
    ))]
    fn what_may_have_been_sent_is_never_tried_again(#[case] error: SdkError<SendEmailError, HttpResponse>) {
        assert_eq!(kind(&attempt_error(error, SENDER)), "failed");
    }
}
