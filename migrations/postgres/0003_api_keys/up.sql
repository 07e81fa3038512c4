-- Keys with which other services call. Of a key only its hash is kept; scopes are names, separated by a space.
CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    name text NOT NULL,
    prefix text NOT NULL,
    scopes text NOT NULL CHECK (scopes <> ''),
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);
