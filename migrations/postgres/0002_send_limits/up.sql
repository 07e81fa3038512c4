-- Challenges of before bear the wait that held for them.
ALTER TABLE challenges ADD COLUMN resend_after timestamptz;
UPDATE challenges SET resend_after = opened_at + interval '60 seconds';
ALTER TABLE challenges ALTER COLUMN resend_after SET NOT NULL;
ALTER TABLE challenges ADD COLUMN streak integer NOT NULL DEFAULT 1 CHECK (streak BETWEEN 1 AND 65535);
ALTER TABLE challenges ALTER COLUMN streak DROP DEFAULT;

-- How many codes each quota's window has seen. scope_key is a user's id, a destination's fingerprint, or nothing.
CREATE TABLE send_counts (
    scope text NOT NULL CHECK (scope IN ('user', 'destination', 'installation')),
    scope_key bytea NOT NULL,
    quota_window text NOT NULL CHECK (quota_window IN ('hour', 'day')),
    began_at timestamptz NOT NULL,
    used bigint NOT NULL CHECK (used >= 1),
    PRIMARY KEY (scope, scope_key, quota_window),
    CHECK (octet_length(scope_key) = CASE scope WHEN 'user' THEN 16 WHEN 'destination' THEN 32 ELSE 0 END)
);

-- When it was last written down that a person was refused a code for a reason.
CREATE TABLE send_refusals (
    user_id uuid NOT NULL REFERENCES users (id),
    method text NOT NULL CHECK (method IN ('email', 'sms', 'push')),
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, method, reason)
);
