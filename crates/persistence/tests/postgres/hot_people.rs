//! A page of people, whatever is asked: never by a look at all of them, and the same people as without an index.

use muster_domain::TeamId;
use muster_domain::page::Limit;
use muster_domain::user::{Role, UserKey, UserQuery, UserStore};
use muster_domain::verification::{ChannelSet, Method};

use crate::hot_queries::hold;
use crate::plans::Filled;

/// As many as are looked at one by one, and some more.
const ONE_BY_ONE: f64 = 5_100.0;

fn team(number: u8) -> TeamId {
    TeamId(format!("00000000-0000-7000-8000-0000000000{number:02x}").parse().unwrap())
}

fn query() -> UserQuery {
    UserQuery { limit: Limit::new(20).unwrap(), ..UserQuery::default() }
}

fn searching(text: &str) -> UserQuery {
    UserQuery { search: Some(text.to_owned()), ..query() }
}

/// Each fifth person can be on call and is in a small team, each thousandth is an admin, the last of ten is not active.
pub(crate) async fn all(filled: &Filled) {
    let astray = "reach <> reach_of(id, active, email_fingerprint, phone_fingerprint)";
    assert!(filled.people(astray).await.is_empty(), "those who filled this in know what the triggers do");
    without_a_search(filled).await;
    searches(filled).await;
}

async fn without_a_search(filled: &Filled) {
    for (after, so) in [(None, "TRUE"), (Some("person-050000"), "user_name > 'person-050000'")] {
        let all = UserQuery { after: after.map(UserKey::of), ..query() };
        page(filled, &all, so, 42.0).await;
        for (active, which) in [(true, "active"), (false, "NOT active")] {
            let some = UserQuery { active: Some(active), ..all.clone() };
            page(filled, &some, &format!("{so} AND {which}"), 42.0).await;
        }
        for (role, which) in [(Role::Admin, "role = 'admin'"), (Role::User, "role = 'user'")] {
            let some = UserQuery { role: Some(role), ..all.clone() };
            page(filled, &some, &format!("{so} AND {which}"), 42.0).await;
            let some = UserQuery { can_be_on_call: Some(false), ..some };
            page(filled, &some, &format!("{so} AND {which} AND reach <> 7"), 105.0).await;
        }
        for required in [ChannelSet::ALL, ChannelSet::of([Method::Email]).unwrap()] {
            for (can, which) in [(true, "reach = 7"), (false, "reach <> 7")] {
                let some = UserQuery { required, can_be_on_call: Some(can), ..all.clone() };
                page(filled, &some, &format!("{so} AND {which}"), 42.0).await;
                let some = UserQuery { active: Some(true), ..some };
                page(filled, &some, &format!("{so} AND {which} AND active"), 42.0).await;
            }
        }
        let member = "AND EXISTS (SELECT FROM team_members m WHERE m.user_id = users.id AND m.team_id::text LIKE";
        for (number, end, most) in [(5, "%05", 100.0), (201, "%c9", ONE_BY_ONE)] {
            let some = UserQuery { team: Some(team(number)), ..all.clone() };
            page(filled, &some, &format!("{so} {member} '{end}')"), most).await;
            let some = UserQuery { can_be_on_call: Some(false), ..some };
            page(filled, &some, &format!("{so} {member} '{end}') AND reach <> 7"), most).await;
        }
    }
}

async fn searches(filled: &Filled) {
    // What all have, many, some, one and nobody; what comes late; what is shorter than the index's threes, or is no letter.
    for text in [
        "person",
        "example.com",
        "e",
        "9",
        "99",
        "77777",
        "7777",
        "PERSON-077777@example.com",
        "zq",
        "z",
        "nobody",
        "%",
        "_",
        "4@",
        "12@e",
        "\u{1f600}",
        "son-0990",
    ] {
        let fits = format!("strpos(search_key, lower('{text}')) > 0");
        page(filled, &searching(text), &fits, ONE_BY_ONE).await;
        let after = Some(UserKey::of("person-060000"));
        let some = UserQuery { after, role: Some(Role::User), active: Some(true), ..searching(text) };
        let fits = format!("{fits} AND user_name > 'person-060000' AND role = 'user' AND active");
        page(filled, &some, &fits, ONE_BY_ONE).await;
        let some = UserQuery { can_be_on_call: Some(false), ..some };
        page(filled, &some, &format!("{fits} AND reach <> 7"), ONE_BY_ONE).await;
        for (number, end) in [(5, "%05"), (201, "%c9")] {
            let some = UserQuery { team: Some(team(number)), ..some.clone() };
            let member = "EXISTS (SELECT FROM team_members m WHERE m.user_id = users.id AND m.team_id::text LIKE";
            page(filled, &some, &format!("{fits} AND reach <> 7 AND {member} '{end}')"), ONE_BY_ONE).await;
        }
    }
    // As many as fit, and no more.
    page(filled, &searching("person-09"), "user_name LIKE 'person-09%'", 10_000.0).await;
}

async fn page(filled: &Filled, query: &UserQuery, fitting: &str, most: f64) {
    let expected = filled.people(fitting).await;
    let ask = async || {
        let page = UserStore::list(&filled.store, query).await.unwrap();
        assert_eq!(page.into_iter().map(|person| person.user_name).collect::<Vec<_>>(), expected, "{fitting}");
    };
    hold(fitting, &filled.scans(ask).await, &["users"], most);
}
