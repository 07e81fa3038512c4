use serde::Deserialize;

use crate::scim_tester::scim_client;

/// What Canaille, a directory that builds its SCIM client from `/Schemas`, has after it delivered everything.
#[derive(Debug, Clone, Deserialize)]
pub struct CanailleDirectory {
    /// Its people.
    pub people: Vec<CanaillePerson>,
    /// The id of its group, whose members are the people `full` and `zoë`.
    pub team: String,
    /// What it logged: among others what the server refused.
    #[serde(skip)]
    pub log: String,
}

/// A person of Canaille's.
#[derive(Debug, Clone, Deserialize)]
pub struct CanaillePerson {
    /// Its id of the person, which it delivers as `externalId`.
    pub id: String,
    /// The name to sign in with.
    pub user_name: String,
    /// The first name.
    pub given_name: Option<String>,
    /// Whether the person is not locked.
    pub active: bool,
}

/// Lets Canaille deliver people of all kinds and a group to the SCIM server at `url`, with an API key as its token. It
/// adds, changes, locks and deletes.
#[must_use]
pub fn canaille_delivers(url: &str, key: &str) -> CanailleDirectory {
    let (out, log) = scim_client("canaille", include_str!("canaille_directory.py"), url, key);
    CanailleDirectory { log, ..serde_json::from_str(out.trim()).unwrap() }
}
