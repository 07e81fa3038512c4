use serde_json::json;

use crate::common::Folder;
use crate::{document, folder_with_people};

fn names(folder: &Folder) -> Vec<String> {
    let admins = document(folder, &["admin", "list", "--json"]);
    admins["items"].as_array().unwrap().iter().map(|admin| admin["userName"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn admins_are_listed_and_revoked_but_for_the_last_one() {
    let folder = folder_with_people();
    assert_eq!(names(&folder), ["ada"]);
    let last = folder.run(&["admin", "revoke", "ada"]);
    assert_eq!(last.code, Some(1));
    let told = "muster: ada is the last active admin and stays one: make another first, muster admin grant EMAIL\n";
    assert!(last.err.ends_with(told), "{}", last.err);
    assert_eq!(names(&folder), ["ada"]);

    assert_eq!(folder.run(&["admin", "grant", "grace"]).code, Some(0));
    assert_eq!(names(&folder), ["ada", "grace"]);
    let revoked = folder.run(&["admin", "revoke", "ada@example.com"]);
    assert_eq!((revoked.code, revoked.out.as_str()), (Some(0), "ada (Ada) is no admin any more\n"), "{}", revoked.err);
    assert_eq!(folder.run(&["admin", "revoke", "ada"]).out, "ada (Ada) was no admin\n");
    assert_eq!(folder.run(&["admin", "list"]).out, "grace  grace  grace@example.com\n");
    assert_eq!(folder.run(&["admin", "revoke", "eve"]).code, Some(1));
}

#[test]
fn taking_the_role_is_on_record() {
    let folder = folder_with_people();
    folder.run(&["admin", "grant", "grace"]);
    folder.run(&["admin", "revoke", "grace"]);
    let exported = folder.run(&["audit", "export", "--action", "role.changed"]).out;
    let records = crate::objects(&exported);
    assert_eq!(records.len(), 3, "{exported}");
    assert_eq!(records[0]["details"], json!({ "from": "admin", "to": "user" }));
    assert_eq!(records[0]["actor"], json!({ "type": "system", "name": "admin revoke" }));
}
