//! What a URL gives, and what happens on disk.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "what only tests call fails by panicking")]

use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use muster_domain::StoreError;
use muster_domain::directory::DirectoryStore;
use muster_domain::user::UserStore;
use muster_persistence::Store;
use muster_testkit::Builders;
use tokio::runtime::Handle;

fn connect_error(url: &str) -> StoreError {
    Store::connect(url, Handle::current()).err().unwrap()
}

/// The error and everything that caused it, as an operator reads it.
fn chain(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_created_with_its_folder_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/data/muster.db");
    let store = Store::connect(&format!("sqlite://{}", path.display()), Handle::current()).unwrap();
    store.migrate().await.unwrap();
    store.count_users().await.unwrap();
    let names = ["muster.db", "muster.db-shm", "muster.db-wal"];
    for name in names {
        let mode = fs::metadata(path.with_file_name(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_there_when_the_file_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("muster.db").display());
    let make = Builders::default();
    let user = make.user("ada").build();
    let store = Store::connect(&url, Handle::current()).unwrap();
    store.migrate().await.unwrap();
    store.insert_user(&user, &make.event("test.user.created", Some(user.id))).await.unwrap();
    drop(store);
    let store = Store::connect(&url, Handle::current()).unwrap();
    assert!(store.migrate().await.unwrap().is_empty());
    assert_eq!(store.account(user.id).await.unwrap().unwrap().id, user.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_looks_like_a_url_of_sqlites_is_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file:100%#1.db");
    let store = Store::connect(&format!("sqlite://{}", path.display()), Handle::current()).unwrap();
    store.migrate().await.unwrap();
    assert!(fs::metadata(&path).unwrap().len() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_made_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let error = connect_error(&format!("sqlite://{}/muster.db", file.display()));
    assert!(matches!(error, StoreError::Unavailable(_)));
    assert!(chain(&error).contains("could not create the folder of the database"), "{}", chain(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_cannot_be_written_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let error = connect_error(&format!("sqlite://{}", folder.path().display()));
    assert!(matches!(error, StoreError::Unavailable(_)));
    assert!(chain(&error).contains("for writing"), "{}", chain(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    fs::write(&path, "Dear Ada, ".repeat(200)).unwrap();
    let error = connect_error(&format!("sqlite://{}", path.display()));
    assert!(chain(&error).contains("file is not a database"), "{}", chain(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_of_another_kind_is_refused_without_being_repeated() {
    for url in ["", "muster.db", "mysql://ada:hunter2@host/muster", "sqlite:muster.db", "postgres:/ada:hunter2@host"] {
        let error = connect_error(url);
        assert!(matches!(error, StoreError::Backend(_)), "{url}");
        assert!(chain(&error).contains("must be sqlite://PATH or postgres://"), "{}", chain(&error));
        assert!(!chain(&error).contains("hunter2"), "{}", chain(&error));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_without_a_file_is_refused() {
    for url in ["sqlite://", "sqlite://:memory:", "sqlite://muster.db?mode=memory", "sqlite://a\0b"] {
        let error = connect_error(url);
        assert!(chain(&error).contains("must name a file"), "{}", chain(&error));
    }
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_postgres_url_is_refused_without_its_password() {
    for url in ["postgres://ada:hunter2@host:port/muster", "postgresql://ada:hunter2@host/muster?nonsense=1"] {
        let error = connect_error(url);
        assert!(matches!(error, StoreError::Backend(_)));
        assert!(chain(&error).contains("the PostgreSQL URL is malformed"), "{}", chain(&error));
        assert!(!chain(&error).contains("hunter2"), "{}", chain(&error));
    }
}
