use muster_domain::verification::{NotifyError, Receipt, SmsSender};
use muster_testkit_providers::{Fault, FaultServer};
use rstest::rstest;
use serde_json::{Value, json};

use crate::common::{MESSAGE, assert_silent, document, examples, message, number, sender};

const MESSAGES: &str = "/2010-04-01/Accounts/{AccountSid}/Messages.json";

async fn send_and_reply(status: u16, reply: impl Into<String>) -> (Result<Receipt, NotifyError>, usize) {
    let server = FaultServer::start([Fault::json(status, reply)]).await;
    let result = sender(&server.url).send_sms(&number(), &message()).await;
    (result, server.connections())
}

fn reply(status: impl Into<Value>, error_code: impl Into<Value>) -> String {
    let mut reply = examples(MESSAGES, "post", "201").swap_remove(0).1;
    reply["sid"] = MESSAGE.into();
    reply["status"] = status.into();
    reply["error_code"] = error_code.into();
    reply.to_string()
}

#[tokio::test]
async fn every_documented_reply_is_a_receipt_with_its_sid() {
    let examples = examples(MESSAGES, "post", "201");
    assert_eq!(examples.len(), 7);
    for (name, example) in examples {
        let (result, connections) = send_and_reply(201, example.to_string()).await;
        assert_eq!(result.unwrap().provider_message_id.as_deref(), example["sid"].as_str(), "{name}");
        assert_eq!(connections, 1, "{name}");
    }
}

#[tokio::test]
async fn every_documented_status_but_three_is_a_success() {
    let statuses = document()["components"]["schemas"]["message_enum_status"]["enum"].take();
    let statuses = statuses.as_array().unwrap();
    assert_eq!(statuses.len(), 13);
    for status in statuses {
        let (result, connections) = send_and_reply(201, reply(status.clone(), Value::Null)).await;
        assert_eq!(connections, 1, "{status}");
        if ["failed", "undelivered", "canceled"].contains(&status.as_str().unwrap()) {
            assert!(matches!(result, Err(NotifyError::Rejected(_))), "{status}: {result:?}");
        } else {
            assert_eq!(result.unwrap().provider_message_id.as_deref(), Some(MESSAGE), "{status}");
        }
    }
}

#[tokio::test]
async fn a_status_that_is_not_known_yet_is_a_success() {
    let (result, _) = send_and_reply(201, reply("teleported", Value::Null)).await;
    assert_eq!(result.unwrap().provider_message_id.as_deref(), Some(MESSAGE));
}

#[rstest]
#[case::failed_for_its_recipient("failed", 30005, "rejected")]
#[case::undelivered_for_no_known_reason("undelivered", 30008, "rejected")]
#[case::canceled_with_a_code_that_is_not_known("canceled", 39999, "rejected")]
#[case::failed_as_the_account_is_suspended("failed", 30002, "unavailable")]
#[case::failed_as_a_queue_is_full("failed", 30001, "throttled")]
#[tokio::test]
async fn a_message_that_was_taken_and_failed_is_told_by_its_code(
    #[case] status: &str,
    #[case] code: u32,
    #[case] expected: &str,
) {
    let (result, _) = send_and_reply(201, reply(status, code)).await;
    let error = result.unwrap_err();
    assert_silent(&error);
    let outcome = match error {
        NotifyError::Rejected(_) => "rejected",
        NotifyError::Unavailable(_) => "unavailable",
        NotifyError::Throttled { .. } => "throttled",
        NotifyError::Gone { .. } | NotifyError::TimedOut => "another",
    };
    assert_eq!(outcome, expected);
}

#[rstest]
#[case::empty(String::new())]
#[case::html("<html>+12025550147 042917</html>".to_owned())]
#[case::another_resource(json!({"status": "active", "friendly_name": "+12025550147"}).to_string())]
#[case::no_sid(json!({"sid": null, "status": "queued"}).to_string())]
#[case::a_sid_that_is_none(json!({"sid": "+12025550147", "status": "queued"}).to_string())]
#[case::no_status(json!({"sid": MESSAGE}).to_string())]
#[case::a_list(json!([MESSAGE]).to_string())]
#[tokio::test]
async fn a_success_that_cannot_be_read_is_a_failure_and_not_sent_again(#[case] body: String) {
    for status in [200, 201] {
        let (result, connections) = send_and_reply(status, body.clone()).await;
        let error = result.unwrap_err();
        assert!(matches!(error, NotifyError::Unavailable(_)), "{error:?}");
        assert_silent(&error);
        assert_eq!(connections, 1);
    }
}
