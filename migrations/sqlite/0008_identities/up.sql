-- How a person is recognised over time (adr/0027).

-- Whether a sign-in added the person, and not the directory. Of people who were delivered since it does not matter.
ALTER TABLE users ADD COLUMN signed_in_first INTEGER NOT NULL DEFAULT 0 CHECK (signed_in_first IN (0, 1));
UPDATE users SET signed_in_first = 1
WHERE version = 1 AND id IN (SELECT subject FROM audit_events WHERE action = 'signin.user.created');

-- For whom a subject of an identity provider stands.
CREATE TABLE identities (
    subject TEXT NOT NULL,
    issuer TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    bound_at INTEGER NOT NULL,
    PRIMARY KEY (subject, issuer)
) STRICT;
CREATE INDEX identities_by_user ON identities (user_id);

-- Names of a person beside those in users: former ones, and those that were in the token of a first sign-in. name_key is
-- folded, but for external ids. The last names of whom the directory removed are in users.former_*.
CREATE TABLE known_names (
    name_key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('user_name', 'external_id', 'email')),
    user_id BLOB NOT NULL REFERENCES users (id),
    -- When the person lost it.
    at INTEGER NOT NULL,
    PRIMARY KEY (name_key, kind, user_id)
) STRICT;
