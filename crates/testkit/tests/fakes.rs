//! The fakes do what tests take them to do.
#![expect(clippy::unwrap_used, reason = "what only tests call fails by panicking")]

use muster_domain::break_glass::{Lane, Password, PasswordError, PasswordHash, PasswordHasher};
use muster_domain::notice::{NoticeContent, NoticeMessage};
use muster_domain::user::EmailAddress;
use muster_domain::verification::{Code, CodeMessage, EmailSender, Message, Method};
use muster_testkit::{Builders, FakePasswordHasher, Recipient, RecordingSender};
use time::Duration;

fn typed(text: &str) -> Password {
    Password::typed(text.to_owned()).unwrap()
}

async fn checked(
    hasher: &FakePasswordHasher,
    password: &Password,
    hash: Option<PasswordHash>,
) -> Result<bool, PasswordError> {
    hasher.turn(Lane::Common).await?.is_password(password, hash).await
}

#[tokio::test]
async fn a_fake_password_hash_is_of_one_password_and_different_each_time() {
    let hasher = FakePasswordHasher::default();
    let (first, second) =
        (hasher.hash_password(&typed("a")).await.unwrap(), hasher.hash_password(&typed("a")).await.unwrap());
    assert_ne!(first, second);
    for hash in [first, second] {
        assert!(checked(&hasher, &typed("a"), Some(hash.clone())).await.unwrap());
        assert!(!checked(&hasher, &typed("b"), Some(hash)).await.unwrap());
    }
    assert!(!checked(&hasher, &typed("a"), None).await.unwrap());
    assert_eq!((hasher.hashed(), hasher.checked()), (2, 5));
}

#[tokio::test]
async fn a_busy_fake_hashes_and_checks_nothing() {
    let hasher = FakePasswordHasher::default();
    let hash = hasher.hash_password(&typed("a")).await.unwrap();
    hasher.set_busy(true);
    let busy =
        |error| matches!(error, PasswordError::Busy { retry_after } if retry_after == FakePasswordHasher::RETRY_AFTER);
    assert!(hasher.hash_password(&typed("a")).await.is_err_and(busy));
    assert!(checked(&hasher, &typed("a"), Some(hash.clone())).await.is_err_and(busy));
    hasher.set_busy(false);
    assert!(checked(&hasher, &typed("a"), Some(hash)).await.unwrap());
    assert_eq!((hasher.hashed(), hasher.checked()), (1, 1));
}

#[tokio::test]
async fn codes_and_notices_that_were_sent_are_told_apart() {
    let (make, sender) = (Builders::default(), RecordingSender::default());
    let to = EmailAddress::parse("ada@example.com").unwrap();
    let code = Code::generate(&*make.entropy);
    let asked = CodeMessage {
        code: code.clone(),
        display_name: "Ada".to_owned(),
        locale: None,
        valid_for: Duration::MINUTE,
        at: make.now(),
        requested_from: None,
    };
    let told = NoticeMessage {
        content: NoticeContent::ContactChanged { method: Method::Sms, destination: None },
        display_name: "Ada".to_owned(),
        locale: None,
        at: make.now(),
    };
    sender.send_email(&to, &Message::Code(asked)).await.unwrap();
    sender.send_email(&to, &Message::Notice(told.clone())).await.unwrap();
    assert_eq!(sender.sent().len(), 2);
    assert_eq!(sender.codes().len(), 1);
    assert_eq!(sender.notices(), [(Recipient::Email(to), told)]);
    assert_eq!(sender.last_code().unwrap().expose(), code.expose(), "a notice hides the latest code");
}
