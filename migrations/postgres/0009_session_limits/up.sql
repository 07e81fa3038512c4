-- The session with whose credential a device was registered last. No foreign key: the session may be gone, and then it is
-- not live.
ALTER TABLE devices ADD COLUMN session_id uuid;

-- Why and when a person last lost a device that was proven.
ALTER TABLE users ADD COLUMN push_lost_reason text;
ALTER TABLE users ADD COLUMN push_lost_at timestamptz;

ALTER TABLE sessions DROP CONSTRAINT sessions_revoke_reason_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_revoke_reason_check
    CHECK (revoke_reason IN ('signedOut', 'revokedByOwner', 'revokedByOperator', 'replayed', 'deactivated', 'tooMany',
        'deviceRemoved', 'deviceReleased'));

-- The index of what a person has of live sessions, sessions_live_of_user, is built after this transaction (adr/0034).

-- How many live sessions a person has. A statement that calls it after it locked the person gets what was committed
-- until then: a volatile function looks anew, while the statement itself still looks at the state before it.
CREATE FUNCTION live_sessions_of(person uuid, moment timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN (SELECT count(*) FROM sessions WHERE user_id = person AND revoked_at IS NULL AND expires_at > moment);
END
$$;
