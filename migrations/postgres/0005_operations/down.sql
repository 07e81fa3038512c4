DROP INDEX refresh_tokens_by_end;
UPDATE sessions SET revoke_reason = 'revokedByOwner' WHERE revoke_reason = 'revokedByOperator';
ALTER TABLE sessions DROP CONSTRAINT sessions_revoke_reason_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_revoke_reason_check
    CHECK (revoke_reason IN ('signedOut', 'revokedByOwner', 'replayed', 'deactivated'));
DROP TABLE audit_chain;
DROP INDEX audit_events_unsealed;
DROP INDEX audit_events_by_position;
ALTER TABLE audit_events DROP CONSTRAINT audit_events_sealed;
ALTER TABLE audit_events DROP COLUMN seal;
ALTER TABLE audit_events DROP COLUMN position;
