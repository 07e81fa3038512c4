use std::cmp::Reverse;

use muster_domain::UserId;
use muster_domain::access::Candidates;
use muster_domain::break_glass::{BreakGlassAccount, Credential};
use muster_domain::directory::InsertOutcome;
use muster_domain::notice::Notice;
use muster_domain::user::{Account, Role, RoleOutcome, Source, UserQuery, fold};
use muster_domain::verification::Method;

use crate::contract::World;
use crate::contract::directory_world::{everything, named};
use crate::contract::race::{RACERS, count, race};

pub async fn an_account_is_inserted_with_its_admin_and_its_record(world: World) {
    let (user, hash) = (world.make.break_glass_admin("Réscue 1"), world.make.password_hash());
    let (tag, event) = (world.make.password_tag(), world.make.event("test.inserted", Some(user.id)));
    let outcome = world.stores.break_glass.insert(&user, "Réscue 1", &hash, tag, &event).await.unwrap();
    assert_eq!(outcome, InsertOutcome::Inserted);
    world.assert_recorded(&event).await;
    for name in ["Réscue 1", "rÉSCUE 1", " réscue 1 "] {
        let expected =
            Credential { user_id: user.id, name: "Réscue 1".to_owned(), hash: hash.clone(), tag: Some(tag) };
        assert_eq!(world.stores.break_glass.find(name).await.unwrap(), Some(expected), "{name:?}");
    }
    for name in ["", "réscue", "%", "\0", "Réscue 1\0", "rescue 1", "break-glass: Réscue 1"] {
        assert_eq!(world.stores.break_glass.find(name).await.unwrap(), None, "{name:?}");
    }
    let expected = BreakGlassAccount {
        user_id: user.id,
        name: "Réscue 1".to_owned(),
        created_at: user.created_at,
        revoked_at: None,
        last_used_at: None,
    };
    assert_eq!(list(&world).await, [expected]);
    assert_eq!(world.profile(user.id).await.user, user);
    let account = world.stores.users.account(user.id).await.unwrap();
    assert_eq!(account, Some(Account { id: user.id, role: Role::Admin, active: true, source: Source::Local }));
}

pub async fn no_account_is_inserted_whose_name_is_taken_without_regard_to_case(world: World) {
    world.account("Réscue").await;
    let before = world.snapshot().await;
    for name in ["Réscue", "rÉSCUE", " réscue "] {
        assert_eq!(insert(&world, name).await, InsertOutcome::Taken);
        world.assert_nothing_written(&before).await;
    }
}

pub async fn a_name_whose_account_is_revoked_is_free(world: World) {
    let (first, _) = world.account("rescue").await;
    assert!(revoke(&world, "rescue").await);
    world.tick();
    let (second, hash) = world.account("Rescue").await;
    let found = world.stores.break_glass.find("rescue").await.unwrap();
    let found = found.map(|found| (found.user_id, found.name, found.hash));
    assert_eq!(found, Some((second.id, "Rescue".to_owned(), hash)));
    assert_eq!(list(&world).await.iter().map(|account| account.user_id).collect::<Vec<_>>(), [second.id, first.id]);
}

pub async fn of_many_accounts_of_one_name_at_once_exactly_one_is_inserted(world: World) {
    let outcomes = race(RACERS, |number| {
        let world = world.clone();
        async move { insert(&world, if number % 2 == 0 { "rescue" } else { "RESCUE" }).await }
    })
    .await;
    assert_eq!(count(&outcomes, &InsertOutcome::Inserted), 1, "not exactly one account was made");
    assert_eq!(count(&outcomes, &InsertOutcome::Taken), RACERS - 1);
    assert_eq!(world.recorded("test.account").await, 1);
    assert_eq!(list(&world).await.len(), 1);
}

pub async fn accounts_are_listed_by_folded_name_then_the_newest_first(world: World) {
    let mut expected = Vec::new();
    for name in ["b", "A", "b", "É", "a", "B", "éa"] {
        revoke(&world, name).await;
        world.tick();
        world.account(name).await;
    }
    expected.extend(list(&world).await);
    assert_eq!(expected.len(), 7, "an account is missing, or listed twice");
    expected.sort_by_key(|account| (fold(&account.name), Reverse(account.created_at)));
    assert_eq!(list(&world).await, expected);
    assert_eq!(expected.iter().filter(|account| account.revoked_at.is_none()).count(), 4);
}

pub async fn an_account_is_seen_nowhere_else(world: World) {
    let root = world.insert(world.make.user("root").admin()).await;
    let (rescue, _) = world.account("rescue").await;
    let listed: Vec<_> = world.people(&UserQuery::default()).await.iter().map(|user| user.id).collect();
    assert_eq!(listed, [root.id], "a break-glass account is listed");
    for name in ["rescue", "break-glass: rescue"] {
        assert_eq!(world.stores.users.find_login(name).await.unwrap(), None, "a break-glass account has a login");
        assert_eq!(world.candidates("", &[name]).await, Candidates::default(), "an identity is a local account");
        assert_eq!(world.find_user(&named(name)).await, None, "the directory knows a break-glass account");
    }
    assert_eq!(world.stores.delivered.user(rescue.id).await.unwrap(), None);
    assert_eq!(world.stores.delivered.users(&everything()).await.unwrap().items, [root]);
}

pub async fn the_directory_may_have_somebody_of_the_name_of_an_account(world: World) {
    let (rescue, _) = world.account("rescue").await;
    for name in ["rescue", "Break-Glass: Rescue"] {
        let user = world.user(name).await;
        assert_eq!(world.find_user(&named(&name.to_lowercase())).await, Some(user));
    }
    world.account("another").await;
    assert_eq!(world.profile(rescue.id).await.user, rescue);
}

pub async fn an_account_is_no_admin_of_the_directorys(world: World) {
    let root = world.insert(world.make.user("root").admin()).await;
    let (rescue, _) = world.account("rescue").await;
    let change = async |id| {
        let event = world.make.event("test.role", Some(id));
        world.stores.users.change_role(id, Role::User, world.make.now(), &event).await.unwrap()
    };
    let before = world.snapshot().await;
    assert_eq!(change(rescue.id).await, RoleOutcome::NotFound, "a break-glass account lost its role");
    assert_eq!(change(root.id).await, RoleOutcome::LastAdmin, "a break-glass account counts for an admin");
    world.assert_nothing_written(&before).await;
}

pub async fn a_revoked_account_works_no_more_and_its_person_is_deactivated(world: World) {
    let (rescue, _) = world.account("Rescue").await;
    let (other, others) = world.account("other").await;
    world.tick();
    let (at, event) = (world.make.now(), world.make.event("test.revoked", Some(rescue.id)));
    assert!(world.stores.break_glass.revoke(" rESCUE", at, &event).await.unwrap());
    world.assert_recorded(&event).await;
    assert_eq!(world.stores.break_glass.find("Rescue").await.unwrap(), None);
    assert!(!world.stores.users.account(rescue.id).await.unwrap().unwrap().active, "its person is still active");
    let accounts = list(&world).await;
    let ended: Vec<_> = accounts.iter().map(|account| (account.name.as_str(), account.revoked_at)).collect();
    assert_eq!(ended, [("other", None), ("Rescue", Some(at))]);
    let credential = world.stores.break_glass.find("other").await.unwrap();
    let credential = credential.map(|found| (found.user_id, found.name, found.hash));
    assert_eq!(credential, Some((other.id, "other".to_owned(), others)));
    assert!(world.stores.users.account(other.id).await.unwrap().unwrap().active);
}

pub async fn nothing_is_revoked_that_is_no_account_that_works(world: World) {
    world.account("rescue").await;
    world.account("gone").await;
    world.user("ada").await;
    assert!(revoke(&world, "gone").await);
    let before = world.snapshot().await;
    world.tick();
    for name in ["gone", "ada", "", "resc", "break-glass: rescue"] {
        assert!(!revoke(&world, name).await, "{name:?}");
        world.assert_nothing_written(&before).await;
    }
}

pub async fn of_many_revocations_at_once_exactly_one_is_true(world: World) {
    world.account("rescue").await;
    let outcomes = race(RACERS, |_| {
        let world = world.clone();
        async move { revoke(&world, "rescue").await }
    })
    .await;
    assert_eq!(count(&outcomes, &true), 1, "not exactly one revocation ended the account");
    assert_eq!(world.recorded("test.account.revoked").await, 1);
}

pub async fn the_directorys_active_admins_who_have_an_address_are_told(world: World) {
    assert_eq!(admins(&world).await, []);
    let mut expected = Vec::new();
    for name in ["root", "second"] {
        expected.push(world.insert(world.make.user(name).admin()).await.id);
    }
    world.user("ada").await;
    world.insert(world.make.user("gone").admin().deactivated()).await;
    world.insert(world.make.user("local").admin().local()).await;
    world.insert(world.make.user("unreachable").admin().email(None)).await;
    world.account("rescue").await;
    let removed = world.insert(world.make.user("removed").admin()).await;
    world.removed(&removed).await;
    expected.sort_unstable();
    assert_eq!(admins(&world).await, expected, "not the directory's active admins with an address");
}

pub async fn a_use_is_noted_with_its_notices_and_its_record(world: World) {
    let root = world.insert(world.make.user("root").admin()).await;
    let (rescue, _) = world.account("rescue").await;
    let (other, _) = world.account("other").await;
    world.tick();
    let at = world.make.now();
    let notices = [world.make.notice(root.id, Method::Email), world.make.notice(root.id, Method::Sms)];
    let event = world.make.event("test.used", Some(rescue.id));
    assert!(world.stores.break_glass.record_use(rescue.id, at, &notices, &event).await.unwrap());
    world.assert_recorded(&event).await;
    let mut claimed: Vec<Notice> = world.claim(9).await;
    claimed.sort_by_key(|notice| notice.id);
    let mut expected = notices.map(|notice| Notice { attempts: 1, ..notice });
    expected.sort_by_key(|notice| notice.id);
    assert_eq!(claimed, expected);
    let used: Vec<_> = list(&world).await.iter().map(|account| (account.user_id, account.last_used_at)).collect();
    assert_eq!(used, [(other.id, None), (rescue.id, Some(at))]);
    assert_eq!(world.profile(rescue.id).await.user, rescue, "more was noted than the use");
}

pub async fn no_use_is_noted_of_an_account_that_does_not_work(world: World) {
    let root = world.insert(world.make.user("root").admin()).await;
    let (rescue, _) = world.account("rescue").await;
    assert!(revoke(&world, "rescue").await);
    world.account("rescue").await;
    let before = world.snapshot().await;
    world.tick();
    for id in [rescue.id, root.id, UserId::new(world.make.now(), &*world.make.entropy)] {
        let noted = record_use(&world, id, root.id).await;
        assert!(!noted, "a use was noted of an account that does not work");
        world.assert_nothing_written(&before).await;
        assert_eq!(world.claim(9).await, [], "somebody is told of a use that was none");
    }
}

pub async fn uses_and_a_revocation_at_once_are_each_all_or_nothing(world: World) {
    let root = world.insert(world.make.user("root").admin()).await;
    let (rescue, _) = world.account("rescue").await;
    let noted = race(RACERS, |number| {
        let (world, id, root) = (world.clone(), rescue.id, root.id);
        async move {
            if number == RACERS / 2 {
                assert!(revoke(&world, "rescue").await);
                return false;
            }
            record_use(&world, id, root).await
        }
    })
    .await;
    let noted = count(&noted, &true);
    assert_eq!(
        world.recorded("test.account.used").await,
        noted,
        "a record of what did not happen, or none of what did"
    );
    assert_eq!(world.claim(100).await.len(), noted, "somebody is told of what did not happen, or not of what did");
    assert!(!record_use(&world, rescue.id, root.id).await);
}

async fn insert(world: &World, name: &str) -> InsertOutcome {
    let (user, hash) = (world.make.break_glass_admin(name), world.make.password_hash());
    let event = world.make.event("test.account", Some(user.id));
    world.stores.break_glass.insert(&user, name, &hash, world.make.password_tag(), &event).await.unwrap()
}

async fn list(world: &World) -> Vec<BreakGlassAccount> {
    world.stores.break_glass.list().await.unwrap()
}

async fn revoke(world: &World, name: &str) -> bool {
    let event = world.make.event("test.account.revoked", None);
    world.stores.break_glass.revoke(name, world.make.now(), &event).await.unwrap()
}

async fn record_use(world: &World, id: UserId, told: UserId) -> bool {
    let (event, notice) = (world.make.event("test.account.used", Some(id)), world.make.notice(told, Method::Email));
    world.stores.break_glass.record_use(id, world.make.now(), &[notice], &event).await.unwrap()
}

async fn admins(world: &World) -> Vec<UserId> {
    let mut admins = world.stores.break_glass.admins().await.unwrap();
    admins.sort_unstable();
    admins
}
