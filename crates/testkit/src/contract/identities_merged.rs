use muster_domain::access::{BindOutcome, Binding, Candidates};
use muster_domain::directory::{Duplicate, KnownPeople, PersonKey, UpdateOutcome, UserUpdate};
use muster_domain::user::User;
use muster_domain::verification::Method;

use crate::contract::World;
use crate::contract::directory_world::named;

/// A person who signed in first as `name`, with everything that a person can have.
async fn equipped(world: &World, subject: &str, name: &str) -> User {
    let person = world.admit(subject, &[name]).await;
    world.device(&person).await;
    world.prove(&person, Method::Sms).await;
    world.session(&person).await;
    world.group(&format!("Group of {name}"), &[&person]).await;
    person
}

fn duplicate(user: &User) -> Duplicate {
    Duplicate { id: user.id, expected_version: user.version }
}

/// Fails unless nothing is left of a person but the row.
async fn assert_gone(world: &World, user: &User, subject: &str) {
    let left = world.profile(user.id).await;
    assert!(!left.user.active, "a duplicate is active");
    assert_eq!((left.devices.len(), left.proofs.len(), left.teams.len()), (0, 0, 0), "a duplicate has something left");
    assert_eq!(world.stores.sessions.list(user.id, world.make.now()).await.unwrap(), [], "a session is left");
    assert_eq!(world.stores.delivered.user(user.id).await.unwrap(), None, "the directory sees a duplicate");
    let bound = world.candidates(subject, &[]).await.bound;
    assert_ne!(bound.map(|person| person.account.id), Some(user.id), "a subject is bound to a duplicate");
}

pub async fn a_duplicate_goes_away_with_the_change_that_takes_its_name(world: World) {
    let ada = world.insert(world.make.user("283405f5ada").external_id("00u1").deactivated()).await;
    let twin = equipped(&world, "sub-1", "ada").await;
    world.tick();
    let restored = User { active: true, ..world.make.edit(&ada).user_name("Ada").build() };
    let update = UserUpdate { duplicates: vec![duplicate(&twin)], ..world.next(restored, &[]) };
    let events = [world.make.event("test.updated", Some(ada.id)), world.make.event("test.merged", Some(twin.id))];
    let outcome = world.stores.directory.update_user(&update, &events).await.unwrap();
    assert_eq!(outcome, UpdateOutcome::Updated);
    for event in &events {
        world.assert_recorded(event).await;
    }
    assert_eq!(world.profile(ada.id).await.user, update.user);
    assert_gone(&world, &twin, "sub-1").await;
    assert_eq!(world.find_user(&named("ada")).await, Some(update.user));
    assert_eq!(world.candidates("sub-1", &[]).await, Candidates::default(), "a subject of the duplicate is bound");
}

pub async fn a_duplicate_goes_away_with_the_binding_that_takes_its_subject(world: World) {
    let ada = world.user("ada@corp.example").await;
    let twin = equipped(&world, "sub-1", "ada").await;
    world.bind("sub-2", &twin).await;
    let binding =
        Binding { instead_of: Some(twin.id), duplicate: Some(duplicate(&twin)), ..world.binding("sub-1", &ada) };
    assert_eq!(world.try_bind(&binding).await, BindOutcome::Bound);
    assert_gone(&world, &twin, "sub-1").await;
    let bound = world.candidates("sub-1", &[]).await.bound.unwrap();
    assert_eq!(bound.account, ada.account());
    assert_eq!(
        world.candidates("sub-2", &[]).await,
        Candidates::default(),
        "another subject of the duplicate is bound"
    );
}

pub async fn nothing_changes_when_a_duplicate_changed_meanwhile(world: World) {
    let ada = world.insert(world.make.user("old-ada").deactivated()).await;
    let twin = world.admit("sub-1", &["ada"]).await;
    let delivered = world.update(twin.clone()).await;
    let renamed = User { active: true, ..world.make.edit(&ada).user_name("ada").build() };
    let update = UserUpdate { duplicates: vec![duplicate(&twin)], ..world.next(renamed, &[]) };
    let event = world.make.event("test.updated", Some(ada.id));
    let outcome = world.stores.directory.update_user(&update, &[event]).await.unwrap();
    assert_eq!(outcome, UpdateOutcome::Stale, "somebody went away whom the directory knows");
    let grace = world.insert(world.make.user("grace")).await;
    let binding =
        Binding { instead_of: Some(twin.id), duplicate: Some(duplicate(&twin)), ..world.binding("sub-1", &grace) };
    assert_eq!(world.try_bind(&binding).await, BindOutcome::Stale, "somebody went away whom the directory knows");
    world.removed(&grace).await;
    let bound = world.candidates("sub-1", &[]).await.bound.unwrap();
    assert_eq!(bound.account, delivered.account());
    assert_eq!(world.profile(twin.id).await.user, delivered);
    assert_eq!(world.profile(ada.id).await.user, ada);
}

pub async fn the_subjects_of_who_was_removed_follow_their_external_id_alone(world: World) {
    let bound = async |subject| world.candidates(subject, &[]).await.bound.unwrap().account;
    let first = world.insert(world.make.user("ada").external_id("00u1")).await;
    world.bind("sub-1", &first).await;
    world.removed(&first).await;
    let namesake = world.insert(world.make.user("ada").external_id("00u2")).await;
    assert_eq!(bound("sub-1").await.id, first.id, "a subject follows a name");
    let again = world.insert(world.make.user("ada2").external_id("00u1")).await;
    assert_eq!(bound("sub-1").await, again.account(), "a subject does not follow the external id");

    world.tick();
    world.bind("sub-2", &namesake).await;
    world.removed(&namesake).await;
    let plain = world.user("ada").await;
    assert_eq!(bound("sub-2").await.id, namesake.id, "a subject follows a name");
    let plain = world.update(world.make.edit(&plain).external_id("00u2").build()).await;
    assert_eq!(bound("sub-2").await, plain.account(), "a subject does not follow the external id");
    // Whoever is on record keeps their subjects, also when the external id moves on.
    let moved = world.update(world.make.edit(&plain).external_id("00u3").build()).await;
    world.insert(world.make.user("grace").external_id("00u2")).await;
    assert_eq!(bound("sub-2").await, moved.account());
}

pub async fn who_signed_in_first_is_found_by_what_their_token_said_until_they_are_delivered(world: World) {
    let known = async |external_id: &str, user_name: &str, email: &str| {
        let key =
            PersonKey { external_id: Some(external_id.to_owned()), email: Some(email.to_owned()), ..named(user_name) };
        world.stores.directory.find_people(&key).await.unwrap()
    };
    let eve = world.admit("sub-1", &["Eve@example.com", "eve"]).await;
    let some = || Some(eve.clone());
    let nobody = KnownPeople::default();
    assert_eq!(known("x", "other", "o@example.com").await, nobody);
    assert_eq!(known("sub-1", "other", "o@example.com").await, KnownPeople { by_subject: some(), ..nobody.clone() });
    assert_eq!(known("x", "EVE", "o@example.com").await, KnownPeople { by_login: some(), ..nobody.clone() });
    assert_eq!(known("x", "other", "EVE@example.com").await, KnownPeople { by_email: some(), ..nobody.clone() });
    let named = known("x", "eve@EXAMPLE.com", "o@example.com").await;
    assert_eq!(named, KnownPeople { by_user_name: some(), ..nobody.clone() });

    let eve = world.update(world.make.edit(&eve).external_id("00u1").build()).await;
    for (external_id, user_name, email) in
        [("sub-1", "other", "o@example.com"), ("x", "eve", "o@example.com"), ("x", "other", "eve@example.com")]
    {
        assert_eq!(known(external_id, user_name, email).await, nobody, "the directory knows them already");
    }
    let found = known("00u1", "other", "o@example.com").await;
    assert_eq!(found, KnownPeople { by_external_id: Some(eve), ..nobody });
}
