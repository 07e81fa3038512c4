PRAGMA defer_foreign_keys = ON;
CREATE TEMP TABLE kept_sessions AS SELECT * FROM sessions;
UPDATE kept_sessions SET revoke_reason = 'revokedByOwner'
    WHERE revoke_reason IN ('tooMany', 'deviceRemoved', 'deviceReleased');
DROP TABLE sessions;
CREATE TABLE sessions (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id),
    device_name TEXT,
    device_id BLOB REFERENCES devices (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revoke_reason TEXT
        CHECK (revoke_reason IN ('signedOut', 'revokedByOwner', 'revokedByOperator', 'replayed', 'deactivated')),
    CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL))
) STRICT;
INSERT INTO sessions SELECT * FROM kept_sessions;
DROP TABLE kept_sessions;
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_device ON sessions (device_id) WHERE device_id IS NOT NULL;
ALTER TABLE users DROP COLUMN push_lost_at;
ALTER TABLE users DROP COLUMN push_lost_reason;
ALTER TABLE devices DROP COLUMN session_id;
