use muster_domain::UserId;
use muster_domain::user::{Account, EmailAddress, Role, RoleOutcome, User};

use crate::contract::World;
use crate::contract::race::{RACERS, count, race};

pub async fn an_account_is_found_active_or_not(world: World) {
    let ada = world.insert(world.make.user("ada").admin()).await;
    let gone = world.insert(world.make.user("gone").deactivated()).await;
    for user in [ada, gone] {
        let expected = Account { id: user.id, role: user.role, active: user.active, source: user.source };
        assert_eq!(world.stores.users.account(user.id).await.unwrap(), Some(expected));
    }
    let nobody = UserId::new(world.make.now(), &*world.make.entropy);
    assert_eq!(world.stores.users.account(nobody).await.unwrap(), None);
}

pub async fn an_account_is_never_a_stale_answer(world: World) {
    world.insert(world.make.user("root").admin()).await;
    let mut ada = world.user("ada").await;
    for round in 0..20 {
        let role = if round % 2 == 0 { Role::Admin } else { Role::User };
        assert_eq!(change(&world, ada.id, role).await, RoleOutcome::Changed);
        ada = world.update(User { active: round % 3 != 0, ..ada }).await;
        let expected = Some(Account { id: ada.id, role, active: ada.active, source: ada.source });
        let seen = race(4, |_| {
            let (world, id) = (world.clone(), ada.id);
            async move { world.stores.users.account(id).await.unwrap() }
        })
        .await;
        assert_eq!(seen, [expected; 4], "an account shows what was, not what is");
    }
}

pub async fn a_login_is_a_user_name_without_regard_to_case(world: World) {
    let user = world.insert(world.make.user("Ádá.Lovelace").email(None)).await;
    let gone = world.insert(world.make.user("gone").deactivated()).await;
    for login in ["Ádá.Lovelace", "ádá.lovelace", "ÁDÁ.LOVELACE", " ádá.lovelace "] {
        assert_eq!(login_of(&world, login).await, Some(user.id));
    }
    assert_eq!(login_of(&world, "GONE").await, Some(gone.id));
}

pub async fn a_login_is_else_an_email_address_without_regard_to_case(world: World) {
    let address = EmailAddress::parse("Ada.Lovelace@Example.com").unwrap();
    let user = world.insert(world.make.user("al815").email(Some(address))).await;
    for login in ["Ada.Lovelace@Example.com", "ada.lovelace@example.com", "ADA.LOVELACE@EXAMPLE.COM"] {
        assert_eq!(login_of(&world, login).await, Some(user.id));
    }
}

pub async fn a_user_name_goes_before_another_persons_email_address(world: World) {
    let address = EmailAddress::parse("shared@example.com").unwrap();
    world.insert(world.make.user("first").email(Some(address.clone()))).await;
    let named = world.insert(world.make.user("Shared@Example.com").email(None)).await;
    world.insert(world.make.user("last").email(Some(address))).await;
    assert_eq!(login_of(&world, "shared@example.com").await, Some(named.id));
}

pub async fn a_login_that_is_nobodys_finds_nobody(world: World) {
    world.insert(world.make.user("ada").email(None)).await;
    for login in ["", "ad", "adaa", "ad_", "a%", "grace", "ada@example.com"] {
        assert_eq!(login_of(&world, login).await, None);
    }
}

pub async fn an_email_address_that_more_than_one_person_has_finds_nobody(world: World) {
    let address = |text| Some(EmailAddress::parse(text).unwrap());
    world.insert(world.make.user("ada").email(address("desk@example.com"))).await;
    world.insert(world.make.user("grace").email(address("Desk@example.com")).deactivated()).await;
    assert_eq!(login_of(&world, "desk@example.com").await, None);
}

pub async fn a_login_is_never_a_local_account(world: World) {
    let shared = EmailAddress::parse("shared@example.com").unwrap();
    world.insert(world.make.user("local").local().email(Some(shared.clone()))).await;
    for login in ["local", "shared@example.com"] {
        assert_eq!(login_of(&world, login).await, None, "a local account was found");
    }
    let ada = world.insert(world.make.user("ada").email(Some(shared))).await;
    let found = login_of(&world, "shared@example.com").await;
    assert_eq!(found, Some(ada.id), "a local account's address counts");
}

pub async fn an_identity_is_the_account_with_that_external_id_whatever_its_logins(world: World) {
    world.user("first").await;
    let ada = world.insert(world.make.user("ada").external_id("00u1")).await;
    world.insert(world.make.user("last").external_id("00u2")).await;
    for logins in [&[][..], &["ada"], &["first"], &["first", "ada", "last"], &["nobody"]] {
        assert_eq!(identity_of(&world, "00u1", logins).await, Some(ada.id), "a login went before the external id");
    }
}

pub async fn an_identity_is_else_the_first_account_that_a_login_names(world: World) {
    let zoe = world.insert(world.make.user("zoe").external_id("00u1")).await;
    let ada = world.user("ada").await;
    for (logins, found) in [
        (&["ada"][..], &ada),
        (&["zoe"], &zoe),
        (&["ada", "zoe"], &ada),
        (&["zoe", "ada"], &zoe),
        (&["nobody", "ada", "zoe"], &ada),
        (&["nobody", "zoe", "ada"], &zoe),
    ] {
        assert_eq!(identity_of(&world, "unknown", logins).await, Some(found.id), "{logins:?}");
    }
}

pub async fn a_login_of_an_identity_is_a_user_name_without_regard_to_case(world: World) {
    let user = world.insert(world.make.user("Ádá.Lovelace").email(None)).await;
    for login in ["Ádá.Lovelace", "ádá.lovelace", "ÁDÁ.LOVELACE"] {
        assert_eq!(identity_of(&world, "unknown", &[login]).await, Some(user.id));
    }
}

pub async fn an_identity_is_never_a_local_account(world: World) {
    world.insert(world.make.user("root").external_id("00u1").admin().local()).await;
    let ada = world.user("ada").await;
    let local = "a local account was found";
    assert_eq!(identity_of(&world, "00u1", &[]).await, None, "{local}");
    assert_eq!(identity_of(&world, "unknown", &["root"]).await, None, "{local}");
    assert_eq!(identity_of(&world, "00u1", &["root"]).await, None, "{local}");
    assert_eq!(identity_of(&world, "00u1", &["root", "ada"]).await, Some(ada.id), "{local}");
}

pub async fn an_identity_is_found_active_or_not(world: World) {
    let gone = world.insert(world.make.user("gone").external_id("00u1").deactivated()).await;
    let root = world.insert(world.make.user("root").admin()).await;
    for (user, subject, login) in [(&gone, "00u1", "nobody"), (&gone, "unknown", "gone"), (&root, "unknown", "root")] {
        let found = world.candidates(subject, &[login]).await;
        let found = found.by_external_id.or(found.by_user_name.first().map(|(_, person)| *person)).unwrap();
        assert_eq!((found.account, found.version), (user.account(), user.version));
    }
}

pub async fn an_identity_that_is_nobodys_finds_nobody(world: World) {
    let address = EmailAddress::parse("ada@example.com").unwrap();
    world.insert(world.make.user("ada").external_id("00uA").email(Some(address))).await;
    for subject in ["", "00ua", "00uA ", "00u", "00u_", "ada", "%"] {
        for logins in [&[][..], &[""], &["ad", "adaa", "a%", "00uA"], &["ada@example.com"]] {
            assert_eq!(identity_of(&world, subject, logins).await, None, "{subject:?} {logins:?}");
        }
    }
}

pub async fn a_changed_role_is_written_with_its_record(world: World) {
    world.insert(world.make.user("root").admin()).await;
    let ada = world.user("ada").await;
    for role in [Role::Admin, Role::User] {
        world.tick();
        let event = world.make.event("test.role", Some(ada.id));
        let at = world.make.now();
        let outcome = world.stores.users.change_role(ada.id, role, at, &event).await.unwrap();
        assert_eq!(outcome, RoleOutcome::Changed);
        world.assert_recorded(&event).await;
        let stored = world.profile(ada.id).await.user;
        let expected = User { role, updated_at: at, ..ada.clone() };
        assert_eq!(stored, expected, "only the role and `updated_at` change");
        assert_eq!(stored.version, ada.version, "a change of role raised the directory's version");
    }
}

pub async fn a_role_that_the_person_has_already_is_not_written(world: World) {
    let root = world.insert(world.make.user("root").admin()).await;
    let ada = world.user("ada").await;
    world.tick();
    let before = world.snapshot().await;
    assert_eq!(change(&world, root.id, Role::Admin).await, RoleOutcome::Unchanged);
    assert_eq!(change(&world, ada.id, Role::User).await, RoleOutcome::Unchanged);
    world.assert_nothing_written(&before).await;
}

pub async fn the_role_of_nobody_is_not_found(world: World) {
    world.insert(world.make.user("root").admin()).await;
    let before = world.snapshot().await;
    for role in [Role::Admin, Role::User] {
        let nobody = UserId::new(world.make.now(), &*world.make.entropy);
        assert_eq!(change(&world, nobody, role).await, RoleOutcome::NotFound);
    }
    world.assert_nothing_written(&before).await;
}

pub async fn the_role_of_a_local_account_is_not_found(world: World) {
    world.insert(world.make.user("root").admin()).await;
    let admin = world.insert(world.make.user("local").admin().local()).await;
    let user = world.insert(world.make.user("other").local()).await;
    let before = world.snapshot().await;
    for id in [admin.id, user.id] {
        for role in [Role::Admin, Role::User] {
            assert_eq!(change(&world, id, role).await, RoleOutcome::NotFound, "a local account has a role to change");
        }
    }
    world.assert_nothing_written(&before).await;
}

pub async fn a_local_admin_is_none_that_is_left(world: World) {
    let root = world.insert(world.make.user("root").admin()).await;
    world.insert(world.make.user("local").admin().local()).await;
    let before = world.snapshot().await;
    assert_eq!(change(&world, root.id, Role::User).await, RoleOutcome::LastAdmin, "only a local admin is left");
    world.assert_nothing_written(&before).await;
}

pub async fn the_last_active_admin_keeps_the_role(world: World) {
    let root = world.insert(world.make.user("root").admin()).await;
    // A deactivated admin cannot undo anything, so they do not count.
    let gone = world.insert(world.make.user("gone").admin().deactivated()).await;
    world.user("ada").await;
    let before = world.snapshot().await;
    assert_eq!(change(&world, root.id, Role::User).await, RoleOutcome::LastAdmin);
    world.assert_nothing_written(&before).await;

    assert_eq!(change(&world, gone.id, Role::User).await, RoleOutcome::Changed, "they were no active admin");
    assert_eq!(change(&world, root.id, Role::User).await, RoleOutcome::LastAdmin);
}

pub async fn an_admin_loses_the_role_while_another_active_one_is_left(world: World) {
    let root = world.insert(world.make.user("root").admin()).await;
    let ada = world.user("ada").await;
    assert_eq!(change(&world, ada.id, Role::Admin).await, RoleOutcome::Changed);
    assert_eq!(change(&world, root.id, Role::User).await, RoleOutcome::Changed);
    assert_eq!(change(&world, ada.id, Role::User).await, RoleOutcome::LastAdmin);
}

pub async fn two_admins_who_demote_each_other_at_once_leave_one(world: World) {
    let (ada, grace) =
        (world.insert(world.make.user("ada").admin()).await, world.insert(world.make.user("grace").admin()).await);
    for _ in 0..10 {
        let outcomes = race(2, |number| {
            let (world, id) = (world.clone(), [ada.id, grace.id][number]);
            async move { change(&world, id, Role::User).await }
        })
        .await;
        assert_eq!(count(&outcomes, &RoleOutcome::Changed), 1);
        assert_eq!(count(&outcomes, &RoleOutcome::LastAdmin), 1);
        for id in [ada.id, grace.id] {
            change(&world, id, Role::Admin).await;
        }
    }
}

pub async fn however_many_admins_are_demoted_at_once_one_is_left(world: World) {
    let mut admins = Vec::new();
    for number in 0..RACERS {
        admins.push(world.insert(world.make.user(&format!("admin{number}")).admin()).await.id);
    }
    let outcomes = race(RACERS, |number| {
        let (world, id) = (world.clone(), admins[number]);
        async move { change(&world, id, Role::User).await }
    })
    .await;
    assert_eq!(count(&outcomes, &RoleOutcome::Changed), RACERS - 1);
    assert_eq!(count(&outcomes, &RoleOutcome::LastAdmin), 1);
    assert_eq!(world.recorded("test.role.changed").await, RACERS - 1);
    let mut left = Vec::new();
    for id in admins {
        left.extend(world.stores.users.account(id).await.unwrap().filter(|account| account.role == Role::Admin));
    }
    assert_eq!(left.len(), 1);
}

async fn login_of(world: &World, login: &str) -> Option<UserId> {
    world.stores.users.find_login(login).await.unwrap().map(|account| account.id)
}

async fn identity_of(world: &World, subject: &str, logins: &[&str]) -> Option<UserId> {
    let found = world.candidates(subject, logins).await;
    let found = found.by_external_id.or(found.by_user_name.first().map(|(_, person)| *person));
    found.map(|person| person.account.id)
}

async fn change(world: &World, id: UserId, role: Role) -> RoleOutcome {
    let event = world.make.event("test.role.changed", Some(id));
    world.stores.users.change_role(id, role, world.make.now(), &event).await.unwrap()
}
