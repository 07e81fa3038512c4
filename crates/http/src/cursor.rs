//! Cursors: a page's key in a form that clients hand back without looking inside.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_domain::AuditId;
use muster_domain::audit::AuditKey;
use muster_domain::team::TeamKey;
use muster_domain::user::{UserKey, fold};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::problem::Problem;

/// Each kind of cursor begins with a letter of its own, so that one is refused where the other belongs.
const USERS: u8 = b'u';
const TEAMS: u8 = b't';
const AUDIT: u8 = b'a';

pub(crate) fn of_user(key: &UserKey) -> String {
    encode(USERS, key.0.as_bytes())
}

pub(crate) fn parse_user(cursor: &str) -> Result<UserKey, Problem> {
    folded(decode(USERS, cursor)?).map(UserKey)
}

pub(crate) fn of_team(key: &TeamKey) -> String {
    encode(TEAMS, key.0.as_bytes())
}

pub(crate) fn parse_team(cursor: &str) -> Result<TeamKey, Problem> {
    folded(decode(TEAMS, cursor)?).map(TeamKey)
}

pub(crate) fn of_audit(key: &AuditKey) -> String {
    let micros = i64::try_from(key.at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX);
    let mut bytes = micros.to_be_bytes().to_vec();
    bytes.extend_from_slice(key.id.0.as_bytes());
    encode(AUDIT, &bytes)
}

pub(crate) fn parse_audit(cursor: &str) -> Result<AuditKey, Problem> {
    let bytes: [u8; 24] = decode(AUDIT, cursor)?.try_into().map_err(|_| malformed())?;
    let (mut micros, mut id) = ([0; 8], [0; 16]);
    micros.copy_from_slice(&bytes[..8]);
    id.copy_from_slice(&bytes[8..]);
    let micros = u64::try_from(i64::from_be_bytes(micros)).map_err(|_| malformed())?;
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).map_err(|_| malformed())?;
    Ok(AuditKey { at, id: AuditId(Uuid::from_bytes(id)) })
}

/// The folded name that a key is.
fn folded(bytes: Vec<u8>) -> Result<String, Problem> {
    let name = String::from_utf8(bytes).map_err(|_| malformed())?;
    let is_key = !name.is_empty() && fold(&name) == name && !name.chars().any(char::is_control);
    if is_key { Ok(name) } else { Err(malformed()) }
}

fn encode(kind: u8, key: &[u8]) -> String {
    let mut bytes = vec![kind];
    bytes.extend_from_slice(key);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(kind: u8, cursor: &str) -> Result<Vec<u8>, Problem> {
    let mut bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| malformed())?;
    if bytes.first() != Some(&kind) {
        return Err(malformed());
    }
    bytes.remove(0);
    Ok(bytes)
}

fn malformed() -> Problem {
    Problem::field("cursor", "must be a nextCursor of this list")
}
