-- Each record's place in the chain and its seal, once it has them.
ALTER TABLE audit_events ADD COLUMN position INTEGER CHECK (position >= 1);
ALTER TABLE audit_events ADD COLUMN seal BLOB CHECK (length(seal) = 32 AND (position IS NULL) = (seal IS NULL));
CREATE UNIQUE INDEX audit_events_by_position ON audit_events (position) WHERE position IS NOT NULL;
-- With the position, though it is always NULL, so that no plan for what waits reads all records by time instead.
CREATE INDEX audit_events_unsealed ON audit_events (position, at, id) WHERE position IS NULL;

-- Where the chain of audit records starts (the last one that was removed) and ends (the last one that was sealed).
CREATE TABLE audit_chain (
    mark TEXT PRIMARY KEY NOT NULL CHECK (mark IN ('start', 'head')),
    position INTEGER NOT NULL CHECK (position >= 1),
    seal BLOB NOT NULL CHECK (length(seal) = 32),
    mac BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;

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
        CHECK (revoke_reason IN ('signedOut', 'revokedByOwner', 'revokedByOperator', 'replayed', 'deactivated')),
    CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL))
) STRICT;
INSERT INTO sessions SELECT * FROM kept_sessions;
DROP TABLE kept_sessions;
CREATE INDEX sessions_by_user ON sessions (user_id, last_used_at DESC, id DESC);
CREATE INDEX sessions_by_device ON sessions (device_id) WHERE device_id IS NOT NULL;

-- What housekeeping removes from the one table that grows with every refresh.
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (superseded_at) WHERE superseded_at IS NOT NULL;
