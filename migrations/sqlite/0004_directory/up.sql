-- Somebody whom the directory removed has no names that others could want: user_name_key and external_id are freed. What
-- they were is kept here.
ALTER TABLE users ADD COLUMN removed_at INTEGER;
ALTER TABLE users ADD COLUMN former_external_id TEXT;
ALTER TABLE users ADD COLUMN former_user_name_key TEXT;
CREATE INDEX users_by_former_external_id ON users (former_external_id) WHERE former_external_id IS NOT NULL;
CREATE INDEX users_by_former_user_name ON users (former_user_name_key) WHERE former_user_name_key IS NOT NULL;

ALTER TABLE teams ADD COLUMN external_id TEXT;
ALTER TABLE teams ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1);
ALTER TABLE teams ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE teams SET updated_at = created_at;
CREATE UNIQUE INDEX teams_by_external_id ON teams (external_id);

-- How many deactivations of each of the directory's clients are let through.
CREATE TABLE directory_brakes (
    client TEXT PRIMARY KEY NOT NULL,
    -- Deactivations of before do not count.
    released_at INTEGER,
    engaged_at INTEGER
) STRICT;

-- Whom a client deactivated, or would have if its brake had not held.
CREATE TABLE directory_deactivations (
    client TEXT NOT NULL REFERENCES directory_brakes (client),
    user_id BLOB NOT NULL REFERENCES users (id),
    refused INTEGER NOT NULL CHECK (refused IN (0, 1)),
    at INTEGER NOT NULL,
    PRIMARY KEY (client, user_id, refused)
) STRICT;
CREATE INDEX directory_deactivations_by_time ON directory_deactivations (client, refused, at);

-- What people are to be told. content is JSON.
CREATE TABLE notices (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id),
    channel TEXT NOT NULL CHECK (channel IN ('email', 'sms', 'push')),
    content TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts BETWEEN 0 AND 65535)
) STRICT;
CREATE INDEX notices_by_due ON notices (due_at, id);
CREATE INDEX notices_by_user ON notices (user_id);

-- Local admins with a password of their own. name_key is folded.
CREATE TABLE break_glass_accounts (
    user_id BLOB PRIMARY KEY NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    last_used_at INTEGER
) STRICT;
CREATE UNIQUE INDEX break_glass_accounts_by_name ON break_glass_accounts (name_key) WHERE revoked_at IS NULL;

-- How many sign-ins each account's name and each address has seen in its window. scope_key is the name, folded, or the
-- address; bytes, because what people type may be no text.
CREATE TABLE sign_in_attempts (
    scope TEXT NOT NULL CHECK (scope IN ('account', 'address')),
    scope_key BLOB NOT NULL,
    began_at INTEGER NOT NULL,
    used INTEGER NOT NULL CHECK (used >= 1),
    PRIMARY KEY (scope, scope_key)
) STRICT;
