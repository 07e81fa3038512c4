-- 100,000 people, of whom each fifth has all that a person can have; the id of person N ends in N. What limits the codes
-- that are sent begins in the year 9999, so that it holds at whatever time a test sends one.
CREATE FUNCTION id_of(n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS
    $$ SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
CREATE FUNCTION bytes_of(what text, n bigint) RETURNS bytea IMMUTABLE LANGUAGE sql AS
    $$ SELECT sha256(convert_to(what || n, 'UTF8')) $$;

INSERT INTO users (id, external_id, user_name, user_name_key, display_name, email, email_key, phone, email_fingerprint,
    phone_fingerprint, role, active, source, version, created_at, updated_at, search_key, reach)
SELECT id_of(n), 'external-' || n, name, name, name, name || '@example.com', name || '@example.com', '+12025550123',
    bytes_of('email', n), bytes_of('sms', n), CASE WHEN n % 1000 = 0 THEN 'admin' ELSE 'user' END, n % 10 <> 9, 'scim', 1,
    now(), now(), name || E'\n' || name || E'\n' || name || '@example.com', CASE n % 5 WHEN 0 THEN 7 ELSE 0 END
FROM generate_series(1, 100000) AS n, LATERAL (SELECT 'person-' || lpad(n::text, 6, '0') AS name) AS named;

INSERT INTO identities SELECT 'subject-' || n, 'https://login.example', id_of(n), now() FROM generate_series(1, 100000) AS n;
INSERT INTO known_names SELECT 'former-' || n, 'user_name', id_of(n), now() FROM generate_series(1, 100000) AS n;
INSERT INTO teams SELECT id_of(n), 'Team ' || n, 'team ' || n, true, true, now(), 'group-' || n, 1, now() FROM generate_series(1, 200) AS n;
INSERT INTO team_members SELECT id_of(1 + n % 200), id_of(5 * n), 'responder' FROM generate_series(1, 20000) AS n;
-- What the triggers would make of it, person by person, is in the rows above.
ALTER TABLE proofs DISABLE TRIGGER USER;
ALTER TABLE devices DISABLE TRIGGER USER;
-- One that is large, and whose members come late.
INSERT INTO teams VALUES (id_of(201), 'Zulu', 'zulu', true, true, now(), 'group-201', 1, now());
INSERT INTO team_members SELECT id_of(201), id_of(2 * n), 'responder' FROM generate_series(30001, 35000) AS n;
INSERT INTO proofs SELECT id_of(5 * n), method, bytes_of(method, 5 * n), now()
FROM generate_series(1, 20000) AS n, unnest(ARRAY['email', 'sms']) AS method;
INSERT INTO preferences SELECT id_of(5 * n), 1, :preferences FROM generate_series(1, 20000) AS n;
INSERT INTO devices SELECT id_of(n), id_of(5 * n), 'android', 'token-' || n, bytes_of('device', n), NULL, NULL, now(), now(), now()
FROM generate_series(1, 20000) AS n;
INSERT INTO challenges (user_id, method, id, device_id, destination, fingerprint, code_hash, opened_at,
    resend_after, streak, expires_at, failed_attempts)
SELECT id_of(5 * n), 'push', id_of(n), id_of(n), 'Pixel', bytes_of('device', n), bytes_of('code', n), now(),
    '9999-01-01', 1, now() + interval '10 minutes', 0
FROM generate_series(1, 20000) AS n;
INSERT INTO send_counts SELECT 'destination', bytes_of('email', n), 'day', '9999-01-01', 1 FROM generate_series(1, 100000) AS n;
INSERT INTO send_refusals SELECT id_of(n), 'email', 'tooSoon', '9999-01-01' FROM generate_series(1, 20000) AS n;
INSERT INTO sessions SELECT id_of(n), id_of(5 * n), NULL, id_of(n), now(), now(), now() + interval '90 days', NULL, NULL
FROM generate_series(1, 20000) AS n;
INSERT INTO refresh_tokens SELECT bytes_of('refresh', n), id_of(n), NULL, substr(bytes_of('salt', n), 1, 16), NULL, now()
FROM generate_series(1, 20000) AS n;
-- What housekeeping finds: each session's token of before.
INSERT INTO refresh_tokens SELECT bytes_of('superseded', n), id_of(n), NULL, substr(bytes_of('salt', n), 1, 16), now(), now()
FROM generate_series(1, 20000) AS n;
INSERT INTO api_keys SELECT id_of(n), bytes_of('key', n), 'pager', 'mst_key_Fake', 'users:read', now(), NULL, NULL, NULL
FROM generate_series(1, 20000) AS n;
INSERT INTO audit_events (id, at, action, actor_type, actor_id, subject, details)
SELECT id_of(n), now() - n * interval '1 second', 'test.action.' || n % 20, 'user', id_of(n % 1000), id_of(1 + n % 10000), '{}'
FROM generate_series(1, 50000) AS n;
INSERT INTO notices SELECT id_of(n), id_of(5 * n), 'email', '{}', now(), '9999-01-01', 0 FROM generate_series(1, 20000) AS n;
INSERT INTO directory_brakes VALUES ('idp', NULL, NULL);
INSERT INTO directory_deactivations SELECT 'idp', id_of(n), n % 2 = 0, '2001-01-01' FROM generate_series(1, 20000) AS n;
INSERT INTO sign_in_attempts SELECT 'address', convert_to('192.0.2.' || n, 'UTF8'), '9999-01-01', 1 FROM generate_series(1, 20000) AS n;

ALTER TABLE proofs ENABLE TRIGGER USER;
ALTER TABLE devices ENABLE TRIGGER USER;

DROP FUNCTION id_of, bytes_of;
ANALYZE;
