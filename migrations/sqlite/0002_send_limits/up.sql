-- Made anew, because SQLite adds no column without a default that must not be null. Challenges of before bear the wait
-- that held for them.
DROP INDEX challenges_by_device;
ALTER TABLE challenges RENAME TO challenges_before;
CREATE TABLE challenges (
    user_id BLOB NOT NULL REFERENCES users (id),
    method TEXT NOT NULL CHECK (method IN ('email', 'sms', 'push')),
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    device_id BLOB REFERENCES devices (id) ON DELETE SET NULL,
    destination TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
    opened_at INTEGER NOT NULL,
    resend_after INTEGER NOT NULL,
    streak INTEGER NOT NULL CHECK (streak BETWEEN 1 AND 65535),
    expires_at INTEGER NOT NULL,
    failed_attempts INTEGER NOT NULL CHECK (failed_attempts BETWEEN 0 AND 5),
    completed_at INTEGER,
    cancelled_at INTEGER,
    delivery TEXT,
    PRIMARY KEY (user_id, method),
    CHECK (completed_at IS NULL OR cancelled_at IS NULL),
    CHECK (device_id IS NULL OR method = 'push')
) STRICT;
INSERT INTO challenges (
    user_id, method, id, device_id, destination, fingerprint, code_hash, opened_at, expires_at, failed_attempts,
    completed_at, cancelled_at, delivery, resend_after, streak
) SELECT
    user_id, method, id, device_id, destination, fingerprint, code_hash, opened_at, expires_at, failed_attempts,
    completed_at, cancelled_at, delivery, opened_at + 60000000, 1
FROM challenges_before;
DROP TABLE challenges_before;
CREATE INDEX challenges_by_device ON challenges (device_id) WHERE device_id IS NOT NULL;

-- How many codes each quota's window has seen. scope_key is a user's id, a destination's fingerprint, or nothing.
CREATE TABLE send_counts (
    scope TEXT NOT NULL CHECK (scope IN ('user', 'destination', 'installation')),
    scope_key BLOB NOT NULL,
    quota_window TEXT NOT NULL CHECK (quota_window IN ('hour', 'day')),
    began_at INTEGER NOT NULL,
    used INTEGER NOT NULL CHECK (used >= 1),
    PRIMARY KEY (scope, scope_key, quota_window),
    CHECK (length(scope_key) = CASE scope WHEN 'user' THEN 16 WHEN 'destination' THEN 32 ELSE 0 END)
) STRICT;

-- When it was last written down that a person was refused a code for a reason.
CREATE TABLE send_refusals (
    user_id BLOB NOT NULL REFERENCES users (id),
    method TEXT NOT NULL CHECK (method IN ('email', 'sms', 'push')),
    reason TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, method, reason)
) STRICT;
