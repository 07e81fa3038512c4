use std::fs;
use std::path::{Path, PathBuf};

/// The folder that holds `initdb` and `postgres`: one of `PATH`, else the newest of those where distributions put them
/// without adding them to it.
pub(crate) fn folder() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find(|folder| complete(folder));
    on_path.or_else(packaged).unwrap_or_else(|| {
        panic!(
            "PostgreSQL is not installed (no initdb and postgres on PATH or in /usr/lib/postgresql): \
             run scripts/install-postgres, or set TEST_DATABASE_URL to the URL of a superuser of a running server"
        )
    })
}

fn packaged() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(Result::ok);
    let version = |entry: &fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    let mut found: Vec<_> = versions.filter_map(|entry| Some((version(&entry)?, entry.path().join("bin")))).collect();
    found.sort_unstable();
    found.into_iter().rev().map(|(_, folder)| folder).find(|folder| complete(folder))
}

fn complete(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
}
