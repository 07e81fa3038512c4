-- Each record's place in the chain and its seal, once it has them.
ALTER TABLE audit_events ADD COLUMN position bigint CHECK (position >= 1);
ALTER TABLE audit_events ADD COLUMN seal bytea CHECK (octet_length(seal) = 32);
ALTER TABLE audit_events ADD CONSTRAINT audit_events_sealed CHECK ((position IS NULL) = (seal IS NULL));
CREATE UNIQUE INDEX audit_events_by_position ON audit_events (position) WHERE position IS NOT NULL;
-- With the position, though it is always NULL, so that no plan for what waits reads all records by time instead.
CREATE INDEX audit_events_unsealed ON audit_events (position, at, id) WHERE position IS NULL;

-- Where the chain of audit records starts (the last one that was removed) and ends (the last one that was sealed).
CREATE TABLE audit_chain (
    mark text PRIMARY KEY CHECK (mark IN ('start', 'head')),
    position bigint NOT NULL CHECK (position >= 1),
    seal bytea NOT NULL CHECK (octet_length(seal) = 32),
    mac bytea NOT NULL CHECK (octet_length(mac) = 32)
);

ALTER TABLE sessions DROP CONSTRAINT sessions_revoke_reason_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_revoke_reason_check
    CHECK (revoke_reason IN ('signedOut', 'revokedByOwner', 'revokedByOperator', 'replayed', 'deactivated'));

-- What housekeeping removes from the one table that grows with every refresh.
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (superseded_at) WHERE superseded_at IS NOT NULL;
