use muster_domain::TeamId;
use muster_domain::device::Device;
use muster_domain::housekeeping::OldDevice;
use muster_domain::page::Limit;
use muster_domain::team::{Membership, Team, TeamRole};
use muster_domain::user::{EmailAddress, Phone, Role, User, UserKey, UserQuery, UserSummary};
use muster_domain::verification::{Challenge, ChannelSet, Method};

use crate::contract::World;

pub async fn a_summary_shows_what_is_on_record(world: World) {
    let address = EmailAddress::parse("Ada@Example.com").unwrap();
    let ada = world.insert(world.make.user("Ada").email(Some(address)).display_name("Ada Lovelace").admin()).await;
    let bob = world.insert(world.make.user("bob").email(None).deactivated()).await;
    let (zulu, alpha) = (world.make.team("Zulu"), world.make.team("alpha"));
    world.team(zulu.clone(), &[(&ada, TeamRole::Observer)]).await;
    world.team(alpha.clone(), &[(&ada, TeamRole::TeamAdmin)]).await;
    world.team(Team { active: false, ..world.make.team("Closed") }, &[(&ada, TeamRole::Responder)]).await;
    let place = |team: Team, role| Membership { id: team.id, name: team.name, role };
    let expected = [
        UserSummary {
            id: ada.id,
            user_name: "Ada".to_owned(),
            display_name: "Ada Lovelace".to_owned(),
            email: Some("Ada@Example.com".to_owned()),
            role: Role::Admin,
            active: true,
            can_be_on_call: false,
            teams: vec![place(alpha, TeamRole::TeamAdmin), place(zulu, TeamRole::Observer)],
        },
        UserSummary {
            id: bob.id,
            user_name: "bob".to_owned(),
            display_name: "bob Example".to_owned(),
            email: None,
            role: Role::User,
            active: false,
            can_be_on_call: false,
            teams: vec![],
        },
    ];
    assert_eq!(world.stores.users.list(&UserQuery::default()).await.unwrap(), expected);
}

pub async fn no_local_account_is_listed(world: World) {
    let ada = world.user("ada").await;
    world.insert(world.make.user("local").admin().local()).await;
    for query in [UserQuery::default(), UserQuery { search: Some("a".to_owned()), ..UserQuery::default() }] {
        let listed: Vec<_> = world.people(&query).await.iter().map(|user| user.id).collect();
        assert_eq!(listed, [ada.id], "a local account is listed");
    }
    let admins = UserQuery { role: Some(Role::Admin), ..UserQuery::default() };
    assert_eq!(world.people(&admins).await, [], "a local account is listed");
}

pub async fn people_are_listed_by_folded_user_name_ascending(world: World) {
    let sorted = ["0", "A", "a-b", "A.B", "a_b", "aa", "B", "z", "Ä", "é", "Ω", "я", "\u{1f600}"];
    let mut mixed = sorted;
    mixed.reverse();
    mixed.swap(1, 6);
    for name in mixed {
        world.insert(world.make.user(name).email(None)).await;
    }
    assert_eq!(names(&world, &UserQuery::default()).await, sorted);
}

pub async fn a_list_returns_up_to_one_more_than_the_limit(world: World) {
    for number in 0..7 {
        world.user(&format!("user{number}")).await;
    }
    for limit in 1..=10 {
        let query = UserQuery { limit: Limit::new(limit).unwrap(), ..UserQuery::default() };
        let page = world.stores.users.list(&query).await.unwrap();
        assert_eq!(page.len(), usize::from(limit + 1).min(7));
    }
    let limit = Limit::new(Limit::MAX).unwrap();
    let all = world.stores.users.list(&UserQuery { limit, ..UserQuery::default() }).await.unwrap();
    assert_eq!(all.len(), 7);
}

pub async fn all_pages_together_are_everybody_once(world: World) {
    let mut expected = Vec::new();
    for number in 0..23 {
        let name = if number % 2 == 0 { format!("User{number:02}") } else { format!("user{number:02}") };
        world.user(&name).await;
        expected.push(name);
    }
    for limit in [1, 2, 7, 22, 23, 24] {
        let query = UserQuery { limit: Limit::new(limit).unwrap(), ..UserQuery::default() };
        assert_eq!(names(&world, &query).await, expected);
    }
    let after = Some(UserKey::of("USER20"));
    assert_eq!(names(&world, &UserQuery { after, ..UserQuery::default() }).await, ["user21", "User22"]);
    let after = Some(UserKey::of("user99"));
    assert_eq!(names(&world, &UserQuery { after, ..UserQuery::default() }).await, [""; 0]);
}

pub async fn search_finds_text_in_user_name_display_name_and_email_without_regard_to_case(world: World) {
    let address = |text| Some(EmailAddress::parse(text).unwrap());
    world.insert(world.make.user("émilie").email(None).display_name("Du Châtelet")).await;
    world.insert(world.make.user("grace").email(address("Hopper@Navy.example")).display_name("Rear Admiral")).await;
    world.insert(world.make.user("100%_sure").email(None).display_name("Back\\slash \"quoted' *?[a]")).await;
    world.insert(world.make.user("plain").email(None).display_name("Plain")).await;
    let cases: [(&str, &[&str]); 17] = [
        ("ÉMIL", &["émilie"]),
        ("du châ", &["émilie"]),
        ("DU CHÂT", &["émilie"]),
        ("chat", &[]),
        ("hopper@", &["grace"]),
        ("NAVY", &["grace"]),
        ("rear a", &["grace"]),
        ("a", &["100%_sure", "grace", "plain"]),
        ("%", &["100%_sure"]),
        ("_", &["100%_sure"]),
        ("0%_s", &["100%_sure"]),
        ("p_ain", &[]),
        ("p%n", &[]),
        ("\\", &["100%_sure"]),
        ("\"quoted'", &["100%_sure"]),
        ("[a]", &["100%_sure"]),
        ("nobody", &[]),
    ];
    for (search, expected) in cases {
        let query = UserQuery { search: Some(search.to_owned()), ..UserQuery::default() };
        assert_eq!(names(&world, &query).await, expected, "search for {search}");
    }
}

pub async fn each_filter_alone_leaves_those_who_match(world: World) {
    let crowd = Crowd::gather(&world).await;
    let cases: [(UserQuery, &[&str]); 9] = [
        (UserQuery { role: Some(Role::Admin), ..UserQuery::default() }, &["ready-admin", "gone-admin"]),
        (UserQuery { role: Some(Role::User), ..UserQuery::default() }, &["ready", "unproven", "gone"]),
        (UserQuery { active: Some(true), ..UserQuery::default() }, &["ready", "ready-admin", "unproven"]),
        (UserQuery { active: Some(false), ..UserQuery::default() }, &["gone", "gone-admin"]),
        (UserQuery { team: Some(crowd.team), ..UserQuery::default() }, &["ready", "unproven", "gone-admin"]),
        (UserQuery { team: Some(crowd.empty_team), ..UserQuery::default() }, &[]),
        (UserQuery { team: Some(crowd.inactive_team), ..UserQuery::default() }, &[]),
        (UserQuery { can_be_on_call: Some(true), ..UserQuery::default() }, &["ready", "ready-admin"]),
        (UserQuery { can_be_on_call: Some(false), ..UserQuery::default() }, &["unproven", "gone", "gone-admin"]),
    ];
    for (query, expected) in cases {
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(names(&world, &query).await, expected, "{query:?}");
    }
    let nowhere = TeamId::new(world.make.now(), &*world.make.entropy);
    assert_eq!(names(&world, &UserQuery { team: Some(nowhere), ..UserQuery::default() }).await, [""; 0]);
}

pub async fn every_filter_that_is_given_must_hold(world: World) {
    let crowd = Crowd::gather(&world).await;
    let everybody = world.people(&UserQuery::default()).await;
    for search in [None, Some("READY"), Some("-admin"), Some("gone")] {
        for role in [None, Some(Role::Admin), Some(Role::User)] {
            for active in [None, Some(true), Some(false)] {
                for team in [None, Some(crowd.team)] {
                    for can_be_on_call in [None, Some(true), Some(false)] {
                        for after in [None, Some(UserKey::of("gone-admin")), Some(UserKey::of("READY"))] {
                            let query = UserQuery {
                                search: search.map(str::to_owned),
                                role,
                                active,
                                team,
                                can_be_on_call,
                                after,
                                required: ChannelSet::ALL,
                                limit: Limit::new(2).unwrap(),
                            };
                            let matching = everybody.iter().filter(|user| matches(&query, user));
                            let expected: Vec<&str> = matching.map(|user| user.user_name.as_str()).collect();
                            assert_eq!(names(&world, &query).await, expected, "{query:?}");
                        }
                    }
                }
            }
        }
    }
}

pub async fn can_be_on_call_follows_the_same_rule_as_the_status(world: World) {
    every_subset(&world).await;
    assert_eq!(on_call(&world).await, ["set7"]);

    let ada = ready(&world, "ada").await;
    world.update(world.make.edit(&ada).deactivated().build()).await;
    let ben = ready(&world, "ben").await;
    let other = EmailAddress::parse("other@example.com").unwrap();
    let ben_elsewhere = world.update(world.make.edit(&ben).email(Some(other)).build()).await;
    let cy = ready(&world, "cy").await;
    world.update(world.make.edit(&cy).phone(Some(Phone::from_stored("ext. 12", false))).build()).await;
    let dan = ready(&world, "dan").await;
    world.update(world.make.edit(&dan).phone(None).email(None).build()).await;
    let eve = ready(&world, "eve").await;
    let device = world.profile(eve.id).await.devices.remove(0);
    let event = world.make.event("test.removed", Some(eve.id));
    assert!(world.stores.devices.remove(&world.make.device_removal(eve.id, device.id), &event).await.unwrap());
    assert_eq!(on_call(&world).await, ["set7"]);

    // A proof counts only while the destination has its fingerprint, and so again when it comes back.
    let back = world.make.edit(&ben_elsewhere).email(ben.email.clone()).build();
    world.update(back).await;
    assert_eq!(on_call(&world).await, ["ben", "set7"]);
}

pub async fn can_be_on_call_follows_whatever_changes_it(world: World) {
    let ada = ready(&world, "ada").await;
    assert_eq!(on_call(&world).await, ["ada"]);
    let gone = world.update(world.make.edit(&ada).deactivated().build()).await;
    assert_eq!(on_call(&world).await, [""; 0]);
    let mut ada = world.update(User { active: true, ..gone }).await;
    assert_eq!(on_call(&world).await, ["ada"], "what was proven counts again with its person");

    let phones = world.profile(ada.id).await.devices;
    for method in [Method::Email, Method::Sms] {
        ada = world.apply(&world.next(ada, &[method])).await;
        assert_eq!(on_call(&world).await, [""; 0], "{method:?} was taken back");
        world.make.clock.advance(Challenge::COOLDOWN);
        world.prove(&ada, method).await;
        assert_eq!(on_call(&world).await, ["ada"], "{method:?} was proven again");
    }

    // Another person registers the phone, and proves it too.
    let ben = world.user("ben").await;
    world.prove(&ben, Method::Email).await;
    world.prove(&ben, Method::Sms).await;
    let (token, token_fingerprint) = (phones[0].token.clone(), phones[0].token_fingerprint);
    let bens = world.register(&Device { token, token_fingerprint, ..world.make.device(ben.id) }).await;
    assert_eq!(on_call(&world).await, [""; 0], "a phone is proven for one person");
    assert!(world.complete(&world.open(world.make.push_challenge(&bens)).await).await);
    assert_eq!(on_call(&world).await, ["ben"]);
    world.make.clock.advance(Challenge::COOLDOWN);
    let adas = world.prove_push(&ada).await;
    assert_eq!(on_call(&world).await, ["ada", "ben"]);

    // Of two phones that are proven one is enough.
    world.make.clock.advance(Challenge::COOLDOWN);
    world.prove_push(&ada).await;
    let old = OldDevice { user_id: ada.id, id: adas.id, platform: adas.platform, last_seen_at: adas.last_seen_at };
    let event = world.make.event("test.expired", Some(ada.id));
    assert!(world.stores.housekeeping.expire_device(&old, world.make.now(), &event).await.unwrap());
    assert_eq!(on_call(&world).await, ["ada", "ben"]);

    let event = world.make.event("test.removed", Some(ben.id));
    world.stores.directory.remove_user(&world.make.removal(&ben), &[event]).await.unwrap();
    assert_eq!(on_call(&world).await, ["ada"]);
}

pub async fn only_the_required_channels_count_for_can_be_on_call(world: World) {
    every_subset(&world).await;
    for required in 1..8_u8 {
        let query = UserQuery { required: channels(required), can_be_on_call: Some(true), ..UserQuery::default() };
        let proven = (0..8_u8).filter(|set| set & required == required).map(|set| format!("set{set}"));
        assert_eq!(names(&world, &query).await, proven.collect::<Vec<_>>(), "required: {:?}", query.required);
    }
}

/// People who have each some subset of the three proofs: `set0` none, `set7` all.
pub(super) async fn every_subset(world: &World) {
    for set in 0..8_u8 {
        let user = world.user(&format!("set{set}")).await;
        for method in [Method::Email, Method::Sms].into_iter().filter(|method| set & bit(*method) != 0) {
            world.prove(&user, method).await;
        }
        if set & bit(Method::Push) != 0 {
            world.prove_push(&user).await;
            world.device(&user).await;
        }
    }
}

fn bit(method: Method) -> u8 {
    match method {
        Method::Email => 1,
        Method::Sms => 2,
        Method::Push => 4,
    }
}

/// The channels of the bits of `set`.
pub(super) fn channels(set: u8) -> ChannelSet {
    ChannelSet::of(Method::ALL.into_iter().filter(|method| set & bit(*method) != 0)).unwrap()
}

struct Crowd {
    team: TeamId,
    empty_team: TeamId,
    /// It has members, but is shown nowhere.
    inactive_team: TeamId,
}

impl Crowd {
    async fn gather(world: &World) -> Self {
        let calm = ready(world, "ready").await;
        let admin = ready(world, "ready-admin").await;
        let event = world.make.event("test.role", Some(admin.id));
        world.stores.users.change_role(admin.id, Role::Admin, world.make.now(), &event).await.unwrap();
        let unproven = world.user("unproven").await;
        let gone = ready(world, "gone").await;
        let gone = world.update(world.make.edit(&gone).deactivated().build()).await;
        let gone_admin = world.insert(world.make.user("gone-admin").admin().deactivated()).await;
        assert!(!gone.active);
        let members = [&calm, &unproven, &gone_admin].map(|user| (user, TeamRole::Responder));
        let team = world.team(world.make.team("Night"), &members).await.id;
        world.team(world.make.team("Day"), &[(&gone, TeamRole::Observer)]).await;
        let empty_team = world.team(world.make.team("Empty"), &[]).await.id;
        let closed = Team { active: false, ..world.make.team("Closed") };
        let inactive_team = world.team(closed, &members).await.id;
        Self { team, empty_team, inactive_team }
    }
}

/// Somebody who can be on call.
pub(super) async fn ready(world: &World, name: &str) -> User {
    let user = world.user(name).await;
    world.prove(&user, Method::Email).await;
    world.prove(&user, Method::Sms).await;
    world.prove_push(&user).await;
    user
}

async fn names(world: &World, query: &UserQuery) -> Vec<String> {
    world.people(query).await.into_iter().map(|user| user.user_name).collect()
}

/// Who can be on call when every channel is required, after checking that the list, both filters and the status agree on
/// everybody, whatever is required.
async fn on_call(world: &World) -> Vec<String> {
    let mut can = Vec::new();
    for required in (1..8).map(channels) {
        let query = |can| UserQuery { required, can_be_on_call: can, ..UserQuery::default() };
        can = names(world, &query(Some(true))).await;
        let cannot = names(world, &query(Some(false))).await;
        for user in world.people(&query(None)).await {
            let status = world.profile(user.id).await.verification(required, world.make.now());
            let name = &user.user_name;
            assert_eq!(user.can_be_on_call, status.can_be_on_call(), "{name}, when {required:?} are required");
            assert_eq!(can.contains(name), user.can_be_on_call, "{name}, when {required:?} are required");
            assert_eq!(cannot.contains(name), !user.can_be_on_call, "{name}, when {required:?} are required");
        }
    }
    can
}

fn matches(query: &UserQuery, user: &UserSummary) -> bool {
    let name = user.user_name.to_lowercase();
    query.search.as_ref().is_none_or(|search| name.contains(&search.to_lowercase()))
        && query.role.is_none_or(|role| user.role == role)
        && query.active.is_none_or(|active| user.active == active)
        && query.team.is_none_or(|team| user.teams.iter().any(|membership| membership.id == team))
        && query.can_be_on_call.is_none_or(|can| user.can_be_on_call == can)
        && query.after.as_ref().is_none_or(|after| UserKey(name) > *after)
}
