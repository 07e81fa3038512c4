-- Somebody whom the directory removed has no names that others could want: user_name_key and external_id are freed. What
-- they were is kept here.
ALTER TABLE users ADD COLUMN removed_at timestamptz;
ALTER TABLE users ADD COLUMN former_external_id text;
ALTER TABLE users ADD COLUMN former_user_name_key text COLLATE "C";
CREATE INDEX users_by_former_external_id ON users (former_external_id) WHERE former_external_id IS NOT NULL;
CREATE INDEX users_by_former_user_name ON users (former_user_name_key) WHERE former_user_name_key IS NOT NULL;

ALTER TABLE teams ADD COLUMN external_id text;
ALTER TABLE teams ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version >= 1);
ALTER TABLE teams ALTER COLUMN version DROP DEFAULT;
ALTER TABLE teams ADD COLUMN updated_at timestamptz;
UPDATE teams SET updated_at = created_at;
ALTER TABLE teams ALTER COLUMN updated_at SET NOT NULL;
CREATE UNIQUE INDEX teams_by_external_id ON teams (external_id);

-- How many deactivations of each of the directory's clients are let through.
CREATE TABLE directory_brakes (
    client text PRIMARY KEY,
    -- Deactivations of before do not count.
    released_at timestamptz,
    engaged_at timestamptz
);

-- Whom a client deactivated, or would have if its brake had not held.
CREATE TABLE directory_deactivations (
    client text NOT NULL REFERENCES directory_brakes (client),
    user_id uuid NOT NULL REFERENCES users (id),
    refused boolean NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (client, user_id, refused)
);
CREATE INDEX directory_deactivations_by_time ON directory_deactivations (client, refused, at);

-- What people are to be told. content is JSON.
CREATE TABLE notices (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    channel text NOT NULL CHECK (channel IN ('email', 'sms', 'push')),
    content text NOT NULL,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL CHECK (attempts BETWEEN 0 AND 65535)
);
CREATE INDEX notices_by_due ON notices (due_at, id);
CREATE INDEX notices_by_user ON notices (user_id);

-- Local admins with a password of their own. name_key is folded.
CREATE TABLE break_glass_accounts (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    last_used_at timestamptz
);
CREATE UNIQUE INDEX break_glass_accounts_by_name ON break_glass_accounts (name_key) WHERE revoked_at IS NULL;

-- How many sign-ins each account's name and each address has seen in its window. scope_key is the name, folded, or the
-- address; bytes, because what people type may be no text.
CREATE TABLE sign_in_attempts (
    scope text NOT NULL CHECK (scope IN ('account', 'address')),
    scope_key bytea NOT NULL,
    began_at timestamptz NOT NULL,
    used bigint NOT NULL CHECK (used >= 1),
    PRIMARY KEY (scope, scope_key)
);
