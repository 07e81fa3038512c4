-- How a person is recognised over time (adr/0027).

-- Whether a sign-in added the person, and not the directory. Of people who were delivered since it does not matter.
ALTER TABLE users ADD COLUMN signed_in_first boolean NOT NULL DEFAULT false;
UPDATE users SET signed_in_first = true
WHERE version = 1 AND id IN (SELECT subject FROM audit_events WHERE action = 'signin.user.created');

-- For whom a subject of an identity provider stands.
CREATE TABLE identities (
    subject text COLLATE "C" NOT NULL,
    issuer text COLLATE "C" NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    bound_at timestamptz NOT NULL,
    PRIMARY KEY (subject, issuer)
);
CREATE INDEX identities_by_user ON identities (user_id);

-- Names of a person beside those in users: former ones, and those that were in the token of a first sign-in. name_key is
-- folded, but for external ids. The last names of whom the directory removed are in users.former_*.
CREATE TABLE known_names (
    name_key text COLLATE "C" NOT NULL,
    kind text NOT NULL CHECK (kind IN ('user_name', 'external_id', 'email')),
    user_id uuid NOT NULL REFERENCES users (id),
    -- When the person lost it.
    at timestamptz NOT NULL,
    PRIMARY KEY (name_key, kind, user_id)
);
