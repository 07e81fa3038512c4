use std::sync::Arc;

use muster_crypto::{Keyring, Pepper, SystemEntropy};
use muster_domain::directory::{BrakePolicy, DirectoryService};
use muster_domain::user::UserService;
use muster_scim::read_user;
use muster_testkit::MemoryStore;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::wiring;

struct World {
    store: MemoryStore,
    directory: DirectoryService,
    users: UserService,
}

fn world() -> World {
    let store = MemoryStore::new();
    let shared = Arc::new(store.clone());
    let keyring = Arc::new(Keyring::new(&Pepper::generate(&SystemEntropy)));
    World {
        store,
        directory: wiring::directory(&shared, keyring, BrakePolicy::default()),
        users: wiring::users(&shared),
    }
}

impl World {
    async fn import(&self, file: &str) -> (Vec<String>, Summary) {
        let mut told = Vec::new();
        let roster = parse(file.as_bytes()).unwrap();
        let summary = run(&roster, &self.directory, "GB".parse().ok(), |entry| told.extend(entry.lines())).await;
        (told, summary.unwrap())
    }
}

/// As Okta exports people.
const OKTA: &str = r#"{
  "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
  "totalResults": 2,
  "Resources": [
    {
      "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
      "id": "23a35c27-23d3-4c03-b4c5-6443c09e7173", "externalId": "00ujl29u0le5T6Aj10h7",
      "userName": "ada@example.com",
      "name": {"givenName": "Ada", "middleName": "", "familyName": "Lovelace"},
      "emails": [{"primary": false, "value": "ada@home.example", "type": "home"}, {"primary": true, "value": "Ada@Example.com", "type": "work"}],
      "phoneNumbers": [{"value": "+44 20 7946 0000", "type": "work", "primary": true}, {"value": "+1 (202) 555-0100", "type": "mobile"}],
      "displayName": "Ada Lovelace", "locale": "en-GB", "timezone": "Europe/London", "active": true, "groups": [],
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Engines"}
    },
    { "externalId": "00ujl29u0le5T6Aj10h8", "userName": "grace@example.com", "active": true,
      "emails": [{"value": "grace@example.com"}] }
  ]
}"#;

#[tokio::test]
async fn list_response_is_taken_over_and_importing_it_again_changes_nothing() {
    let world = world();
    let (told, summary) = world.import(OKTA).await;
    assert_eq!(told, ["line 5: added ada@example.com", "line 15: added grace@example.com"]);
    assert_eq!(summary, Summary { added: 2, ..Summary::default() });

    let ada = world.users.users.find_login("ada@example.com").await.unwrap().unwrap();
    let ada = world.users.profile(ada.id).await.unwrap().unwrap().user;
    assert_eq!(ada.external_id.as_deref(), Some("00ujl29u0le5T6Aj10h7"));
    assert_eq!(ada.email.unwrap().as_str(), "Ada@Example.com");
    assert_eq!(ada.phone.unwrap().as_str(), "+12025550100");
    assert_eq!((ada.locale.as_deref(), ada.time_zone.as_deref()), (Some("en-GB"), Some("Europe/London")));

    let trail = world.store.audit_trail();
    let (told, summary) = world.import(OKTA).await;
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(summary, Summary { unchanged: 2, ..Summary::default() });
    assert_eq!(world.store.audit_trail(), trail);
}

#[tokio::test]
async fn each_kind_of_change_is_told() {
    let world = world();
    let before =
        r#"[{"userName":"a","displayName":"A"},{"userName":"b"},{"userName":"c","active":false},{"userName":"d"}]"#;
    world.import(before).await;
    let after = r#"[
{"userName":"a","displayName":"Aleph","emails":[{"value":"a@example.com"}]},
{"userName":"b","active":"False"},
{"userName":"c","active":"True"},
{"userName":"d"}
]"#;
    let (told, summary) = world.import(after).await;
    assert_eq!(told, ["line 2: changed a (displayName, email)", "line 3: deactivated b", "line 4: reactivated c"]);
    assert_eq!(summary.to_string(), "0 added, 1 changed, 1 deactivated, 1 reactivated, 1 unchanged, 0 refused");
}

#[tokio::test]
async fn bad_records_are_refused_with_line_and_reason_and_hinder_no_other() {
    let world = world();
    let long = "x".repeat(256);
    let file = format!(
        r#"[
{{"userName":"good1"}},
{{"displayName":"nobody"}},
{{"userName":42}},
"just a string",
{{"userName":"bad-mail","emails":[{{"value":"not an address"}}]}},
{{"userName":"bad-list","emails":"a@example.com","phoneNumbers":[7]}},
{{"userName":"{long}"}},
{{"userName":"nul\u0000"}},
{{"userName":"half a pair \ud800"}},
{{"userName":"GOOD1"}},
{{"userName":"maybe","active":"perhaps"}},
{{"userName":"good2","externalId":"x1"}},
{{"userName":"good3","externalId":"x1"}},
null,
{{"userName":"good4"}}
]"#
    );
    let (told, summary) = world.import(&file).await;
    assert_eq!(
        told,
        [
            "line 2: added good1",
            "line 3: refused: userName is required",
            "line 4: refused: userName must be a string",
            "line 5: refused: record must be an object",
            "line 6: added bad-mail",
            "line 6: note: the e-mail address of bad-mail is kept, but it is none",
            "line 7: refused bad-list: emails must be a list; phoneNumbers[0] must be an object",
            "line 8: refused xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: userName must not be longer than 255 characters",
            "line 9: refused nul\\0: userName must not contain control characters or invisible ones",
            "line 10: refused: record cannot be read: unexpected end of hex escape",
            "line 11: refused GOOD1: userName is that of line 2",
            "line 12: refused maybe: active must be true or false",
            "line 13: added good2",
            "line 14: refused good3: externalId is that of line 13",
            "line 15: refused: record must be an object",
            "line 16: added good4",
        ]
    );
    assert_eq!((summary.added, summary.refused), (4, 11));
}

#[tokio::test]
async fn user_name_of_another_external_id_is_refused() {
    let world = world();
    world.import(r#"[{"userName":"ada","externalId":"x1"}]"#).await;
    let (told, summary) = world.import(r#"[{"userName":"ada","externalId":"x2"}]"#).await;
    assert_eq!(told, ["line 1: refused ada: the user name or external id belongs to another person"]);
    assert_eq!(summary.refused, 1);
}

#[tokio::test]
async fn undeliverable_phone_is_kept_and_noted() {
    let world = world();
    let (told, summary) = world.import(r#"[{"userName":"ada","phoneNumbers":[{"value":"ask reception"}]}]"#).await;
    assert_eq!(
        told,
        [
            "line 1: added ada",
            "line 1: note: the phone number of ada is kept, but it is no number that a text message can reach"
        ]
    );
    assert_eq!(summary.added, 1);
}

#[tokio::test]
async fn phone_without_country_code_is_of_the_default_region() {
    let world = world();
    let (told, _) = world.import(r#"[{"userName":"ada","phoneNumbers":[{"value":"07400 123456"}]}]"#).await;
    assert_eq!(told, ["line 1: added ada"]);
}

#[tokio::test]
async fn failing_store_stops_the_import_and_names_the_line() {
    let world = world();
    world.store.set_unavailable(true);
    let roster = parse(b"[\n\n{\"userName\":\"a\"}]").unwrap();
    let error = run(&roster, &world.directory, None, |_| {}).await.unwrap_err();
    assert_eq!(error.to_string(), "the import stopped at line 3; run it again to go on");
}

const NEITHER: &str = "neither a SCIM 2.0 ListResponse (an object with a list of `Resources`) nor a list of User \
    resources; what the own APIs of Okta and Microsoft Graph list is not SCIM";

#[rstest]
#[case::empty("", "not JSON at line 1, column 0: EOF while parsing a value")]
#[case::cut_short("[\n{\"userName\":\n", "not JSON at line 3, column 0: EOF while parsing a value")]
#[case::comma("[{},\n]", "not JSON at line 2, column 1: expected value")]
#[case::two_documents("[]\n[]", "not JSON at line 2, column 1: trailing characters")]
#[case::csv("userName,email\nada,ada@example.com", "not JSON at line 1, column 1: expected value")]
#[case::number("7", NEITHER)]
#[case::one_user(r#"{"userName":"a"}"#, NEITHER)]
#[case::resources_of_another_type(r#"{"Resources":{}}"#, NEITHER)]
fn file_that_is_no_roster_is_refused_as_a_whole(#[case] text: &str, #[case] reason: &str) {
    assert_eq!(parse(text.as_bytes()).unwrap_err().to_string(), reason);
}

#[test]
fn file_that_is_not_utf8_is_refused_with_its_line() {
    let error = parse(b"[\n{\"userName\":\"\xe9\"}]").unwrap_err();
    assert_eq!(error.to_string(), "line 2 is not UTF-8; save the file as UTF-8 and try again");
}

#[test]
fn byte_order_mark_is_skipped_and_lines_are_counted_from_one() {
    let roster = parse("\u{feff}[{},\r\n\r\n  {}, {}]".as_bytes()).unwrap();
    assert_eq!(roster.records.iter().map(|record| record.place.line).collect::<Vec<_>>(), [1, 3, 3]);
}

#[test]
fn file_that_is_one_page_of_several_is_known() {
    assert_eq!(parse(br#"{"totalResults":3,"Resources":[{}]}"#).unwrap().total, Some(3));
    assert_eq!(parse(br#"{"totalResults":1,"resources":[{}]}"#).unwrap().total, None);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(bytes: Vec<u8>, json in "[\\[\\]{}:,\"a0\\\\ \n]{0,40}") {
        for file in [&bytes[..], json.as_bytes()] {
            if let Ok(roster) = parse(file) {
                let read = roster.records.iter().filter(|record| read_user(record.json).is_ok()).count();
                prop_assert!(read <= roster.records.len());
            }
        }
    }

    #[test]
    fn each_record_is_told_by_the_line_it_begins_on(gaps in proptest::collection::vec(0..4_usize, 0..20)) {
        let (mut text, mut line, mut expected) = ("[".to_owned(), 1, Vec::new());
        for (index, gap) in gaps.iter().enumerate() {
            text.push_str(if index == 0 { "" } else { "," });
            text.push_str(&"\n".repeat(*gap));
            line += gap;
            expected.push(line);
            text.push_str("{\n}");
            line += 1;
        }
        text.push(']');
        let roster = parse(text.as_bytes()).unwrap();
        prop_assert_eq!(roster.records.iter().map(|record| record.place.line).collect::<Vec<_>>(), expected);
    }
}

/// As an identity provider's API answers: everything on one line.
#[tokio::test]
async fn records_on_one_line_are_told_apart_by_number_and_name() {
    let file = r#"[{"userName":"a"},{"userName":"b","emails":"b"},{"externalId":"00u3"},{"userName":"A"}]"#;
    let (told, summary) = world().import(file).await;
    assert_eq!(
        told,
        [
            "line 1, record 1: added a",
            "line 1, record 2: refused b: emails must be a list",
            "line 1, record 3: refused 00u3: userName is required",
            "line 1, record 4: refused A: userName is that of line 1, record 1",
        ]
    );
    assert_eq!((summary.added, summary.refused), (1, 3));
}

#[test]
fn list_response_without_resources_is_an_empty_roster() {
    for text in [r#"{"totalResults":0}"#, r#"{"totalResults":0,"Resources":null}"#] {
        assert!(parse(text.as_bytes()).unwrap().records.is_empty(), "{text}");
    }
    assert!(parse(br#"{"totalResults":1}"#).is_err());
}

#[tokio::test]
async fn providers_own_form_of_a_user_is_refused_with_a_hint() {
    let (told, _) = world().import(r#"[{"profile":{"login":"a@example.com"},"status":"ACTIVE"}]"#).await;
    assert!(told[0].contains("the identity provider's own form"), "{told:?}");
}

#[tokio::test]
async fn leaver_who_is_listed_without_active_stays_out() {
    let world = world();
    world.import(r#"[{"userName":"a","displayName":"A","active":false}]"#).await;
    let (told, _) = world.import(r#"[{"userName":"a","displayName":"B"}]"#).await;
    assert_eq!(told, ["line 1: changed a (displayName)"]);
    let (told, _) = world.import(r#"[{"userName":"a","displayName":"C","active":true}]"#).await;
    assert_eq!(told, ["line 1: reactivated a (displayName)"]);
}
