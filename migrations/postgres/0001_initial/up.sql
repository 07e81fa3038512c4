-- Times have microsecond precision, JSON is text, as on SQLite.
-- Columns named *_key hold folded text (muster_domain::user::fold); COLLATE "C" compares byte by byte, as SQLite does.

CREATE TABLE users (
    id uuid PRIMARY KEY,
    external_id text UNIQUE,
    user_name text NOT NULL,
    user_name_key text COLLATE "C" NOT NULL UNIQUE,
    display_name text NOT NULL,
    given_name text,
    family_name text,
    email text,
    email_key text COLLATE "C",
    phone text,
    email_fingerprint bytea CHECK (octet_length(email_fingerprint) = 32),
    phone_fingerprint bytea CHECK (octet_length(phone_fingerprint) = 32),
    time_zone text,
    locale text,
    role text NOT NULL CHECK (role IN ('admin', 'user')),
    active boolean NOT NULL,
    source text NOT NULL CHECK (source IN ('scim', 'local')),
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- User name, display name and e-mail address, folded, one a line: what a search looks in.
    search_key text COLLATE "C" NOT NULL,
    CHECK ((email IS NULL) = (email_key IS NULL)),
    CHECK ((email IS NULL) = (email_fingerprint IS NULL)),
    CHECK (phone_fingerprint IS NULL OR phone IS NOT NULL)
);
CREATE INDEX users_by_email ON users (email_key);
CREATE INDEX users_by_role ON users (role, active);

CREATE TABLE teams (
    id uuid PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    name_key text COLLATE "C" NOT NULL UNIQUE,
    active boolean NOT NULL,
    synced_from_directory boolean NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE team_members (
    team_id uuid NOT NULL REFERENCES teams (id),
    user_id uuid NOT NULL REFERENCES users (id),
    role text NOT NULL CHECK (role IN ('observer', 'responder', 'team_admin')),
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_members_by_user ON team_members (user_id);

CREATE TABLE preferences (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    version bigint NOT NULL CHECK (version >= 1),
    document text NOT NULL
);

CREATE TABLE devices (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    platform text NOT NULL CHECK (platform IN ('ios', 'android', 'web')),
    token text NOT NULL,
    token_fingerprint bytea NOT NULL UNIQUE CHECK (octet_length(token_fingerprint) = 32),
    name text,
    app_version text,
    verified_at timestamptz,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL
);
CREATE INDEX devices_by_user ON devices (user_id, created_at, id);

-- One row for each person and method: a new send replaces it, which kills the old code.
CREATE TABLE challenges (
    user_id uuid NOT NULL REFERENCES users (id),
    method text NOT NULL CHECK (method IN ('email', 'sms', 'push')),
    id uuid NOT NULL UNIQUE,
    device_id uuid REFERENCES devices (id) ON DELETE SET NULL,
    destination text NOT NULL,
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    opened_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    failed_attempts smallint NOT NULL CHECK (failed_attempts BETWEEN 0 AND 5),
    completed_at timestamptz,
    cancelled_at timestamptz,
    delivery text,
    PRIMARY KEY (user_id, method),
    CHECK (completed_at IS NULL OR cancelled_at IS NULL),
    CHECK (device_id IS NULL OR method = 'push')
);
CREATE INDEX challenges_by_device ON challenges (device_id) WHERE device_id IS NOT NULL;

-- A push proof lives on its device.
CREATE TABLE proofs (
    user_id uuid NOT NULL REFERENCES users (id),
    method text NOT NULL CHECK (method IN ('email', 'sms')),
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    verified_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, method)
);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    device_name text,
    device_id uuid REFERENCES devices (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoke_reason text CHECK (revoke_reason IN ('signedOut', 'revokedByOwner', 'replayed', 'deactivated')),
    CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL))
);
CREATE INDEX sessions_by_user ON sessions (user_id, last_used_at DESC, id DESC);
CREATE INDEX sessions_by_device ON sessions (device_id) WHERE device_id IS NOT NULL;

CREATE TABLE refresh_tokens (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    session_id uuid NOT NULL REFERENCES sessions (id),
    parent bytea CHECK (octet_length(parent) = 32),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    superseded_at timestamptz,
    created_at timestamptz NOT NULL
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

-- No foreign keys: a record outlives what it is about.
CREATE TABLE audit_events (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    action text NOT NULL,
    actor_type text NOT NULL CHECK (actor_type IN ('user', 'service', 'system', 'anonymous')),
    actor_id uuid,
    actor_name text,
    subject uuid,
    details text NOT NULL,
    ip text,
    user_agent text,
    request_id text,
    CHECK ((actor_type = 'user') = (actor_id IS NOT NULL)),
    CHECK ((actor_type IN ('service', 'system')) = (actor_name IS NOT NULL))
);
CREATE INDEX audit_events_by_time ON audit_events (at DESC, id DESC);
CREATE INDEX audit_events_by_subject ON audit_events (subject, at DESC, id DESC);
CREATE INDEX audit_events_by_actor ON audit_events (actor_id, at DESC, id DESC);
CREATE INDEX audit_events_by_action ON audit_events (action, at DESC, id DESC);
