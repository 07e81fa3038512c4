DROP TABLE send_refusals;
DROP TABLE send_counts;
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
    completed_at, cancelled_at, delivery
) SELECT
    user_id, method, id, device_id, destination, fingerprint, code_hash, opened_at, expires_at, failed_attempts,
    completed_at, cancelled_at, delivery
FROM challenges_before;
DROP TABLE challenges_before;
CREATE INDEX challenges_by_device ON challenges (device_id) WHERE device_id IS NOT NULL;
