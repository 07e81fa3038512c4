use muster_domain::preferences::{Channels, Precondition, Preferences, ReplacePreferencesError, StoredPreferences};
use muster_domain::user::User;
use muster_domain::verification::ChannelSet;
use serde_json::to_value;

use crate::house::House;

fn without_sms() -> Preferences {
    Preferences { channels: Channels { email: true, sms: false, push: true }, ..Preferences::default() }
}

async fn replace(
    house: &House,
    user: &User,
    document: Preferences,
    precondition: Precondition,
) -> Result<StoredPreferences, ReplacePreferencesError> {
    house.preferences.replace(user.id, document, &precondition, &house.origin).await
}

#[tokio::test]
async fn who_chose_nothing_has_the_defaults_at_version_zero() {
    let house = House::new();
    let ada = house.user("ada").await;
    let stored = house.preferences.load(ada.id).await.unwrap();
    assert_eq!(stored, StoredPreferences { version: 0, document: Preferences::default() });
    assert_eq!(Preferences::default().check(ChannelSet::ALL), Ok(()));
}

#[tokio::test]
async fn a_replacement_is_recorded_with_what_it_was_and_what_it_became() {
    let house = House::new();
    let ada = house.user("ada").await;
    let mark = house.mark();
    let stored = replace(&house, &ada, without_sms(), Precondition::None).await.unwrap();
    assert_eq!(stored, StoredPreferences { version: 1, document: without_sms() });
    assert_eq!(house.preferences.load(ada.id).await.unwrap(), stored);
    assert_eq!(house.actions_since(mark), ["preferences.updated"]);
    let event = house.last_event();
    assert_eq!(event.subject, Some(ada.id));
    assert_eq!(event.details["before"], to_value(Preferences::default()).unwrap());
    assert_eq!(event.details["after"], to_value(without_sms()).unwrap());
}

#[tokio::test]
async fn an_equal_document_changes_nothing_and_is_not_recorded() {
    let house = House::new();
    let ada = house.user("ada").await;
    let mark = house.mark();
    let defaults = replace(&house, &ada, Preferences::default(), Precondition::None).await.unwrap();
    assert_eq!(defaults.version, 0);
    replace(&house, &ada, without_sms(), Precondition::None).await.unwrap();
    let again = replace(&house, &ada, without_sms(), Precondition::None).await.unwrap();
    assert_eq!(again.version, 1);
    assert_eq!(house.mark(), mark + 1);
}

#[tokio::test]
async fn a_precondition_holds_when_the_stored_version_is_one_of_those_named() {
    let house = House::new();
    let ada = house.user("ada").await;
    replace(&house, &ada, without_sms(), Precondition::AnyOf(vec![0])).await.unwrap();
    let stored = replace(&house, &ada, Preferences::default(), Precondition::AnyOf(vec![7, 1])).await.unwrap();
    assert_eq!(stored.version, 2);
}

#[tokio::test]
async fn a_precondition_that_fails_changes_nothing() {
    let house = House::new();
    let ada = house.user("ada").await;
    replace(&house, &ada, without_sms(), Precondition::None).await.unwrap();
    let mark = house.mark();
    for versions in [vec![], vec![0], vec![0, 2]] {
        // Also for a document that is stored already: what the caller last saw is not it.
        for document in [Preferences::default(), without_sms()] {
            let refused = replace(&house, &ada, document, Precondition::AnyOf(versions.clone())).await;
            assert!(matches!(refused, Err(ReplacePreferencesError::PreconditionFailed { current: 1 })));
        }
    }
    assert_eq!(house.actions_since(mark), [""; 0]);
}

#[tokio::test]
async fn an_invalid_document_is_refused_before_the_store_is_asked() {
    let house = House::new();
    let ada = house.user("ada").await;
    house.store.set_unavailable(true);
    let silent = Preferences { channels: Channels { email: false, sms: false, push: false }, ..Preferences::default() };
    let refused = replace(&house, &ada, silent, Precondition::None).await;
    assert!(matches!(refused, Err(ReplacePreferencesError::Invalid(errors)) if errors[0].field == "rules.critical"));
}

#[tokio::test]
async fn everybody_has_their_own() {
    let house = House::new();
    let (ada, grace) = (house.user("ada").await, house.user("grace").await);
    replace(&house, &ada, without_sms(), Precondition::None).await.unwrap();
    assert_eq!(house.preferences.load(grace.id).await.unwrap(), StoredPreferences::default());
}
