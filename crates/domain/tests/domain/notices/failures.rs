//! What comes of a notice that does not go out at once.

use std::sync::Arc;

use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::device::{Platform, PushToken};
use muster_domain::notice::{Due, Notice, NoticeService, NoticeStore};
use muster_domain::verification::{Message, Method, NotifyError, PushSender, Receipt};
use muster_domain::{NoticeId, StoreError};
use muster_testkit::{Answer, MemoryStore, RecordingSender};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{LATER, ada, outcomes_since, service, tell, tell_over, told};
use crate::house::House;

#[tokio::test]
async fn what_came_of_a_notice_is_on_the_audit_trail() {
    for (answer, delivery, success) in [
        (Answer::Accept, json!({ "outcome": "accepted", "providerMessageId": "fake-3" }), true),
        (Answer::Capture, json!({ "outcome": "captured" }), true),
        (Answer::Reject, json!({ "outcome": "rejected" }), false),
    ] {
        let house = House::new();
        let ada = ada(&house, &[Method::Sms, Method::Push]).await;
        tell_over(&house, &ada, &[Method::Sms]).await;
        house.sender.answer_with(answer);
        service(&house).deliver_due().await.unwrap();
        let event = house.last_event();
        assert_eq!((event.action.as_str(), event.at, event.subject), ("notice.sent", house.now(), Some(ada.id)));
        let details = json!({
            "notice": "contactChanged", "channel": "sms", "sendSuccess": success, "delivery": delivery,
        });
        assert_eq!(event.details, details);
        house.clock.advance(LATER);
        assert_eq!(service(&house).deliver_due().await.unwrap(), 0, "{answer:?} is final");
    }
}

#[tokio::test]
async fn a_notice_that_cannot_go_out_now_is_tried_six_times_ever_later() {
    for (answer, outcome) in
        [(Answer::Throttle, "throttled"), (Answer::Unavailable, "unavailable"), (Answer::TimeOut, "timedOut")]
    {
        let house = House::new();
        let ada = ada(&house, &[Method::Email]).await;
        tell_over(&house, &ada, &[Method::Email]).await;
        house.sender.answer_with(answer);
        let (service, mark) = (service(&house), house.mark());
        assert_eq!(service.deliver_due().await.unwrap(), 1);
        for minutes in [1, 3, 9, 27, 27] {
            house.clock.advance(Duration::minutes(minutes) - Duration::SECOND);
            assert_eq!(service.deliver_due().await.unwrap(), 0, "{minutes}");
            assert_eq!(house.mark(), mark, "nothing is noted before it is final");
            house.clock.advance(Duration::SECOND);
            assert_eq!(service.deliver_due().await.unwrap(), 1, "{minutes}");
        }
        assert_eq!((told(&house).len(), outcomes_since(&house, mark)), (6, vec![json!(outcome)]));
        house.clock.advance(LATER);
        assert_eq!(service.deliver_due().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn an_attempt_that_fares_better_is_the_last() {
    let house = House::new();
    let ada = ada(&house, &[Method::Email]).await;
    tell_over(&house, &ada, &[Method::Email]).await;
    let (service, mark) = (service(&house), house.mark());
    house.sender.answer_with(Answer::Unavailable);
    service.deliver_due().await.unwrap();
    house.sender.answer_with(Answer::Accept);
    house.clock.advance(Duration::MINUTE);
    service.deliver_due().await.unwrap();
    assert_eq!((told(&house).len(), outcomes_since(&house, mark)), (2, vec![json!("accepted")]));
}

/// Answers for each device by its token.
struct ByToken {
    sender: Arc<RecordingSender>,
    answers: Vec<(&'static str, Answer)>,
}

#[async_trait]
impl PushSender for ByToken {
    async fn send_push(&self, platform: Platform, to: &PushToken, message: &Message) -> Result<Receipt, NotifyError> {
        let answer = self.answers.iter().find(|(token, _)| *token == to.expose()).unwrap().1;
        self.sender.answer_with(answer);
        self.sender.send_push(platform, to, message).await
    }
}

/// What comes of a notice to two devices, one of which is told again whether it is worth it; and who is left.
async fn to_two_devices(first: Answer, second: Answer) -> (Vec<Value>, usize, Vec<String>) {
    let house = House::new();
    let ada = house.user("ada").await;
    for token in ["first", "second"] {
        house.device(&ada, token).await;
        house.prove(&ada, Method::Push).await;
        house.clock.advance(LATER);
    }
    house.device(&ada, "unproven").await;
    tell_over(&house, &ada, &[Method::Push]).await;
    let mark = house.mark();
    let answers = vec![("first", first), ("second", second)];
    let push = Arc::new(ByToken { sender: house.sender.clone(), answers });
    let service = NoticeService { push, ..service(&house) };
    assert_eq!(service.deliver_due().await.unwrap(), 1);
    house.clock.advance(LATER);
    let again = service.deliver_due().await.unwrap();
    let left = house.devices.list(ada.id).await.unwrap();
    let left = left.into_iter().map(|device| device.token.expose().to_owned()).collect();
    (outcomes_since(&house, mark), again, left)
}

#[tokio::test]
async fn every_proven_device_is_told_and_one_that_was_reached_is_enough() {
    let all = ["first", "second", "unproven"];
    for (second, outcome) in
        [(Answer::Accept, "accepted"), (Answer::Reject, "rejected"), (Answer::Unavailable, "unavailable")]
    {
        let (outcomes, again, left) = to_two_devices(Answer::Accept, second).await;
        assert_eq!((outcomes, again), (vec![json!("accepted"), json!(outcome)], 0));
        assert_eq!(left, all);
    }
    let (outcomes, again, left) = to_two_devices(Answer::Reject, Answer::TimeOut).await;
    assert_eq!((outcomes, again), (vec![], 1), "the second may be reached yet");
    assert_eq!(left, all);
}

#[tokio::test]
async fn a_device_that_is_gone_is_removed_and_the_others_are_told() {
    let (outcomes, again, left) = to_two_devices(Answer::Gone, Answer::Accept).await;
    assert_eq!((outcomes, again), (vec![json!("gone"), json!("accepted")], 0));
    assert_eq!(left, ["second", "unproven"]);
    let (outcomes, again, left) = to_two_devices(Answer::Gone, Answer::Unavailable).await;
    assert_eq!((outcomes, again), (vec![], 1), "the second may be reached yet");
    assert_eq!(left, ["second", "unproven"]);
}

#[tokio::test]
async fn the_only_device_that_is_gone_is_removed_with_its_proof() {
    let house = House::new();
    let ada = ada(&house, &[Method::Push]).await;
    let [device] = house.devices.list(ada.id).await.unwrap().try_into().unwrap();
    tell_over(&house, &ada, &[Method::Push]).await;
    let mark = house.mark();
    house.sender.answer_with(Answer::Gone);
    service(&house).deliver_due().await.unwrap();
    assert_eq!(house.actions_since(mark), ["notice.sent", "device.expired"]);
    assert_eq!(house.last_event().details, json!({ "deviceId": device.id, "platform": "android" }));
    let status = house.status(ada.id).await;
    assert_eq!((status.push.verified_at, status.device_count), (None, 0));
}

/// A store that does not note the end of one notice.
struct FailsFor(MemoryStore, NoticeId);

#[async_trait]
impl NoticeStore for FailsFor {
    async fn claim(&self, due: Due) -> Result<Vec<Notice>, StoreError> {
        self.0.claim(due).await
    }

    async fn finish(&self, id: NoticeId, events: &[AuditEvent]) -> Result<(), StoreError> {
        if id == self.1 { Err(StoreError::Unavailable("told to".into())) } else { self.0.finish(id, events).await }
    }

    async fn postpone(&self, id: NoticeId, at: OffsetDateTime) -> Result<(), StoreError> {
        self.0.postpone(id, at).await
    }
}

#[tokio::test]
async fn a_notice_whose_end_was_not_noted_is_sent_again_after_a_minute_and_holds_up_no_other() {
    let house = House::new();
    let ada = ada(&house, &[Method::Email, Method::Sms]).await;
    let notices = [Method::Email, Method::Sms].map(|channel| house.make.notice(ada.id, channel));
    tell(&house, ada.id, notices.to_vec()).await;
    let mark = house.mark();
    let failing = Arc::new(FailsFor(house.store.clone(), notices[0].id));
    let failing = NoticeService { notices: failing, ..service(&house) };
    assert!(failing.deliver_due().await.is_err());
    assert_eq!(told(&house), [(Method::Email, Method::Email), (Method::Sms, Method::Email)]);
    assert_eq!(outcomes_since(&house, mark), [json!("accepted")]);

    house.clock.advance(Duration::MINUTE - Duration::SECOND);
    assert_eq!(service(&house).deliver_due().await.unwrap(), 0);
    house.clock.advance(Duration::SECOND);
    assert_eq!(service(&house).deliver_due().await.unwrap(), 1);
    assert_eq!((told(&house).len(), outcomes_since(&house, mark).len()), (3, 2));
}

#[tokio::test]
async fn a_store_that_is_gone_loses_nothing() {
    let house = House::new();
    let ada = ada(&house, &[Method::Email]).await;
    tell_over(&house, &ada, &[Method::Email]).await;
    house.store.set_unavailable(true);
    assert!(service(&house).deliver_due().await.is_err());
    house.store.set_unavailable(false);
    assert_eq!(service(&house).deliver_due().await.unwrap(), 1);
    assert_eq!(told(&house).len(), 1);
}
