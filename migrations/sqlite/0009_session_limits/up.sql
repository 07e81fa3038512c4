-- The session with whose credential a device was registered last. No foreign key: the session may be gone, and then it is
-- not live.
ALTER TABLE devices ADD COLUMN session_id BLOB CHECK (length(session_id) = 16);

-- Why and when a person last lost a device that was proven.
ALTER TABLE users ADD COLUMN push_lost_reason TEXT;
ALTER TABLE users ADD COLUMN push_lost_at INTEGER;

-- SQLite changes a CHECK only with its table. Refresh tokens name sessions, which are back before they are asked for.
PRAGMA defer_foreign_keys = ON;
CREATE TEMP TABLE kept_sessions AS SELECT * FROM sessions;
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
        CHECK (revoke_reason IN ('signedOut', 'revokedByOwner', 'revokedByOperator', 'replayed', 'deactivated', 'tooMany',
            'deviceRemoved', 'deviceReleased')),
    CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL))
) STRICT;
INSERT INTO sessions SELECT * FROM kept_sessions;
DROP TABLE kept_sessions;
-- What a person has of sessions that nobody ended; those that were ended are read by their id alone.
CREATE INDEX sessions_live_of_user ON sessions (user_id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_by_device ON sessions (device_id) WHERE device_id IS NOT NULL;
