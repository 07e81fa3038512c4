use serde_json::json;

use crate::common::client::Client;
use crate::{document, folder_with_people, objects};

#[tokio::test]
async fn a_lost_phone_is_signed_out_by_the_operator() {
    let folder = folder_with_people();
    let server = folder.serve();
    let ada = Client::sign_in(&server.url, "ada@example.com").await;
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    let tokens = [ada.open_session().await, ada.open_session().await];
    let other = grace.open_session().await;

    let listed = document(&folder, &["sessions", "list", "ada@example.com", "--json"]);
    let sessions = listed["items"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0]["deviceName"], json!("Pixel"));
    let lines = folder.run(&["sessions", "list", "ada"]).out;
    assert!(lines.lines().all(|line| line.ends_with("  Pixel")) && lines.lines().count() == 2, "{lines}");

    let ended = document(&folder, &["sessions", "revoke", "ada@example.com", "--json"]);
    assert_eq!(ended["ended"], json!(2));
    for token in tokens {
        assert_eq!(ada.refresh(&token).await.status(), 401);
    }
    assert_eq!(grace.refresh(&other).await.status(), 200, "somebody else's goes on");

    let records = objects(&folder.run(&["audit", "export", "--user", "ada", "--action", "session.revoked"]).out);
    assert_eq!(records.len(), 2);
    for record in records {
        assert_eq!(record["details"]["reason"], json!("revokedByOperator"));
        assert_eq!(record["actor"], json!({ "type": "system", "name": "sessions revoke" }));
    }
    assert_eq!(folder.run(&["sessions", "revoke", "ada"]).out, "sessions ended: 0\n");
    assert_eq!(folder.run(&["sessions", "list", "ada"]).out, "no session is live\n");
    let nobody = folder.run(&["sessions", "revoke", "eve@example.com"]);
    assert_eq!(nobody.code, Some(1));
    assert_eq!(nobody.err, "muster: no one person has the user name or e-mail address eve@example.com\n");
}
