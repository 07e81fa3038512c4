use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a server is made with.
pub(crate) struct Programs {
    pub(crate) initdb: PathBuf,
    pub(crate) postgres: PathBuf,
    /// The first number of their version.
    pub(crate) version: u32,
}

pub(crate) fn find() -> Programs {
    let folder = folder();
    let (initdb, postgres) = (folder.join("initdb"), folder.join("postgres"));
    let said = Command::new(&postgres).arg("--version").output().unwrap().stdout;
    let said = String::from_utf8(said).unwrap();
    let digits = said.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit);
    let version = digits.collect::<String>().parse().unwrap();
    Programs { initdb, postgres, version }
}

/// The folder that holds `initdb` and `postgres`: one of `PATH`, else the newest of those where distributions put them
/// without adding them to it.
fn folder() -> PathBuf {
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
