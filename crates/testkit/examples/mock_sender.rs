//! A tester swaps a mockall mock for the e-mail sender and keeps the testkit's fakes for all the rest:
//! `cargo test -p muster-testkit --test mock_sender`.
//!
//! The mocks are behind the feature `mock` of `muster-domain`.

use std::sync::Arc;

use muster_domain::audit::Origin;
use muster_domain::directory::DirectoryStore;
use muster_domain::verification::{
    ChannelSet, Delivery, Message, Method, MockEmailSender, NotifyError, SendLimits, VerificationService,
};
use muster_testkit::{Builders, MemoryStore, RecordingSender};

/// The service over `store`, with `email` as its only sender that matters.
fn service(store: &MemoryStore, email: MockEmailSender, make: &Builders) -> VerificationService {
    VerificationService {
        profiles: Arc::new(store.clone()),
        store: Arc::new(store.clone()),
        devices: Arc::new(store.clone()),
        fingerprinter: Arc::new(make.hasher),
        hasher: Arc::new(make.hasher),
        email: Arc::new(email),
        sms: Arc::new(RecordingSender::default()),
        push: Arc::new(RecordingSender::default()),
        channels: ChannelSet::ALL,
        limits: SendLimits::default(),
        clock: make.clock.clone(),
        entropy: make.entropy.clone(),
    }
}

#[tokio::test]
async fn a_provider_that_is_down_leaves_the_challenge_and_says_so() {
    let (store, make) = (MemoryStore::new(), Builders::default());
    let ada = make.user("ada").build();
    store.insert_user(&ada, &make.event("test.user.created", Some(ada.id))).await.unwrap();
    let address = ada.email.clone().unwrap();
    let mut email = MockEmailSender::new();
    email
        .expect_send_email()
        .withf(move |to, message| {
            *to == address && matches!(message, Message::Code(code) if code.display_name == "ada Example")
        })
        .once()
        .returning(|_, _| Err(NotifyError::Unavailable("no route to the provider".into())));

    let service = service(&store, email, &make);
    let sent = service.send_code(ada.id, Method::Email, None, &Origin::system("test")).await.unwrap();

    assert_eq!(sent.delivery, Delivery::Unavailable);
    assert!(matches!(sent.failure, Some(NotifyError::Unavailable(_))));
    assert_eq!(store.delivery(sent.id), Some(Delivery::Unavailable));
    assert!(sent.captured_code.is_none());
}

#[tokio::test]
async fn nobody_is_written_to_who_has_no_address() {
    let (store, make) = (MemoryStore::new(), Builders::default());
    let ada = make.user("ada").email(None).build();
    store.insert_user(&ada, &make.event("test.user.created", Some(ada.id))).await.unwrap();
    let mut email = MockEmailSender::new();
    email.expect_send_email().never();

    let refused = service(&store, email, &make).send_code(ada.id, Method::Email, None, &Origin::system("test")).await;
    assert_eq!(refused.unwrap_err().to_string(), "there is no email destination on file");
}
