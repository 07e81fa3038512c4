-- Which pepper each keyed hash was made with (docs/adr/0031). NULL: it was written by a release that did not record it.

ALTER TABLE refresh_tokens ADD COLUMN successor_key integer;
-- Its index of tokens without a key is built after this transaction (adr/0034).

-- A push token has one device at most, whatever key its fingerprint was made with. Where the pepper was changed without an
-- overlap it may have had several: one of the person's who registered it last stays, a proven one if there is one.
CREATE TEMPORARY TABLE duplicates ON COMMIT DROP AS
SELECT id, user_id, platform FROM (
    SELECT id, user_id, platform, row_number() OVER (PARTITION BY platform, token
        ORDER BY user_id <> holder, verified_at IS NULL, last_seen_at DESC, id DESC) AS nth
    FROM (
        SELECT *, first_value(user_id) OVER (PARTITION BY platform, token
            ORDER BY last_seen_at DESC, id DESC) AS holder
        FROM devices
    ) AS held
) AS ranked WHERE nth > 1;
INSERT INTO audit_events (id, at, action, actor_type, actor_name, subject, details)
SELECT gen_random_uuid(), now(), 'device.released', 'system', 'migration', user_id,
    '{"platform":"' || platform || '"}'
FROM duplicates;
UPDATE challenges SET cancelled_at = now()
WHERE device_id IN (SELECT id FROM duplicates) AND completed_at IS NULL AND cancelled_at IS NULL;
DELETE FROM devices WHERE id IN (SELECT id FROM duplicates);
-- A hash index, because a token may be longer than an entry of a B-tree.
ALTER TABLE devices ADD CONSTRAINT devices_by_destination EXCLUDE USING hash ((platform || ':' || token) WITH =);

-- Last, so that what these lock waits for nothing else.
ALTER TABLE users ADD COLUMN email_fingerprint_key integer;
ALTER TABLE users ADD COLUMN phone_fingerprint_key integer;
ALTER TABLE proofs ADD COLUMN fingerprint_key integer;
ALTER TABLE devices ADD COLUMN token_fingerprint_key integer;
ALTER TABLE challenges ADD COLUMN fingerprint_key integer;
ALTER TABLE challenges ADD COLUMN code_key integer;
ALTER TABLE audit_events ADD COLUMN seal_key integer;
