//! Muster's statements on PostgreSQL, and what is read of their rows.

use tokio_postgres::{Error, Row};

use crate::profile::User;

/// What is on record about a person beside their own row, as Muster asks for it.
const RECORDS: &str = "json_build_object(\
    'proofs', (SELECT coalesce(json_agg(p), '[]') FROM proofs p WHERE p.user_id = users.id), \
    'devices', (SELECT coalesce(json_agg(d ORDER BY d.created_at, d.id), '[]') FROM devices d \
        WHERE d.user_id = users.id), \
    'challenges', (SELECT coalesce(json_agg(c), '[]') FROM challenges c WHERE c.user_id = users.id), \
    'preferences', (SELECT row_to_json(p) FROM preferences p WHERE p.user_id = users.id), \
    'teams', (SELECT coalesce(json_agg(json_build_object(\
        'user_id', m.user_id, 'role', m.role, 'id', t.id, 'name', t.name) ORDER BY t.name_key, t.id), '[]') \
        FROM team_members m JOIN teams t ON t.id = m.team_id WHERE m.user_id = users.id AND t.active))::text";

const USER: &str = "users.id, users.user_name, users.display_name, users.given_name, users.family_name, users.email, \
    users.phone, users.email_fingerprint, users.phone_fingerprint, users.time_zone, users.locale, users.role, \
    users.active, users.source, users.created_at, users.updated_at, \
    users.push_lost_reason, users.push_lost_at";
/// Which column comes after [`USER`]'s.
const AFTER_USER: usize = 18;

/// A person by id.
pub(crate) fn person() -> String {
    format!("SELECT {USER}, {RECORDS} FROM users WHERE id = $1")
}

/// What a refresh needs to know about a token, by its hash.
pub(crate) fn candidate() -> String {
    format!(
        "SELECT {USER}, {RECORDS}, s.id, t.parent, t.superseded_at, s.expires_at, s.revoked_at FROM refresh_tokens t \
         JOIN sessions s ON s.id = t.session_id JOIN users ON users.id = s.user_id WHERE t.hash = $1"
    )
}

/// The person in a row that begins with one, and their records as JSON.
pub(crate) fn user(row: &Row) -> Result<(User, String), Error> {
    let user = User {
        id: row.try_get(0)?,
        user_name: row.try_get(1)?,
        display_name: row.try_get(2)?,
        given_name: row.try_get(3)?,
        family_name: row.try_get(4)?,
        email: row.try_get(5)?,
        phone: row.try_get(6)?,
        email_fingerprint: row.try_get(7)?,
        phone_fingerprint: row.try_get(8)?,
        time_zone: row.try_get(9)?,
        locale: row.try_get(10)?,
        role: row.try_get(11)?,
        active: row.try_get(12)?,
        source: row.try_get(13)?,
        created_at: row.try_get(14)?,
        updated_at: row.try_get(15)?,
        push_lost_reason: row.try_get(16)?,
        push_lost_at: row.try_get(17)?,
    };
    Ok((user, row.try_get(AFTER_USER)?))
}

/// Where the columns about the token are in a row of [`candidate`].
pub(crate) const AFTER_RECORDS: usize = AFTER_USER + 1;

/// Whose account it is, and whether their session lives, when there is one.
pub(crate) const ACCOUNT: &str = "SELECT id, active, source, $2::uuid IS NULL OR EXISTS (SELECT FROM sessions s \
    WHERE s.id = $2 AND s.user_id = users.id AND s.revoked_at IS NULL AND s.expires_at > $3) \
    FROM users WHERE id = $1";

/// The same of somebody whom the identity provider names: by the external id, else by a login.
pub(crate) const IDENTITY: &str = "SELECT id, active, source, true FROM users \
    WHERE source = 'scim' AND removed_at IS NULL AND (external_id = $1 OR user_name_key = ANY($2)) \
    ORDER BY external_id = $1 DESC NULLS LAST, array_position($2, user_name_key) LIMIT 1";

/// 1 session, 2 now, 3 presented, 4 its parent, 5 successor, 6 its salt, 7 event, 8 person, 9 details, 10 ip, 11 user
/// agent, 12 request id.
pub(crate) const ROTATE: &str = "WITH family AS (SELECT s.id FROM sessions s WHERE s.id = $1 \
    AND s.revoked_at IS NULL AND s.expires_at > $2 \
    AND EXISTS (SELECT FROM users u WHERE u.id = s.user_id AND u.active) FOR NO KEY UPDATE), \
    presented AS (SELECT f.id FROM refresh_tokens t JOIN family f ON f.id = t.session_id WHERE t.hash = $3 \
        AND t.superseded_at IS NULL FOR NO KEY UPDATE OF t), \
    moved AS (UPDATE sessions s SET last_used_at = $2 FROM presented p WHERE s.id = p.id RETURNING s.id), \
    superseded AS (UPDATE refresh_tokens t SET superseded_at = $2 FROM moved m WHERE t.hash = $4 \
        AND t.session_id = m.id AND t.superseded_at IS NULL), \
    stored AS (INSERT INTO refresh_tokens (hash, session_id, parent, salt, superseded_at, created_at) \
        SELECT $5::bytea, $1, $3, $6::bytea, NULL, $2 FROM moved ON CONFLICT DO NOTHING), \
    recorded AS (INSERT INTO audit_events (id, at, action, actor_type, actor_id, actor_name, subject, details, ip, \
        user_agent, request_id) SELECT $7::uuid, $2, 'session.refreshed', 'user', $8::uuid, NULL, $8, $9::text, \
        $10::text, $11::text, $12::text FROM moved) \
    SELECT count(*) FROM moved";

/// 1 person, 2 device or null, 3 session, 4 its name, 5 now, 6 its end, 7 token, 8 its salt, 9 event, 10 details, 11 ip,
/// 12 user agent, 13 request id.
pub(crate) const ISSUE: &str = "WITH person AS (SELECT u.id FROM users u WHERE u.id = $1 AND u.active FOR SHARE), \
    device AS (SELECT d.id FROM devices d JOIN person p ON p.id = d.user_id WHERE d.id = $2 FOR SHARE OF d), \
    opened AS (INSERT INTO sessions (id, user_id, device_name, device_id, created_at, last_used_at, expires_at, \
        revoked_at, revoke_reason) SELECT $3::uuid, $1, $4::text, $2, $5::timestamptz, $5, $6::timestamptz, NULL, NULL \
        FROM person WHERE $2 IS NULL OR EXISTS (SELECT FROM device) RETURNING id), \
    stored AS (INSERT INTO refresh_tokens (hash, session_id, parent, salt, superseded_at, created_at) \
        SELECT $7::bytea, $3, NULL, $8::bytea, NULL, $5 FROM opened), \
    recorded AS (INSERT INTO audit_events (id, at, action, actor_type, actor_id, actor_name, subject, details, ip, \
        user_agent, request_id) SELECT $9::uuid, $5, 'session.issued', 'user', $1, NULL, $1, $10::text, $11::text, \
        $12::text, $13::text FROM opened) \
    SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM opened)";
