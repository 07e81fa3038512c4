use muster_domain::access::Candidates;
use muster_domain::directory::{GroupUpdate, InsertOutcome, PersonKey, UpdateOutcome};
use muster_domain::preferences::Preferences;
use muster_domain::session::{RotateOutcome, Rotation};
use muster_domain::user::{Account, EmailAddress, GivenContacts, Role, RoleOutcome, User, UserQuery};
use muster_domain::verification::{Challenge, Method};
use time::Duration;

use crate::FakeHasher;
use crate::contract::World;
use crate::contract::directory_world::{named, responders};
use crate::contract::race::{RACERS, count, race};

pub async fn who_is_removed_loses_all_that_proves_and_reaches_them(world: World) {
    let (ada, grace) = (provable(&world, "ada").await, provable(&world, "grace").await);
    let (night, day) = (world.group("Night", &[&ada, &grace]).await, world.group("Day", &[&grace]).await);
    let others = world.profile(grace.id).await;
    world.tick();
    let event = world.make.event("test.removed", Some(ada.id));
    let removal = world.make.removal(&ada);
    let outcome = world.stores.directory.remove_user(&removal, std::slice::from_ref(&event)).await.unwrap();
    assert_eq!(outcome, UpdateOutcome::Updated);
    world.assert_recorded(&event).await;

    let left = world.profile(ada.id).await;
    assert_eq!(left.proofs, [], "a proof is left");
    assert_eq!(left.challenges, [], "a challenge is left");
    assert_eq!(left.devices, [], "a device is left");
    assert_eq!(left.teams, [], "a place in a team is left");
    assert_eq!(world.stores.sessions.list(ada.id, world.make.now()).await.unwrap(), [], "a session is left");
    assert_eq!(world.read_group(night.id).await.unwrap().members, [grace.id]);

    assert_eq!(world.profile(grace.id).await.proofs, others.proofs, "somebody else lost something");
    assert_eq!(world.profile(grace.id).await.devices, others.devices, "somebody else lost something");
    assert_eq!(world.profile(grace.id).await.challenges, others.challenges, "somebody else lost something");
    assert_eq!(world.stores.sessions.list(grace.id, world.make.now()).await.unwrap().len(), 1);
    assert_eq!(world.read_group(day.id).await, Some(day), "another group changed");
    let told: Vec<_> = world.claim(100).await.iter().map(|notice| notice.user_id).collect();
    assert_eq!(told, [grace.id], "the notices are not those of whoever is left");
}

pub async fn who_is_removed_loses_contacts_and_preferences_and_keeps_the_names(world: World) {
    let ada = world.insert(world.make.user("ada").given(Some("ada"), Some("+1 202 555 0000"))).await;
    let grace = world.user("grace").await;
    let load = async |user: &User| world.stores.preferences.load(user.id).await.unwrap();
    for user in [&ada, &grace] {
        let event = world.make.event("test.preferences", Some(user.id));
        assert!(world.stores.preferences.replace(user.id, 0, &Preferences::default(), &event).await.unwrap());
    }
    world.tick();
    world.removed(&ada).await;
    let expected = User {
        email: None,
        email_fingerprint: None,
        phone: None,
        phone_fingerprint: None,
        given: GivenContacts::default(),
        active: false,
        version: ada.version + 1,
        updated_at: world.make.now(),
        ..ada.clone()
    };
    let left = world.profile(ada.id).await.user;
    assert_eq!(left, expected, "a contact is left, or a name is not");
    assert_eq!(load(&ada).await, None, "the preferences are left");
    assert_eq!(world.profile(grace.id).await.user, grace, "somebody else lost something");
    assert!(load(&grace).await.is_some(), "somebody else lost something");
}

pub async fn who_is_removed_is_still_read_by_id_deactivated_and_no_admin(world: World) {
    world.insert(world.make.user("root").admin()).await;
    let ada = world.insert(world.make.user("Ádá").external_id("00u1").admin()).await;
    world.removed(&ada).await;
    let left = world.profile(ada.id).await.user;
    assert_eq!((left.active, left.role), (false, Role::User));
    assert_eq!((left.id, &left.user_name), (ada.id, &ada.user_name), "the row does not stay");
    assert_eq!(left.display_name, ada.display_name, "the row does not stay with the names");
    let account = world.stores.users.account(ada.id).await.unwrap();
    assert_eq!(account, Some(Account { id: ada.id, role: Role::User, active: false, source: ada.source }));
}

pub async fn who_is_removed_is_hidden_from_lists_sign_in_and_the_directory(world: World) {
    let email = Some(EmailAddress::parse("shared@example.com").unwrap());
    let ada = world.insert(world.make.user("ada").external_id("00u1").email(email.clone())).await;
    let grace = world.insert(world.make.user("grace").email(email)).await;
    world.removed(&ada).await;
    let listed: Vec<_> = world.people(&UserQuery::default()).await.iter().map(|user| user.id).collect();
    assert_eq!(listed, [grace.id], "somebody removed is listed");
    let inactive = UserQuery { active: Some(false), ..UserQuery::default() };
    assert_eq!(world.people(&inactive).await, [], "somebody removed is listed");

    let login = |login| world.stores.users.find_login(login);
    assert_eq!(login("ada").await.unwrap(), None, "somebody removed may sign in");
    let shared = login("shared@example.com").await.unwrap().map(|account| account.id);
    assert_eq!(shared, Some(grace.id), "the address is still taken for two people's");
    for (subject, logins) in [("00u1", &[][..]), ("unknown", &["ada"]), ("00u1", &["ada"])] {
        assert_eq!(world.candidates(subject, logins).await, Candidates::default(), "somebody removed may sign in");
    }

    let key = PersonKey { external_id: Some("00u1".to_owned()), ..named("ada") };
    for key in [key, named("ada")] {
        assert_eq!(world.find_user(&key).await, None, "the directory finds somebody removed");
    }
    assert_eq!(world.stores.delivered.user(ada.id).await.unwrap(), None);
}

pub async fn the_names_of_who_is_removed_are_free_for_others(world: World) {
    let first = world.insert(world.make.user("Ádá").external_id("00u1")).await;
    world.removed(&first).await;
    let second = world.make.user("áDÁ").external_id("00u1").build();
    let event = world.make.event("test.again", Some(second.id));
    let outcome = world.stores.directory.insert_user(&second, &event).await.unwrap();
    assert_eq!(outcome, InsertOutcome::Inserted, "a name is not freed");
    assert_eq!(world.find_user(&named("ádá")).await, Some(second.clone()));
    assert_eq!(world.profile(first.id).await.user.user_name, "Ádá");

    world.removed(&second).await;
    let grace = world.user("grace").await;
    world.update(world.make.edit(&grace).user_name("ÁDÁ").external_id("00u1").build()).await;
}

pub async fn a_removal_of_somebody_who_changed_meanwhile_is_stale(world: World) {
    let ada = world.user("ada").await;
    let changed = world.update(world.make.edit(&ada).display_name("Ada L.").build()).await;
    let nobody = world.make.user("nobody").build();
    let before = world.snapshot().await;
    for user in [&ada, &nobody] {
        assert_eq!(world.remove(user).await, UpdateOutcome::Stale);
        world.assert_nothing_written(&before).await;
    }
    world.removed(&changed).await;
    let before = world.snapshot().await;
    let left = world.profile(ada.id).await.user;
    for user in [&changed, &left] {
        assert_eq!(world.remove(user).await, UpdateOutcome::Stale, "somebody was removed twice");
        let event = world.make.event("test.user.updated", Some(user.id));
        let back = world.next(User { active: true, ..user.clone() }, &[]);
        let outcome = world.stores.directory.update_user(&back, &[event]).await.unwrap();
        assert_eq!(outcome, UpdateOutcome::Stale, "somebody removed was changed");
        world.assert_nothing_written(&before).await;
    }
}

pub async fn of_many_removals_at_once_exactly_one_is_made(world: World) {
    let ada = world.user("ada").await;
    let outcomes = race(RACERS, |_| {
        let (world, ada) = (world.clone(), ada.clone());
        async move { world.remove(&ada).await }
    })
    .await;
    assert_eq!(count(&outcomes, &UpdateOutcome::Updated), 1, "not exactly one removal was made");
    assert_eq!(count(&outcomes, &UpdateOutcome::Stale), RACERS - 1);
    assert_eq!(world.recorded("test.user.removed").await, 1);
}

pub async fn a_removal_and_many_new_sessions_at_once_leave_none_alive(world: World) {
    let ada = world.user("ada").await;
    race(RACERS, |number| {
        let (world, ada) = (world.clone(), ada.clone());
        async move {
            if number == RACERS / 2 {
                world.removed(&ada).await;
                return;
            }
            let (session, event) = (world.make.session(ada.id), world.make.event("test.issued", Some(ada.id)));
            world.stores.sessions.issue(&world.make.opening(session), &event).await.unwrap();
        }
    })
    .await;
    assert_eq!(world.stores.sessions.list(ada.id, world.make.now()).await.unwrap(), [], "a session is alive");
}

pub async fn a_session_of_who_is_removed_is_not_renewed(world: World) {
    let ada = world.user("ada").await;
    let (session, token) = world.session(&ada).await;
    world.removed(&ada).await;
    let rotation = Rotation {
        session_id: session.id,
        presented: token.hash,
        parent: None,
        successor: world.make.token().hash,
        successor_salt: world.make.salt(),
        successor_key: FakeHasher::key_id(0),
        at: world.make.now(),
    };
    let event = world.make.event("test.rotated", Some(ada.id));
    assert_eq!(world.stores.sessions.rotate(&rotation, &event).await.unwrap(), RotateOutcome::Overtaken);
}

pub async fn who_is_removed_gets_no_role_and_counts_for_no_admin(world: World) {
    let (root, gone) =
        (world.insert(world.make.user("root").admin()).await, world.insert(world.make.user("gone").admin()).await);
    world.removed(&gone).await;
    let change = async |id, role| {
        let event = world.make.event("test.role", Some(id));
        world.stores.users.change_role(id, role, world.make.now(), &event).await.unwrap()
    };
    let before = world.snapshot().await;
    for role in [Role::Admin, Role::User] {
        assert_eq!(change(gone.id, role).await, RoleOutcome::NotFound, "somebody removed has a role");
    }
    assert_eq!(change(root.id, Role::User).await, RoleOutcome::LastAdmin);
    world.assert_nothing_written(&before).await;
}

pub async fn the_groups_of_who_is_removed_have_changed(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let group = world.group("Night", &[&ada, &grace]).await;
    world.tick();
    world.removed(&ada).await;
    let after = world.read_group(group.id).await.unwrap();
    let said = "a group that lost a member says that it did not change";
    assert_eq!((after.version, after.updated_at), (group.version + 1, world.make.now()), "{said}");
    let update = GroupUpdate { removed: vec![ada.id], ..world.regroup(&group) };
    assert_eq!(world.update_group(&update).await, UpdateOutcome::Stale);
}

pub async fn nobody_is_in_a_group_who_is_removed_while_they_come_into_it(world: World) {
    for round in 0..10 {
        let ada = world.user(&format!("ada{round}")).await;
        let group = world.group(&format!("Night {round}"), &[]).await;
        race(2, |number| {
            let (world, ada, group) = (world.clone(), ada.clone(), group.clone());
            async move {
                if number == 0 {
                    world.removed(&ada).await;
                    return;
                }
                // It is refused when the removal was faster.
                let update = GroupUpdate { added: responders(&[ada.id]), ..world.regroup(&group) };
                let event = world.make.event("test.group.updated", None);
                let _ = world.stores.directory.update_group(&update, &[event]).await;
            }
        })
        .await;
        assert_eq!(world.profile(ada.id).await.teams, [], "somebody removed is in a group");
        let members = world.stores.teams.team(group.id).await.unwrap().unwrap().members;
        assert_eq!(members, [], "somebody removed is in a group");
    }
}

/// Somebody with proofs, live challenges, devices, a session and a notice to lose.
async fn provable(world: &World, name: &str) -> User {
    let user = world.user(name).await;
    for method in [Method::Email, Method::Sms] {
        world.prove(&user, method).await;
    }
    let device = world.prove_push(&user).await;
    world.make.clock.advance(Challenge::COOLDOWN + Duration::SECOND);
    for method in [Method::Email, Method::Sms] {
        world.challenge(&user, method).await;
    }
    world.open(world.make.push_challenge(&device)).await;
    world.session(&user).await;
    let notice = world.make.notice(user.id, Method::Sms);
    world.notify(&user, &[notice]).await
}
