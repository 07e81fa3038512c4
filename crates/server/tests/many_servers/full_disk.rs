use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;
use std::time::Duration;

use tokio::time::sleep;

use crate::common::Folder;
use crate::common::client::{Client, http};
use crate::load::{Load, sessions_of};

/// No file may grow past a limit, as on a disk that is full: `ulimit` for the server alone, whose writes beyond it fail
/// because the signal that would come with them is ignored.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_a_problem_for_writers_alone_until_there_is_room_and_loses_nothing() {
    let folder = Folder::new();
    drop(folder.serve());
    let limited = folder.muster_under("sh", &["-c", "trap '' XFSZ; ulimit -S -f 1024; exec \"$0\""]);
    let server = folder.start(limited);
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    let load = Load::on(std::slice::from_ref(&server.url), grace.token());
    load.refused(20).await;
    assert_eq!(grace.send(reqwest::Method::GET, "/api/users/me", None).await.status(), 200, "reading goes on");
    answers(&server.url, 503).await;
    let log = folder.log();
    assert!(log.lines().any(|line| line.contains("ERROR") && line.contains("disk")), "{log}");
    assert!(!log.contains("panicked"), "{log}");

    let more_room = ["--fsize=unlimited:", "--pid", &server.id().to_string()];
    assert!(Command::new("prlimit").args(more_room).status().unwrap().success());
    load.accepted(20).await;
    answers(&server.url, 200).await;
    let figures = load.end();
    drop(server); // SIGKILL
    let server = folder.serve();
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    let lost = figures.lost(&sessions_of(&grace).await);
    eprintln!("SQLite on a full disk, then on one with room: {figures}, {lost} lost");
    assert_eq!((lost, figures.turned_away, figures.unanswered), (0, 0, 0), "{figures}");
}

/// Waits until `/readyz` answers so. A write on trial counts for ten seconds.
async fn answers(url: &str, status: u16) {
    for _ in 0..600 {
        let answer = http().get(format!("{url}/readyz")).send().await.unwrap();
        if answer.status() == status {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("/readyz never answered {status}");
}

#[test]
fn a_file_that_cannot_be_written_is_one_message_at_start() {
    let folder = Folder::new();
    drop(folder.serve());
    let file = folder.path().join("data/muster.db");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o400)).unwrap();
    // To root nothing is read-only until it gives up that right.
    let is_root = std::fs::metadata(&file).unwrap().uid() == 0;
    let rights = "--bounding-set=-dac_override,-dac_read_search";
    let mut muster = if is_root { folder.muster_under("setpriv", &[rights]) } else { folder.muster(&[]) };
    let output = muster.env("MUSTER_LISTEN", "127.0.0.1:0").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("for writing: Permission denied"), "{told}");
    assert!(!told.contains("panicked"), "{told}");
}
