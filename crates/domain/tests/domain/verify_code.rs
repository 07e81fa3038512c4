use muster_domain::UserId;
use muster_domain::audit::{DirectoryFeed, Origin};
use muster_domain::directory::RawRecord;
use muster_domain::user::EmailAddress;
use muster_domain::verification::{Challenge, ChannelSet, Code, Method, VerifyCodeError};
use time::Duration;

use crate::house::{House, other_than, raw, record};

async fn verify(house: &House, id: UserId, method: Method, code: &Code) -> Result<(), VerifyCodeError> {
    house.verification.verify_code(id, method, code, &house.origin).await.map(drop)
}

fn is_dead(outcome: &Result<(), VerifyCodeError>) -> bool {
    matches!(outcome, Err(VerifyCodeError::InvalidOrExpired { attempts_left: None }))
}

#[tokio::test]
async fn the_right_code_proves_the_destination() {
    let house = House::new();
    let ada = house.user("ada").await;
    let code = house.send(&ada, Method::Email).await;
    house.clock.advance(Duration::SECOND);
    let mark = house.mark();
    let verified = house.verification.verify_code(ada.id, Method::Email, &code, &house.origin).await.unwrap();
    assert_eq!((verified.method, verified.at), (Method::Email, house.now()));
    assert_eq!(verified.status, house.status(ada.id).await);
    assert_eq!(verified.status.email.verified_at, Some(house.now()));
    assert_eq!(verified.status.email.pending, None);
    assert_eq!(verified.status.missing(), [Method::Sms, Method::Push]);
    assert!(!verified.status.can_be_on_call());
    assert_eq!(house.actions_since(mark), ["contact.verification.completed"]);
}

#[tokio::test]
async fn whoever_proved_all_three_can_be_on_call() {
    let house = House::new();
    let ada = house.user("ada").await;
    house.device(&ada, "token").await;
    for method in Method::ALL {
        assert!(!house.status(ada.id).await.can_be_on_call());
        house.prove(&ada, method).await;
    }
    let status = house.status(ada.id).await;
    assert!(status.all_verified() && status.can_be_on_call());
    assert_eq!(status.missing(), []);
}

#[tokio::test]
async fn a_code_works_until_just_before_fifteen_minutes() {
    let house = House::new();
    let ada = house.user("ada").await;
    let code = house.send(&ada, Method::Email).await;
    house.clock.advance(Duration::minutes(15) - Duration::MICROSECOND);
    verify(&house, ada.id, Method::Email, &code).await.unwrap();
}

#[tokio::test]
async fn a_code_is_expired_at_fifteen_minutes() {
    let house = House::new();
    let ada = house.user("ada").await;
    let code = house.send(&ada, Method::Email).await;
    house.clock.advance(Duration::minutes(15));
    let mark = house.mark();
    assert!(is_dead(&verify(&house, ada.id, Method::Email, &code).await));
    assert!(is_dead(&verify(&house, ada.id, Method::Email, &other_than(&code)).await));
    assert_eq!(house.actions_since(mark), [""; 0]);
    assert_eq!(house.status(ada.id).await.email.pending, None);
}

#[tokio::test]
async fn a_used_code_is_refused() {
    let house = House::new();
    let ada = house.user("ada").await;
    let code = house.send(&ada, Method::Email).await;
    verify(&house, ada.id, Method::Email, &code).await.unwrap();
    assert!(is_dead(&verify(&house, ada.id, Method::Email, &code).await));
}

#[tokio::test]
async fn a_code_that_nobody_sent_is_refused() {
    let house = House::new();
    let ada = house.user("ada").await;
    let code = Code::parse("123456").unwrap();
    for method in Method::ALL {
        assert!(is_dead(&verify(&house, ada.id, method, &code).await));
    }
    let nobody = UserId::new(house.now(), &*house.make.entropy);
    assert!(is_dead(&verify(&house, nobody, Method::Email, &code).await));
}

#[tokio::test]
async fn a_code_works_for_its_own_person_and_method_only() {
    let house = House::new();
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    let adas = house.send(&ada, Method::Email).await;
    house.send(&ada, Method::Sms).await;
    house.send(&grace, Method::Email).await;
    assert!(verify(&house, ada.id, Method::Sms, &adas).await.is_err());
    assert!(verify(&house, grace.id, Method::Email, &adas).await.is_err());
    verify(&house, ada.id, Method::Email, &adas).await.unwrap();
}

#[tokio::test]
async fn five_wrong_codes_kill_the_challenge() {
    let house = House::new();
    let ada = house.user("ada").await;
    let code = house.send(&ada, Method::Email).await;
    let mark = house.mark();
    for left in [4, 3, 2, 1, 0] {
        let refused = verify(&house, ada.id, Method::Email, &other_than(&code)).await;
        let told = matches!(refused, Err(VerifyCodeError::InvalidOrExpired { attempts_left: Some(l) }) if l == left);
        assert!(told, "{refused:?}");
    }
    assert_eq!(house.actions_since(mark), ["contact.verification.failed"; 5]);
    house.clock.advance(Duration::seconds(20));
    for tried in [&other_than(&code), &code] {
        let refused = verify(&house, ada.id, Method::Email, tried).await;
        let wait = Duration::seconds(40);
        let told = matches!(refused, Err(VerifyCodeError::Exhausted { retry_after }) if retry_after == wait);
        assert!(told, "{refused:?}");
    }
    assert_eq!(house.mark(), mark + 5);
    assert_eq!(house.status(ada.id).await.email.pending, None);
}

#[tokio::test]
async fn an_exhausted_challenge_stays_exhausted_until_a_new_code_is_sent() {
    let house = House::new();
    let ada = house.user("ada").await;
    let code = house.send(&ada, Method::Email).await;
    for _ in 0..Challenge::MAX_ATTEMPTS {
        assert!(verify(&house, ada.id, Method::Email, &other_than(&code)).await.is_err());
    }
    house.clock.advance(Duration::HOUR);
    let refused = verify(&house, ada.id, Method::Email, &code).await;
    assert!(matches!(refused, Err(VerifyCodeError::Exhausted { retry_after }) if retry_after == Duration::SECOND));
    house.prove(&ada, Method::Email).await;
    assert!(house.status(ada.id).await.email.verified_at.is_some());
}

#[tokio::test]
async fn the_fifth_code_may_be_the_right_one() {
    let house = House::new();
    let ada = house.user("ada").await;
    let code = house.send(&ada, Method::Email).await;
    for _ in 1..Challenge::MAX_ATTEMPTS {
        assert!(verify(&house, ada.id, Method::Email, &other_than(&code)).await.is_err());
    }
    verify(&house, ada.id, Method::Email, &code).await.unwrap();
}

#[tokio::test]
async fn a_changed_destination_loses_its_proof_and_its_challenge() {
    let house = House::new();
    let origin = Origin::system("import");
    let apply = async |raw| house.directory.apply_record(&record(raw), DirectoryFeed::Import, &origin).await.unwrap();
    let id = apply(raw("ada@example.com")).await.user_id;
    let ada = house.profile(id).await.user;
    house.prove(&ada, Method::Email).await;
    house.prove(&ada, Method::Sms).await;
    house.clock.advance(Challenge::COOLDOWN);
    let code = house.send(&ada, Method::Email).await;

    let elsewhere = Some("ada@elsewhere.example".to_owned());
    apply(RawRecord { email: elsewhere, ..raw("ada@example.com") }).await;
    let status = house.status(id).await;
    assert_eq!((status.email.verified_at, status.email.pending), (None, None));
    assert!(status.sms.verified_at.is_some());
    assert!(is_dead(&verify(&house, id, Method::Email, &code).await));
    assert!(house.status(id).await.email.verified_at.is_none());

    // Back to the first address: what was lost stays lost.
    apply(raw("ada@example.com")).await;
    assert!(is_dead(&verify(&house, id, Method::Email, &code).await));
    assert!(house.status(id).await.email.verified_at.is_none());
}

#[tokio::test]
async fn a_proof_of_another_destination_does_not_count() {
    let house = House::new();
    let ada = house.user("ada").await;
    house.prove(&ada, Method::Email).await;
    let mut facts = house.profile(ada.id).await;
    assert!(facts.verification(ChannelSet::ALL, house.now()).email.verified_at.is_some());
    facts.user = house.make.edit(&ada).email(EmailAddress::parse("countess@example.com").ok()).build();
    assert_eq!(facts.verification(ChannelSet::ALL, house.now()).email.verified_at, None);
    facts.user = house.make.edit(&ada).email(None).build();
    assert_eq!(facts.verification(ChannelSet::ALL, house.now()).email.verified_at, None);
}

#[tokio::test]
async fn a_push_proof_goes_with_its_device() {
    let house = House::new();
    let ada = house.user("ada").await;
    let first = house.device(&ada, "first").await;
    house.prove(&ada, Method::Push).await;
    house.clock.advance(Challenge::COOLDOWN);
    let second = house.device(&ada, "second").await;
    house.prove(&ada, Method::Push).await;
    assert!(house.devices.remove(ada.id, None, first.id, &house.origin).await.unwrap());
    assert!(house.status(ada.id).await.push.verified_at.is_some());
    assert!(house.devices.remove(ada.id, None, second.id, &house.origin).await.unwrap());
    let status = house.status(ada.id).await;
    assert_eq!((status.push.verified_at, status.device_count), (None, 0));
}

#[tokio::test]
async fn a_code_of_a_removed_device_is_refused() {
    let house = House::new();
    let ada = house.user("ada").await;
    let device = house.device(&ada, "token").await;
    let code = house.send(&ada, Method::Push).await;
    assert!(house.devices.remove(ada.id, None, device.id, &house.origin).await.unwrap());
    house.device(&ada, "token").await;
    assert!(is_dead(&verify(&house, ada.id, Method::Push, &code).await));
}

#[tokio::test]
async fn proof_alone_puts_no_deactivated_person_on_call() {
    let house = House::new();
    let origin = Origin::system("import");
    let apply = async |raw| house.directory.apply_record(&record(raw), DirectoryFeed::Import, &origin).await.unwrap();
    let id = apply(raw("ada@example.com")).await.user_id;
    let ada = house.profile(id).await.user;
    house.device(&ada, "token").await;
    for method in Method::ALL {
        house.prove(&ada, method).await;
    }
    assert!(house.status(id).await.can_be_on_call());
    apply(RawRecord { active: Some(false), ..raw("ada@example.com") }).await;
    let status = house.status(id).await;
    assert!(status.all_verified() && !status.can_be_on_call());
}
