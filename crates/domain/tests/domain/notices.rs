//! What becomes of notices that wait: over which channels they go, and what when one cannot.

mod failures;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use muster_domain::UserId;
use muster_domain::audit::DirectoryFeed;
use muster_domain::device::{Platform, PushToken};
use muster_domain::directory::{DirectoryStore, RawRecord, UpdateOutcome, UserUpdate};
use muster_domain::notice::{Notice, NoticeContent, NoticeService};
use muster_domain::user::{EmailAddress, User};
use muster_domain::verification::{EmailSender, Masked, Message, Method, NotifyError, PushSender, Receipt};
use muster_testkit::Recipient;
use serde_json::{Value, json};
use time::Duration;
use tokio::sync::Barrier;

use crate::house::{House, raw, record};

const ADA: &str = "ada@example.com";
/// Longer than any attempt is put off.
const LATER: Duration = Duration::minutes(27);

fn service(house: &House) -> NoticeService {
    NoticeService {
        notices: Arc::new(house.store.clone()),
        profiles: Arc::new(house.store.clone()),
        devices: Arc::new(house.store.clone()),
        email: house.sender.clone(),
        sms: house.sender.clone(),
        push: house.sender.clone(),
        clock: house.clock.clone(),
        entropy: house.make.entropy.clone(),
    }
}

/// Has the directory say that about somebody.
async fn apply(house: &House, raw: RawRecord) -> User {
    let applied = house.directory.apply_record(&record(raw), DirectoryFeed::Scim, &house.origin).await.unwrap();
    house.profile(applied.user_id).await.user
}

/// Ada with a device, and those of her channels proven.
async fn ada(house: &House, proven: &[Method]) -> User {
    let ada = apply(house, raw(ADA)).await;
    house.device(&ada, "token").await;
    for method in proven {
        house.prove(&ada, *method).await;
    }
    ada
}

fn other_phone() -> RawRecord {
    RawRecord { phone: Some("+1 202-555-0199".to_owned()), ..raw(ADA) }
}

/// Makes notices wait.
async fn tell(house: &House, user_id: UserId, notices: Vec<Notice>) {
    let before = house.profile(user_id).await.user;
    let update = UserUpdate {
        expected_version: before.version,
        user: User { version: before.version + 1, ..before },
        lost_proofs: Vec::new(),
        deactivates: false,
        brake: None,
        duplicates: vec![],
        notices,
        at: house.now(),
    };
    assert_eq!(house.store.update_user(&update, &[]).await.unwrap(), UpdateOutcome::Updated);
}

/// Makes a notice wait for each of those channels.
async fn tell_over(house: &House, user: &User, channels: &[Method]) {
    let notices = channels.iter().map(|channel| house.make.notice(user.id, *channel)).collect();
    tell(house, user.id, notices).await;
}

/// Over which channels notices went so far, and about which contact.
fn told(house: &House) -> Vec<(Method, Method)> {
    let notices = house.sender.notices().into_iter();
    let told = notices.map(|(to, notice)| {
        let channel = match to {
            Recipient::Email(_) => Method::Email,
            Recipient::Sms(_) => Method::Sms,
            Recipient::Push(..) => Method::Push,
        };
        match notice.content {
            NoticeContent::ContactChanged { method, .. } => (channel, method),
            NoticeContent::BreakGlassUsed { .. } | NoticeContent::BreakGlassFlooded { .. } => {
                panic!("no glass was broken")
            }
        }
    });
    told.collect()
}

/// What came of each send, as the audit trail has it since `mark`.
fn outcomes_since(house: &House, mark: usize) -> Vec<Value> {
    let events = house.store.audit_trail().into_iter().skip(mark).filter(|event| event.action == "notice.sent");
    events.map(|event| event.details["delivery"]["outcome"].clone()).collect()
}

#[tokio::test]
async fn a_changed_contact_is_told_over_every_other_channel_that_is_proven() {
    for (proven, expected) in [
        (vec![Method::Email, Method::Sms, Method::Push], vec![Method::Email, Method::Push]),
        (vec![Method::Email, Method::Sms], vec![Method::Email]),
        (vec![Method::Sms, Method::Push], vec![Method::Push]),
        (vec![Method::Sms], vec![]),
    ] {
        let house = House::new();
        let ada = ada(&house, &proven).await;
        let changed_at = house.now();
        apply(&house, other_phone()).await;
        let mark = house.mark();
        house.clock.advance(Duration::SECOND);
        assert_eq!(service(&house).deliver_due().await.unwrap(), 2);

        let expected: Vec<_> = expected.into_iter().map(|channel| (channel, Method::Sms)).collect();
        assert_eq!(told(&house), expected, "{proven:?}");
        for (_, notice) in house.sender.notices() {
            let destination = Some(Masked::phone("+12025550199"));
            assert_eq!(notice.content, NoticeContent::ContactChanged { method: Method::Sms, destination });
            assert_eq!((notice.display_name, notice.at), (ada.display_name.clone(), changed_at));
        }
        assert_eq!(house.actions_since(mark), vec!["notice.sent"; expected.len()]);
        house.clock.advance(LATER);
        assert_eq!(service(&house).deliver_due().await.unwrap(), 0, "none is left");
    }
}

#[tokio::test]
async fn when_e_mail_and_phone_change_at_once_both_are_told_by_push_alone() {
    let house = House::new();
    let ada = ada(&house, &Method::ALL).await;
    let both = RawRecord { email: Some("eve@example.com".to_owned()), ..other_phone() };
    apply(&house, both).await;
    service(&house).deliver_due().await.unwrap();
    let mut told = told(&house);
    told.sort_unstable();
    assert_eq!(told, [(Method::Push, Method::Email), (Method::Push, Method::Sms)]);
    assert_eq!(house.last_event().subject, Some(ada.id));
}

#[tokio::test]
async fn what_is_proven_is_looked_at_when_a_notice_is_sent() {
    let house = House::new();
    ada(&house, &Method::ALL).await;
    apply(&house, other_phone()).await;
    apply(&house, RawRecord { email: Some("eve@example.com".to_owned()), ..other_phone() }).await;
    service(&house).deliver_due().await.unwrap();
    let channels: BTreeSet<Method> = told(&house).into_iter().map(|(channel, _)| channel).collect();
    assert_eq!(channels, [Method::Push].into(), "e-mail leads to somebody else now");
}

#[tokio::test]
async fn whoever_is_deactivated_is_told_nothing_any_more() {
    let house = House::new();
    ada(&house, &Method::ALL).await;
    apply(&house, other_phone()).await;
    apply(&house, RawRecord { active: Some(false), ..other_phone() }).await;
    let mark = house.mark();
    assert_eq!(service(&house).deliver_due().await.unwrap(), 2);
    assert_eq!((told(&house), house.mark()), (vec![], mark));
    apply(&house, other_phone()).await;
    house.clock.advance(LATER);
    assert_eq!(service(&house).deliver_due().await.unwrap(), 0, "they are not told when they are back either");
}

#[tokio::test]
async fn a_break_glass_account_that_was_used_is_told_to_an_admin_whose_e_mail_address_is_not_proven() {
    let house = House::new();
    let grace = house.insert(house.make.user("grace").admin()).await;
    let content = NoticeContent::BreakGlassUsed {
        account: "night-shift".to_owned(),
        ip: "203.0.113.7".parse().ok(),
        at: house.now(),
    };
    let notice = Notice { content: content.clone(), ..house.make.notice(grace.id, Method::Email) };
    tell(&house, grace.id, vec![notice]).await;
    service(&house).deliver_due().await.unwrap();
    let [(to, notice)] = house.sender.notices().try_into().unwrap();
    assert_eq!((to, notice.content), (Recipient::Email(grace.email.unwrap()), content));
    assert_eq!(house.last_event().details["notice"], "breakGlassUsed");
}

/// Answers only when as many sends as the barrier waits for are under way at once.
struct AllAtOnce(Barrier);

#[async_trait]
impl EmailSender for AllAtOnce {
    async fn send_email(&self, _: &EmailAddress, _: &Message) -> Result<Receipt, NotifyError> {
        self.0.wait().await;
        Ok(Receipt::default())
    }
}

#[async_trait]
impl PushSender for AllAtOnce {
    async fn send_push(&self, _: Platform, _: &PushToken, _: &Message) -> Result<Receipt, NotifyError> {
        self.0.wait().await;
        Ok(Receipt::default())
    }
}

#[tokio::test]
async fn a_slow_provider_holds_up_none_but_its_own() {
    let house = House::new();
    let ada = ada(&house, &Method::ALL).await;
    for token in ["second", "third"] {
        house.clock.advance(LATER);
        house.device(&ada, token).await;
        house.prove(&ada, Method::Push).await;
    }
    tell_over(&house, &ada, &[Method::Email, Method::Email, Method::Push, Method::Sms]).await;
    let slow = Arc::new(AllAtOnce(Barrier::new(2 + 3)));
    let service = NoticeService { email: slow.clone(), push: slow, ..service(&house) };
    let delivered = tokio::time::timeout(std::time::Duration::from_secs(10), service.deliver_due()).await;
    assert_eq!(delivered.expect("two letters and three devices at once").unwrap(), 4);
    assert_eq!(told(&house), [(Method::Sms, Method::Email)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_servers_at_once_send_each_notice_once() {
    let house = House::new();
    let mut waiting = BTreeSet::new();
    for number in 0..50 {
        let user = house.user(&format!("user{number}")).await;
        house.prove(&user, Method::Email).await;
        tell_over(&house, &user, &[Method::Email]).await;
        waiting.insert(user.email.unwrap().as_str().to_owned());
    }
    let mark = house.mark();
    let server = || {
        let service = service(&house);
        tokio::spawn(async move { while service.deliver_due().await.unwrap() > 0 {} })
    };
    let servers = [server(), server()];
    for server in servers {
        server.await.unwrap();
    }
    let notices = house.sender.notices();
    let reached: BTreeSet<String> = notices
        .iter()
        .map(|(to, _)| match to {
            Recipient::Email(address) => address.as_str().to_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!((notices.len(), reached), (50, waiting));
    assert_eq!(outcomes_since(&house, mark), vec![json!("accepted"); 50]);
}

#[tokio::test]
async fn whoever_proved_a_channel_after_the_change_is_not_warned_of_it() {
    let house = House::new();
    let ada = ada(&house, &[Method::Sms]).await;
    apply(&house, RawRecord { email: Some("new@example.com".to_owned()), ..raw(ADA) }).await;
    // The number is taken over before the warning goes out to the old one, and so is the phone.
    house.clock.advance(Duration::SECOND);
    apply(&house, RawRecord { email: Some("new@example.com".to_owned()), ..other_phone() }).await;
    house.clock.advance(Duration::MINUTE);
    house.prove(&ada, Method::Sms).await;
    house.prove(&ada, Method::Push).await;
    let sent = house.sender.sent().len();
    service(&house).deliver_due().await.unwrap();
    assert_eq!(house.sender.sent().len(), sent);
}
