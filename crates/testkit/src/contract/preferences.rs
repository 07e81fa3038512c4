use muster_domain::UserId;
use muster_domain::preferences::{
    Channels, ClockTime, Preferences, QuietHours, Rules, Step, StoredPreferences, TimeZone, Weekday,
};
use muster_domain::verification::Method;

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};

pub async fn preferences_are_none_while_a_person_chose_nothing(world: World) {
    let ada = world.user("ada").await;
    assert_eq!(world.stores.preferences.load(ada.id).await.unwrap(), None);
}

pub async fn preferences_read_back_as_they_were_stored(world: World) {
    let ada = world.user("ada").await;
    let document = elaborate();
    let event = world.make.event("test.replaced", Some(ada.id));
    assert!(world.stores.preferences.replace(ada.id, 0, &document, &event).await.unwrap());
    let stored = StoredPreferences { version: 1, document };
    assert_eq!(world.stores.preferences.load(ada.id).await.unwrap(), Some(stored));
    world.assert_recorded(&event).await;
}

pub async fn each_replacement_is_of_the_whole_document_and_one_version_up(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    assert!(replace(&world, grace.id, 0, &elaborate()).await);
    assert!(replace(&world, ada.id, 0, &elaborate()).await);
    assert!(replace(&world, ada.id, 1, &Preferences::default()).await);
    assert!(replace(&world, ada.id, 2, &elaborate()).await);
    assert!(replace(&world, ada.id, 3, &Preferences::default()).await);
    let stored = |version, document| Some(StoredPreferences { version, document });
    assert_eq!(world.stores.preferences.load(ada.id).await.unwrap(), stored(4, Preferences::default()));
    assert_eq!(world.stores.preferences.load(grace.id).await.unwrap(), stored(1, elaborate()));
}

pub async fn nothing_is_replaced_that_is_not_at_the_expected_version(world: World) {
    let ada = world.user("ada").await;
    let before = world.snapshot().await;
    assert!(!replace(&world, ada.id, 1, &elaborate()).await, "nothing is stored yet");
    world.assert_nothing_written(&before).await;

    assert!(replace(&world, ada.id, 0, &Preferences::default()).await);
    assert!(replace(&world, ada.id, 1, &Preferences::default()).await);
    let before = world.snapshot().await;
    for expected in [0, 1, 3, -1] {
        assert!(!replace(&world, ada.id, expected, &elaborate()).await, "version 2 is stored, not {expected}");
    }
    world.assert_nothing_written(&before).await;
}

pub async fn preferences_of_nobody_are_refused(world: World) {
    world.user("ada").await;
    let before = world.snapshot().await;
    let nobody = UserId::new(world.make.now(), &*world.make.entropy);
    let event = world.make.event("test.replaced", Some(nobody));
    assert!(world.stores.preferences.replace(nobody, 0, &Preferences::default(), &event).await.is_err());
    assert_eq!(world.stores.preferences.load(nobody).await.unwrap(), None);
    world.assert_nothing_written(&before).await;
}

pub async fn of_many_replacements_at_once_with_one_expected_version_exactly_one_is_true(world: World) {
    let ada = world.user("ada").await;
    for expected in [0, 1] {
        let outcomes = race(RACERS, |_| {
            let (world, id) = (world.clone(), ada.id);
            async move { replace(&world, id, expected, &elaborate()).await }
        })
        .await;
        assert_eq!(count(&outcomes, &true), 1, "not exactly one replacement was made");
        let stored = world.stores.preferences.load(ada.id).await.unwrap();
        assert_eq!(stored.map(|stored| stored.version), Some(expected + 1));
    }
    assert_eq!(world.recorded("test.preferences.replaced").await, 2);
}

async fn replace(world: &World, id: UserId, expected: i64, document: &Preferences) -> bool {
    let event = world.make.event("test.preferences.replaced", Some(id));
    world.stores.preferences.replace(id, expected, document, &event).await.unwrap()
}

fn elaborate() -> Preferences {
    let time = |text: &str| ClockTime::try_from(text.to_owned()).unwrap();
    let step = |channel, after_minutes| Step { channel, after_minutes };
    Preferences {
        channels: Channels { email: true, sms: false, push: true },
        rules: Rules {
            critical: vec![step(Method::Email, 0), step(Method::Email, 1_440), step(Method::Sms, 7)],
            high: vec![step(Method::Push, 3)],
            medium: vec![],
            low: vec![step(Method::Sms, 0)],
            info: vec![],
        },
        quiet_hours: Some(QuietHours {
            start: time("22:30"),
            end: time("06:05"),
            time_zone: TimeZone::try_from("Asia/Kathmandu".to_owned()).unwrap(),
            days: vec![Weekday::Sun, Weekday::Mon],
        }),
    }
}
