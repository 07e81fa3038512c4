use std::sync::Arc;

use muster_domain::Clock;
use muster_domain::audit::Origin;
use muster_domain::directory::DirectoryStore;
use muster_domain::user::EmailAddress;
use muster_domain::verification::{
    ChannelSet, Code, Delivery, EmailSender, Method, NotifyError, SendLimits, VerificationService,
};
use muster_notify::Verdict;
use muster_notify_ses::{SesSender, SesSettings};
use muster_testkit::{Builders, FixedClock, MemoryStore, RecordingSender};
use muster_testkit_providers::Moto;

use super::{ada, message, moto, notice, sender, settings};

fn service(store: &MemoryStore, make: &Builders, email: Arc<SesSender>) -> VerificationService {
    VerificationService {
        profiles: Arc::new(store.clone()),
        store: Arc::new(store.clone()),
        devices: Arc::new(store.clone()),
        fingerprinter: Arc::new(make.hasher),
        hasher: Arc::new(make.hasher),
        email,
        sms: Arc::new(RecordingSender::default()),
        push: Arc::new(RecordingSender::default()),
        channels: ChannelSet::default(),
        limits: SendLimits::default(),
        clock: make.clock.clone(),
        entropy: make.entropy.clone(),
    }
}

/// The six digits in a text, when they stand alone there.
fn code_in(text: &str) -> Code {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.find_map(|word| Code::parse(word).ok()).unwrap()
}

#[tokio::test]
async fn code_that_ses_was_given_proves_the_address() {
    let (moto, region) = (moto().await, "eu-west-1");
    moto.verify(region, "muster@example.com").await;
    let (store, make) = (MemoryStore::new(), Builders::default());
    let grace = make.user("grace").build();
    store.insert_user(&grace, &make.event("test.user.created", Some(grace.id))).await.unwrap();
    let service = service(&store, &make, sender(&settings(&moto.url(), region)).await);
    let origin = Origin::system("test");

    let sent = service.send_code(grace.id, Method::Email, None, &origin).await.unwrap();
    let Delivery::Accepted { provider_message_id: Some(id) } = sent.delivery else { panic!("{sent:?}") };
    assert!(sent.captured_code.is_none());

    let messages = moto.messages().await;
    let kept = messages.iter().find(|kept| kept.id == id).unwrap();
    assert_eq!(kept.to, ["grace@example.com"]);
    let code = code_in(&kept.body);
    assert!(kept.subject.starts_with(code.expose()), "{}", kept.subject);

    let verified = service.verify_code(grace.id, Method::Email, &code, &origin).await.unwrap();
    assert_eq!(verified.method, Method::Email);
    assert!(verified.status.email.verified_at.is_some());
}

#[tokio::test]
async fn message_arrives_as_it_was_written() {
    let (moto, region) = (moto().await, "eu-west-2");
    moto.verify(region, "example.com").await;
    let sender = sender(&SesSettings {
        from: "Muster für alle <muster@example.com>".to_owned(),
        configuration_set: Some("on-call".to_owned()),
        ..settings(&moto.url(), region)
    })
    .await;
    let to = EmailAddress::parse("zoë@bücher.example").unwrap();

    let receipt = sender.send_email(&to, &message()).await.unwrap();
    assert!(!receipt.captured);

    let messages = moto.messages().await;
    let kept = messages.iter().find(|kept| Some(&kept.id) == receipt.provider_message_id.as_ref()).unwrap();
    assert_eq!(kept.source, "=?UTF-8?B?TXVzdGVyIGbDvHIgYWxsZQ==?= <muster@example.com>");
    assert_eq!(kept.to, ["zoë@xn--bcher-kva.example"]);
    assert_eq!(kept.subject, "042917 is your Muster code");
    assert!(kept.body.contains(">042917</p>") && kept.body.contains("Ada Lovelace"), "{}", kept.body);

    let requests = moto.requests_to_send();
    let request = requests.iter().find(|form| form["Destination.ToAddresses.member.1"] == kept.to[0]).unwrap();
    assert_eq!(request["ConfigurationSetName"], "on-call");
    assert_eq!(request["Message.Body.Html.Data"], kept.body);
    assert_eq!(request["Message.Body.Html.Charset"], "UTF-8");
    assert_eq!(request["Message.Body.Text.Charset"], "UTF-8");
    assert_eq!(request["Message.Subject.Charset"], "UTF-8");
    assert_eq!(code_in(&request["Message.Body.Text.Data"]).expose(), "042917");
}

#[tokio::test]
async fn notice_arrives_as_it_was_written() {
    let (moto, region) = (moto().await, "eu-south-1");
    moto.verify(region, "muster@example.com").await;
    let receipt = sender(&settings(&moto.url(), region)).await.send_email(&ada(), &notice()).await.unwrap();

    let messages = moto.messages().await;
    let kept = messages.iter().find(|kept| Some(&kept.id) == receipt.provider_message_id.as_ref()).unwrap();
    assert_eq!(kept.to, [ada().as_str()]);
    assert_eq!(kept.subject, "Your phone number in Muster was changed");
    for told in ["<bdi>Ada Lovelace</bdi>", "<bdi>***0143</bdi>", "Muster at muster.example.com"] {
        assert!(kept.body.contains(told), "{told} is not in {}", kept.body);
    }
    let requests = moto.requests_to_send();
    let request = requests.iter().find(|form| form["Message.Subject.Data"] == kept.subject).unwrap();
    assert!(request["Message.Body.Text.Data"].contains("Prove the new phone number in Muster"), "{request:?}");
}

#[tokio::test]
async fn sender_that_nobody_verified_is_the_operators_to_mend() {
    let moto = moto().await;
    let sender = sender(&settings(&moto.url(), "eu-west-3")).await;
    let Err(NotifyError::Unavailable(cause)) = sender.send_email(&ada(), &message()).await else {
        panic!("the sender is not verified");
    };
    assert_eq!(cause.to_string(), "it answered 400 (MessageRejected)");
}

#[tokio::test]
async fn key_that_aws_does_not_know_is_the_operators_to_mend() {
    let (moto, region) = (Moto::start().await, "eu-north-1");
    moto.verify(region, "muster@example.com").await;
    moto.refuse_credentials().await;
    let sender = sender(&settings(&moto.url(), region)).await;

    let Err(NotifyError::Unavailable(cause)) = sender.send_email(&ada(), &message()).await else {
        panic!("the key is nobody's");
    };
    // moto wraps its code in another element than SES does, so the status is all that can be read.
    assert_eq!(cause.to_string(), "it answered 403");
    assert!(moto.messages().await.is_empty());

    let findings = sender.check(FixedClock::default().now()).await;
    let credentials = findings.iter().find(|finding| finding.check == "credentials").unwrap();
    assert_eq!(credentials.verdict, Verdict::Bad);
    assert!(credentials.detail.contains("it answered 403"), "{credentials:?}");
}
