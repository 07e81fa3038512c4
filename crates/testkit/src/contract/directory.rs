use muster_domain::audit::RevokeReason;
use muster_domain::directory::{InsertOutcome, PersonKey, UpdateOutcome, UserUpdate};
use muster_domain::session::{Revocation, Session};
use muster_domain::team::{Member, TeamRole};
use muster_domain::user::{EmailAddress, GivenContacts, Phone, Role, Source, User};
use muster_domain::verification::{Challenge, Closure, Method};
use muster_domain::{SessionId, UserId};
use time::Duration;

use crate::UserBuilder;
use crate::contract::World;
use crate::contract::directory_world::named;
use crate::contract::race::{RACERS, count, race};

pub async fn people_are_counted_active_or_not(world: World) {
    assert_eq!(world.stores.directory.count_users().await.unwrap(), 0);
    world.user("ada").await;
    world.insert(world.make.user("gone").deactivated()).await;
    assert_eq!(world.stores.directory.count_users().await.unwrap(), 2);
}

pub async fn a_person_reads_back_as_they_were_inserted(world: World) {
    let full = User {
        source: Source::Local,
        version: 7,
        updated_at: world.make.now() + Duration::MICROSECOND,
        given: GivenContacts { email: None, phone: Some("(202) 555 0100".to_owned()) },
        ..world.make.user("Ádá.Lovelace").external_id("00u\u{2126}1").display_name("Ada \u{1f451}").admin().build()
    };
    let odd = world.make.user("odd").phone(Some(Phone::from_stored("+44 20 ext. 5", false))).build();
    let unreachable = Phone::from_stored("+12025550000", false);
    let looks_fine = world.make.user("looks-fine").phone(Some(unreachable)).build();
    let bare = User {
        given_name: None,
        family_name: None,
        time_zone: None,
        locale: None,
        given: GivenContacts { email: Some("no address".to_owned()), phone: None },
        ..world.make.user("bare").email(None).phone(None).deactivated().build()
    };
    for user in [full, odd, looks_fine, bare] {
        let event = world.make.event("test.inserted", Some(user.id));
        assert_eq!(world.stores.directory.insert_user(&user, &event).await.unwrap(), InsertOutcome::Inserted);
        assert_eq!(find(&world, None, &user.user_name).await, Some(user.clone()));
        assert_eq!(world.profile(user.id).await.user, user);
        world.assert_recorded(&event).await;
    }
}

pub async fn a_person_is_found_by_external_id_else_by_user_name(world: World) {
    let ada = world.insert(world.make.user("Ádá").external_id("00u1")).await;
    let grace = world.insert(world.make.user("grace").external_id("00u2")).await;
    let linus = world.user("linus").await;
    assert_eq!(find(&world, Some("00u1"), "whatever").await, Some(ada.clone()));
    assert_eq!(find(&world, Some("00u1"), "grace").await, Some(ada.clone()), "the external id decides");
    assert_eq!(find(&world, Some("00u2"), "Ádá").await, Some(grace), "the external id decides");
    assert_eq!(find(&world, Some("00u3"), "LINUS").await, Some(linus));
    assert_eq!(find(&world, None, "áDÁ").await, Some(ada));
    assert_eq!(find(&world, Some("00U1"), "nobody").await, None, "external ids have a case");
    assert_eq!(find(&world, None, "nobody").await, None);
}

pub async fn nobody_is_inserted_whose_user_name_or_external_id_is_taken(world: World) {
    world.insert(world.make.user("Ádá").external_id("00u1")).await;
    world.insert(world.make.user("gone").external_id("00u2").deactivated()).await;
    let before = world.snapshot().await;
    let refused: [UserBuilder; 5] = [
        world.make.user("Ádá"),
        world.make.user("áDÁ").external_id("00u3"),
        world.make.user("other").external_id("00u1"),
        world.make.user("GONE"),
        world.make.user("other").external_id("00u2"),
    ];
    for user in refused {
        let user = user.build();
        let event = world.make.event("test.inserted", Some(user.id));
        assert_eq!(world.stores.directory.insert_user(&user, &event).await.unwrap(), InsertOutcome::Taken);
        world.assert_nothing_written(&before).await;
    }
    let shared = EmailAddress::parse("gone@example.com").unwrap();
    world.insert(world.make.user("free").email(Some(shared)).external_id("00U1")).await;
    world.insert(world.make.user("no-external-id")).await;
}

pub async fn of_many_inserts_of_one_user_name_at_once_exactly_one_is_inserted(world: World) {
    let outcomes = race(RACERS, |number| {
        let world = world.clone();
        let user = world.make.user(if number % 2 == 0 { "Ada" } else { "ada" }).build();
        async move {
            let event = world.make.event("test.raced", Some(user.id));
            world.stores.directory.insert_user(&user, &event).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&outcomes, &InsertOutcome::Inserted), 1);
    assert_eq!(count(&outcomes, &InsertOutcome::Taken), RACERS - 1);
    assert_eq!(world.stores.directory.count_users().await.unwrap(), 1);
    assert_eq!(world.recorded("test.raced").await, 1);
}

pub async fn an_updated_person_reads_back_as_they_were_given(world: World) {
    let ada = world.user("ada").await;
    let grace = world.user("grace").await;
    world.tick();
    let changed = User {
        given_name: None,
        family_name: Some("King".to_owned()),
        time_zone: None,
        locale: Some("fr".to_owned()),
        active: false,
        ..world.make.edit(&ada).user_name("Countess").display_name("Ada King").external_id("00u9").phone(None).build()
    };
    let update = world.next(changed, &[]);
    let events = ["test.first", "test.second"].map(|action| world.make.event(action, Some(ada.id)));
    assert_eq!(world.stores.directory.update_user(&update, &events).await.unwrap(), UpdateOutcome::Updated);
    assert_eq!(world.profile(ada.id).await.user, update.user);
    assert_eq!(find(&world, None, "countess").await, Some(update.user));
    assert_eq!(find(&world, None, "ada").await, None, "the old name is free");
    assert_eq!(world.profile(grace.id).await.user, grace);
    for event in &events {
        world.assert_recorded(event).await;
    }
}

pub async fn an_update_may_change_only_the_case_of_the_persons_own_name(world: World) {
    let ada = world.insert(world.make.user("ada").external_id("00u1")).await;
    let ada = world.update(world.make.edit(&ada).user_name("ADA").build()).await;
    assert_eq!(find(&world, Some("00u1"), "ada").await, Some(ada));
}

pub async fn an_update_does_not_write_the_platform_role(world: World) {
    world.insert(world.make.user("root").admin()).await;
    let ada = world.user("ada").await;
    let event = world.make.event("test.role", Some(ada.id));
    world.stores.users.change_role(ada.id, Role::Admin, world.make.now(), &event).await.unwrap();
    let version = world.profile(ada.id).await.user.version;
    let worked_out_before = world.make.edit(&User { version, ..ada.clone() }).display_name("Ada King").build();
    assert_eq!(worked_out_before.role, Role::User);
    world.update(worked_out_before).await;
    let stored = world.profile(ada.id).await.user;
    assert_eq!((stored.role, stored.display_name.as_str()), (Role::Admin, "Ada King"));
}

pub async fn an_update_of_a_person_who_changed_meanwhile_is_stale(world: World) {
    let ada = provable(&world, "ada").await;
    let first = world.next(world.make.edit(&ada).display_name("First").build(), &[]);
    let second = UserUpdate {
        deactivates: true,
        ..world.next(world.make.edit(&ada).display_name("Second").build(), &[Method::Email, Method::Sms])
    };
    world.apply(&first).await;
    let before = world.snapshot().await;
    assert_eq!(attempt(&world, &second).await, UpdateOutcome::Stale);
    let nobody = User { id: UserId::new(world.make.now(), &*world.make.entropy), ..world.make.edit(&ada).build() };
    assert_eq!(attempt(&world, &world.next(nobody, &[])).await, UpdateOutcome::Stale);
    world.assert_nothing_written(&before).await;
}

pub async fn an_update_to_a_taken_user_name_or_external_id_writes_nothing(world: World) {
    let ada = provable(&world, "ada").await;
    world.insert(world.make.user("Grace").external_id("00u2")).await;
    let before = world.snapshot().await;
    for changed in [world.make.edit(&ada).user_name("gRACE"), world.make.edit(&ada).external_id("00u2")] {
        let update = UserUpdate {
            deactivates: true,
            ..world.next(changed.deactivated().build(), &[Method::Email, Method::Sms])
        };
        assert_eq!(attempt(&world, &update).await, UpdateOutcome::Taken);
        world.assert_nothing_written(&before).await;
    }
}

pub async fn an_update_removes_the_lost_proofs_and_cancels_their_challenges(world: World) {
    let (ada, grace) = (provable(&world, "ada").await, provable(&world, "grace").await);
    let graces = world.profile(grace.id).await;
    let before = world.profile(ada.id).await;
    world.tick();
    let other = EmailAddress::parse("countess@example.com").unwrap();
    let update = world.next(world.make.edit(&ada).email(Some(other)).build(), &[Method::Email]);
    let ada = world.apply(&update).await;

    let after = world.profile(ada.id).await;
    assert_eq!(after.proofs, before.proofs[1..], "the SMS proof stays");
    let cancelled = |challenge: &Challenge| {
        let closure = Some(Closure::Cancelled { at: update.at });
        Challenge { closure, ..challenge.clone() }
    };
    assert_eq!(after.challenges, [cancelled(&before.challenges[0]), before.challenges[1].clone()]);
    assert!(!world.complete(&before.challenges[0]).await);
    assert_eq!(world.spend(&before.challenges[0]).await, None);
    assert_eq!(world.profile(grace.id).await, graces);

    let update = world.next(world.make.edit(&ada).phone(None).build(), &[Method::Sms]);
    world.apply(&update).await;
    let after = world.profile(ada.id).await;
    assert_eq!(after.proofs, []);
    assert_eq!(after.challenges, before.challenges.iter().map(cancelled).collect::<Vec<_>>().as_slice());
}

pub async fn an_update_ends_the_live_sessions_when_asked_to(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let (live, live_token) = world.session(&ada).await;
    let (other, other_token) = world.session(&ada).await;
    let (graces, graces_token) = world.session(&grace).await;
    let (expired, expired_token) =
        world.issue(Session { expires_at: world.make.now(), ..world.make.session(ada.id) }).await;
    let (revoked, revoked_token) = world.session(&ada).await;
    let at = world.make.now();
    revoke(&world, &ada, revoked.id).await;
    let revoked = Session { revocation: Some(Revocation { at, reason: RevokeReason::SignedOut }), ..revoked };

    world.tick();
    let kept = world.apply(&world.next(world.make.edit(&ada).display_name("Still Here").build(), &[])).await;
    assert_eq!(world.stores.sessions.list(ada.id, world.make.now()).await.unwrap().len(), 2);
    let update = UserUpdate { deactivates: true, ..world.next(world.make.edit(&kept).deactivated().build(), &[]) };
    world.apply(&update).await;
    let ended = Some(Revocation { at: update.at, reason: RevokeReason::Deactivated });
    let expected = [
        (live_token, Session { revocation: ended, ..live }),
        (other_token, Session { revocation: ended, ..other }),
        (graces_token, graces),
        (expired_token, expired),
        (revoked_token, revoked),
    ];
    for (token, session) in expected {
        let candidate = world.stores.sessions.load_for_refresh(&token.hash).await.unwrap().unwrap();
        assert_eq!(candidate.session, session);
    }
}

pub async fn of_many_updates_at_once_from_one_version_exactly_one_is_written(world: World) {
    let ada = world.user("ada").await;
    let outcomes = race(RACERS, |number| {
        let world = world.clone();
        let changed = world.make.edit(&ada).display_name(&format!("Name {number}")).build();
        let update = world.next(changed, &[]);
        async move { (attempt(&world, &update).await, update.user) }
    })
    .await;
    let (written, stale): (Vec<_>, Vec<_>) =
        outcomes.into_iter().partition(|(outcome, _)| *outcome == UpdateOutcome::Updated);
    assert!(stale.iter().all(|(outcome, _)| *outcome == UpdateOutcome::Stale));
    assert_eq!(written.len(), 1);
    assert_eq!(world.profile(ada.id).await.user, written[0].1);
    assert_eq!(world.recorded("test.attempted").await, 1);
}

pub async fn a_deactivation_and_many_new_sessions_at_once_leave_none_alive(world: World) {
    let ada = world.user("ada").await;
    let update = UserUpdate { deactivates: true, ..world.next(world.make.edit(&ada).deactivated().build(), &[]) };
    race(RACERS, |number| {
        let (world, update, session) = (world.clone(), update.clone(), world.make.session(ada.id));
        async move {
            if number == 9 {
                world.apply(&update).await;
                return;
            }
            let event = world.make.event("test.issued", Some(session.user_id));
            world.stores.sessions.issue(&world.make.opening(session), &event).await.unwrap();
        }
    })
    .await;
    assert_eq!(world.stores.sessions.list(ada.id, world.make.now()).await.unwrap(), []);
}

pub async fn a_team_is_inserted_with_its_members_and_its_record(world: World) {
    let (ada, grace) = (world.user("ada").await, world.user("grace").await);
    let team = world.make.team("Équipe \u{1f319}");
    let members =
        [Member { user_id: ada.id, role: TeamRole::TeamAdmin }, Member { user_id: grace.id, role: TeamRole::Observer }];
    let event = world.make.event("test.team", None);
    let outcome = world.stores.directory.insert_team(&team, &members, std::slice::from_ref(&event)).await.unwrap();
    assert_eq!(outcome, InsertOutcome::Inserted);
    world.assert_recorded(&event).await;
    for member in members {
        let teams = world.profile(member.user_id).await.teams;
        assert_eq!(teams.len(), 1);
        assert_eq!((teams[0].id, &teams[0].name, teams[0].role), (team.id, &team.name, member.role));
    }
}

pub async fn no_team_is_inserted_whose_name_is_taken_without_regard_to_case(world: World) {
    let ada = world.user("ada").await;
    world.team(world.make.team("Équipe"), &[]).await;
    let before = world.snapshot().await;
    for name in ["Équipe", "éQUIPE"] {
        let members = [Member { user_id: ada.id, role: TeamRole::Responder }];
        let event = world.make.event("test.team", None);
        let outcome = world
            .stores
            .directory
            .insert_team(&world.make.team(name), &members, std::slice::from_ref(&event))
            .await
            .unwrap();
        assert_eq!(outcome, InsertOutcome::Taken);
        world.assert_nothing_written(&before).await;
    }
}

pub async fn a_team_with_a_member_who_is_not_on_record_is_refused(world: World) {
    let ada = world.user("ada").await;
    let nobody = UserId::new(world.make.now(), &*world.make.entropy);
    let before = world.snapshot().await;
    let members = [ada.id, nobody].map(|user_id| Member { user_id, role: TeamRole::Responder });
    let team = world.make.team("Night");
    let event = world.make.event("test.team", None);
    assert!(world.stores.directory.insert_team(&team, &members, std::slice::from_ref(&event)).await.is_err());
    world.assert_nothing_written(&before).await;
    world.team(team, &[(&ada, TeamRole::Responder)]).await;
}

pub async fn of_many_teams_of_one_name_at_once_exactly_one_is_inserted(world: World) {
    let outcomes = race(RACERS, |_| {
        let world = world.clone();
        let team = world.make.team("Night");
        async move {
            let event = world.make.event("test.raced", None);
            world.stores.directory.insert_team(&team, &[], &[event]).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&outcomes, &InsertOutcome::Inserted), 1);
    assert_eq!(world.recorded("test.raced").await, 1);
}

/// Somebody with proofs, live challenges and a session to lose.
async fn provable(world: &World, name: &str) -> User {
    let user = world.user(name).await;
    let renewed = [Method::Email, Method::Sms];
    for method in renewed {
        world.prove(&user, method).await;
    }
    world.make.clock.advance(Challenge::COOLDOWN);
    for method in renewed {
        world.challenge(&user, method).await;
    }
    world.session(&user).await;
    user
}

async fn find(world: &World, external_id: Option<&str>, user_name: &str) -> Option<User> {
    let key = PersonKey { external_id: external_id.map(str::to_owned), ..named(user_name) };
    world.find_user(&key).await
}

async fn attempt(world: &World, update: &UserUpdate) -> UpdateOutcome {
    let event = world.make.event("test.attempted", Some(update.user.id));
    world.stores.directory.update_user(update, &[event]).await.unwrap()
}

async fn revoke(world: &World, user: &User, id: SessionId) {
    let event = world.make.event("test.revoked", Some(user.id));
    let reason = RevokeReason::SignedOut;
    assert!(world.stores.sessions.revoke(user.id, id, &world.ending(reason, event), &[]).await.unwrap());
}
