use std::sync::Arc;

use muster_domain::audit::Origin;
use muster_domain::directory::DirectoryStore;
use muster_domain::user::Phone;
use muster_domain::verification::{ChannelSet, Code, Delivery, Method, SendLimits, VerificationService};
use muster_testkit::{Builders, MemoryStore, RecordingSender};
use muster_testkit_providers::Recorder;

use crate::common::{TO, sender, twilio_by_prism};

#[tokio::test]
async fn a_code_that_twilio_was_given_proves_the_number() {
    let recorder = Recorder::before(twilio_by_prism().await.port).await;
    let make = Builders::default();
    let store = MemoryStore::new();
    let user = make.user("ada").phone(Some(Phone::from_stored(TO, true))).build();
    store.insert_user(&user, &make.event("test.user.created", Some(user.id))).await.unwrap();
    let others = Arc::new(RecordingSender::default());
    let service = VerificationService {
        profiles: Arc::new(store.clone()),
        store: Arc::new(store.clone()),
        devices: Arc::new(store.clone()),
        fingerprinter: Arc::new(make.hasher),
        hasher: Arc::new(make.hasher),
        email: others.clone(),
        sms: Arc::new(sender(&recorder.url)),
        push: others,
        channels: ChannelSet::default(),
        limits: SendLimits::default(),
        clock: make.clock.clone(),
        entropy: make.entropy.clone(),
    };
    let origin = Origin::system("test");

    let sent = service.send_code(user.id, Method::Sms, None, &origin).await.unwrap();
    let accepted = Delivery::Accepted { provider_message_id: Some("SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned()) };
    assert_eq!(sent.delivery, accepted);
    assert_eq!(store.delivery(sent.id), Some(accepted));

    let [exchange] = recorder.exchanges().try_into().unwrap();
    let form = url::form_urlencoded::parse(exchange.request.body.as_bytes());
    let text = form.into_owned().find_map(|(name, value)| (name == "Body").then_some(value)).unwrap();
    let code = Code::parse(text.rsplit_once('#').unwrap().1).unwrap();
    assert!(text.starts_with(code.expose()));

    let verified = service.verify_code(user.id, Method::Sms, &code, &origin).await.unwrap();
    assert_eq!(verified.method, Method::Sms);
    assert_eq!(verified.status.sms.verified_at, Some(make.now()));
}
