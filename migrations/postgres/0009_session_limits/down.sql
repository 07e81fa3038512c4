DROP FUNCTION live_sessions_of(uuid, timestamptz);
CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (user_id, last_used_at DESC, id DESC);
DROP INDEX IF EXISTS sessions_live_of_user;
UPDATE sessions SET revoke_reason = 'revokedByOwner'
    WHERE revoke_reason IN ('tooMany', 'deviceRemoved', 'deviceReleased');
ALTER TABLE sessions DROP CONSTRAINT sessions_revoke_reason_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_revoke_reason_check
    CHECK (revoke_reason IN ('signedOut', 'revokedByOwner', 'revokedByOperator', 'replayed', 'deactivated'));
ALTER TABLE users DROP COLUMN push_lost_at;
ALTER TABLE users DROP COLUMN push_lost_reason;
ALTER TABLE devices DROP COLUMN session_id;
