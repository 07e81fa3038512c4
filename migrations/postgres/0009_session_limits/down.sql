DROP FUNCTION live_sessions_of(uuid, timestamptz);
CREATE INDEX sessions_of_user ON sessions (user_id);
DROP INDEX sessions_live_of_user;
UPDATE sessions SET revoke_reason = 'revokedByOwner'
    WHERE revoke_reason IN ('tooMany', 'deviceRemoved', 'deviceReleased');
ALTER TABLE sessions DROP CONSTRAINT sessions_revoke_reason_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_revoke_reason_check
    CHECK (revoke_reason IN ('signedOut', 'revokedByOwner', 'revokedByOperator', 'replayed', 'deactivated'));
ALTER TABLE users DROP COLUMN push_lost_at;
ALTER TABLE users DROP COLUMN push_lost_reason;
ALTER TABLE devices DROP COLUMN session_id;
