use super::{runtime, store};
use crate::{Store, StoreOptions};

#[test]
fn what_is_pending_is_told_by_name_and_text_and_nothing_changes() {
    let runtime = runtime();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("muster.db").display());
        let store = Store::open(&StoreOptions::new(url), runtime.handle().clone()).unwrap();
        let pending = store.pending_migrations().await.unwrap();
        assert_eq!(pending.first().unwrap().name, "0001_initial");
        assert!(pending.iter().all(|migration| migration.sql.contains("CREATE") || migration.sql.contains("ALTER")));
        assert_eq!(store.pending_migrations().await.unwrap(), pending, "looking changes nothing");

        let names: Vec<String> = pending.into_iter().map(|migration| migration.name).collect();
        assert_eq!(store.migrate().await.unwrap(), names);
        assert!(store.pending_migrations().await.unwrap().is_empty());
    });
}

#[test]
fn options_do_not_show_their_url() {
    let shown = format!("{:?}", StoreOptions::new("postgres://muster:s3cret@db.example/muster"));
    assert!(!shown.contains("s3cret") && shown.contains("redacted"), "{shown}");
}

#[test]
fn a_pool_is_as_large_as_the_options_say() {
    let runtime = runtime();
    runtime.block_on(async {
        let (_, folder) = store(runtime.handle()).await;
        let mut options = StoreOptions::new(format!("sqlite://{}", folder.path().join("muster.db").display()));
        options.pool_size = std::num::NonZeroUsize::new(2);
        let store = Store::open(&options, runtime.handle().clone()).unwrap();
        match &store.db {
            crate::db::Db::Sqlite { lookup, read, write } => {
                assert_eq!([lookup.status(), read.status(), write.status()].map(|pool| pool.max_size), [2, 2, 1]);
            }
            #[cfg(feature = "postgres")]
            crate::db::Db::Postgres(_) => unreachable!("the URL is an SQLite file's"),
        }
    });
}
