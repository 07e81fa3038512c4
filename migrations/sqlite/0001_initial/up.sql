-- Ids are 16-byte BLOBs, times are microseconds since the Unix epoch, JSON is TEXT.
-- Columns named *_key hold folded text (muster_domain::user::fold) and are compared byte by byte.

CREATE TABLE users (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    external_id TEXT UNIQUE,
    user_name TEXT NOT NULL,
    user_name_key TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    given_name TEXT,
    family_name TEXT,
    email TEXT,
    email_key TEXT,
    phone TEXT,
    email_fingerprint BLOB CHECK (length(email_fingerprint) = 32),
    phone_fingerprint BLOB CHECK (length(phone_fingerprint) = 32),
    time_zone TEXT,
    locale TEXT,
    role TEXT NOT NULL CHECK (role IN ('admin', 'user')),
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    source TEXT NOT NULL CHECK (source IN ('scim', 'local')),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- User name, display name and e-mail address, folded, one a line: what a search looks in.
    search_key TEXT NOT NULL,
    CHECK ((email IS NULL) = (email_key IS NULL)),
    CHECK ((email IS NULL) = (email_fingerprint IS NULL)),
    CHECK (phone_fingerprint IS NULL OR phone IS NOT NULL)
) STRICT;
CREATE INDEX users_by_email ON users (email_key);
CREATE INDEX users_by_role ON users (role, active);

CREATE TABLE teams (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    synced_from_directory INTEGER NOT NULL CHECK (synced_from_directory IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE team_members (
    team_id BLOB NOT NULL REFERENCES teams (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('observer', 'responder', 'team_admin')),
    PRIMARY KEY (team_id, user_id)
) STRICT;
CREATE INDEX team_members_by_user ON team_members (user_id);

CREATE TABLE preferences (
    user_id BLOB PRIMARY KEY NOT NULL REFERENCES users (id),
    version INTEGER NOT NULL CHECK (version >= 1),
    document TEXT NOT NULL
) STRICT;

CREATE TABLE devices (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id),
    platform TEXT NOT NULL CHECK (platform IN ('ios', 'android', 'web')),
    token TEXT NOT NULL,
    token_fingerprint BLOB NOT NULL UNIQUE CHECK (length(token_fingerprint) = 32),
    name TEXT,
    app_version TEXT,
    verified_at INTEGER,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX devices_by_user ON devices (user_id, created_at, id);

-- One row for each person and method: a new send replaces it, which kills the old code.
CREATE TABLE challenges (
    user_id BLOB NOT NULL REFERENCES users (id),
    method TEXT NOT NULL CHECK (method IN ('email', 'sms', 'push')),
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    device_id BLOB REFERENCES devices (id) ON DELETE SET NULL,
    destination TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
    opened_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    failed_attempts INTEGER NOT NULL CHECK (failed_attempts BETWEEN 0 AND 5),
    completed_at INTEGER,
    cancelled_at INTEGER,
    delivery TEXT,
    PRIMARY KEY (user_id, method),
    CHECK (completed_at IS NULL OR cancelled_at IS NULL),
    CHECK (device_id IS NULL OR method = 'push')
) STRICT;
CREATE INDEX challenges_by_device ON challenges (device_id) WHERE device_id IS NOT NULL;

-- A push proof lives on its device.
CREATE TABLE proofs (
    user_id BLOB NOT NULL REFERENCES users (id),
    method TEXT NOT NULL CHECK (method IN ('email', 'sms')),
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    verified_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, method)
) STRICT;

CREATE TABLE sessions (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id),
    device_name TEXT,
    device_id BLOB REFERENCES devices (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revoke_reason TEXT CHECK (revoke_reason IN ('signedOut', 'revokedByOwner', 'replayed', 'deactivated')),
    CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL))
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id, last_used_at DESC, id DESC);
CREATE INDEX sessions_by_device ON sessions (device_id) WHERE device_id IS NOT NULL;

CREATE TABLE refresh_tokens (
    hash BLOB PRIMARY KEY NOT NULL CHECK (length(hash) = 32),
    session_id BLOB NOT NULL REFERENCES sessions (id),
    parent BLOB CHECK (length(parent) = 32),
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    superseded_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

-- No foreign keys: a record outlives what it is about.
CREATE TABLE audit_events (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    actor_type TEXT NOT NULL CHECK (actor_type IN ('user', 'service', 'system', 'anonymous')),
    actor_id BLOB CHECK (length(actor_id) = 16),
    actor_name TEXT,
    subject BLOB CHECK (length(subject) = 16),
    details TEXT NOT NULL,
    ip TEXT,
    user_agent TEXT,
    request_id TEXT,
    CHECK ((actor_type = 'user') = (actor_id IS NOT NULL)),
    CHECK ((actor_type IN ('service', 'system')) = (actor_name IS NOT NULL))
) STRICT;
CREATE INDEX audit_events_by_time ON audit_events (at DESC, id DESC);
CREATE INDEX audit_events_by_subject ON audit_events (subject, at DESC, id DESC);
CREATE INDEX audit_events_by_actor ON audit_events (actor_id, at DESC, id DESC);
CREATE INDEX audit_events_by_action ON audit_events (action, at DESC, id DESC);
