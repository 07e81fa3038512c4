-- A company, for measurements: psql -v users=100000 -v audit=1000000 -f fill.sql, into an empty schema of `muster migrate`.
--
-- The same each time, but that what is to be live or recent counts from today. Fingerprints and hashes of tokens are
-- SHA-256 of a text: Muster's own need the pepper. So nobody can present these tokens, and a directory that delivers one
-- of these people anew takes the proofs away. Audit records are written as Muster writes them, without a seal; the first
-- server that is started seals them, batch by batch without a rest.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET synchronous_commit = off;
BEGIN;

-- An id like Muster's (version 7): a time, then what the text determines.
CREATE FUNCTION pg_temp.v7(at timestamptz, seed text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(seed), 1, 3)
        || '8' || substr(md5(seed), 4, 15))::uuid
$$;
CREATE FUNCTION pg_temp.joined(n bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT timestamptz '2025-01-06 09:00:00+00' + n * interval '1 second'
$$;
CREATE FUNCTION pg_temp.person(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_temp.v7(pg_temp.joined(n), 'user ' || n)
$$;
CREATE FUNCTION pg_temp.team(k bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_temp.v7(pg_temp.joined(k), 'team ' || k)
$$;
CREATE FUNCTION pg_temp.hash(seed text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(convert_to(seed, 'UTF8'))
$$;

CREATE TEMPORARY TABLE person AS
SELECT n, pg_temp.person(n) AS id, pg_temp.joined(n) AS at, n % 10 <> 0 AS active,
    'person' || n || '@example.com' AS user_name,
    (ARRAY['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Ken', 'Radia', 'Linus', 'Margaret',
        'Dennis', 'Hedy', 'Tim', 'Katherine', 'Niklaus', 'Anita'])[1 + n % 17] AS given,
    (ARRAY['Lovelace', 'Hopper', 'Turing', 'Dijkstra', 'Liskov', 'Knuth', 'Allen', 'Thompson', 'Perlman', 'Hamilton',
        'Ritchie', 'Lamarr', 'Johnson', 'Wirth', 'Borg', 'Backus', 'Shannon', 'Hamming', 'Floyd', 'Karp', 'Rivest',
        'Pearl', 'Lamport'])[1 + n % 23] AS family,
    '+44' || (7400000000 + n) AS phone,
    (ARRAY['Europe/London', 'America/New_York', 'Asia/Tokyo', 'Europe/Berlin'])[1 + n % 4] AS zone,
    (ARRAY['en-GB', 'en-US', 'ja-JP', 'de-DE'])[1 + n % 4] AS locale,
    pg_temp.v7(pg_temp.joined(n), 'phone ' || n) AS device,
    pg_temp.v7(date_trunc('day', now()) - interval '10 days' + (n % 86400) * interval '1 second', 'session ' || n)
        AS session
FROM generate_series(1, :users) AS n;

INSERT INTO users (id, external_id, user_name, user_name_key, display_name, given_name, family_name, email, email_key,
    phone, email_fingerprint, phone_fingerprint, time_zone, locale, role, active, source, version, created_at,
    updated_at, search_key, reach)
SELECT id, 'okta-' || n, user_name, user_name, given || ' ' || family, given, family, user_name, user_name, phone,
    pg_temp.hash(user_name), pg_temp.hash(phone), zone, locale, CASE n WHEN 1 THEN 'admin' ELSE 'user' END, active,
    'scim', 1, at, at, user_name || E'\n' || lower(given || ' ' || family) || E'\n' || user_name,
    CASE WHEN active THEN 7 ELSE 0 END
FROM person;
-- What its triggers would make of the proofs and devices below, person by person.
ALTER TABLE proofs DISABLE TRIGGER USER;
ALTER TABLE devices DISABLE TRIGGER USER;

-- Teams of 500: everybody is in one of the first, every second person in one of the others too.
INSERT INTO teams (id, name, name_key, active, synced_from_directory, created_at, external_id, version, updated_at)
SELECT pg_temp.team(k), 'Team ' || k, 'team ' || k, true, true, pg_temp.joined(k), 'okta-team-' || k, 1,
    pg_temp.joined(k)
FROM generate_series(1, (:users + 499) / 500 + ((:users + 1) / 2 + 499) / 500) AS k;
INSERT INTO team_members (team_id, user_id, role)
SELECT pg_temp.team(1 + (n - 1) / 500), id,
    CASE WHEN n % 500 = 1 THEN 'team_admin' WHEN n % 10 = 2 THEN 'observer' ELSE 'responder' END
FROM person;
INSERT INTO team_members (team_id, user_id, role)
SELECT pg_temp.team((:users + 499) / 500 + 1 + (n / 2) / 500), id, 'responder' FROM person WHERE n % 2 = 1;

INSERT INTO preferences (user_id, version, document)
SELECT id, 1, '{"channels":{"email":true,"sms":true,"push":true},"rules":{'
    || '"critical":[{"channel":"push","afterMinutes":0},{"channel":"sms","afterMinutes":2},{"channel":"email","afterMinutes":2}],'
    || '"high":[{"channel":"push","afterMinutes":0},{"channel":"sms","afterMinutes":5}],'
    || '"medium":[{"channel":"push","afterMinutes":0},{"channel":"email","afterMinutes":15}],'
    || '"low":[{"channel":"email","afterMinutes":0}],"info":[]},"quietHours":{"start":"22:00","end":"07:00","timeZone":"'
    || zone || '","days":["mon","tue","wed","thu","fri"]}}'
FROM person;

-- Two devices, of which the phone is proven.
INSERT INTO devices (id, user_id, platform, token, token_fingerprint, name, app_version, verified_at, created_at,
    last_seen_at)
SELECT device, id, 'ios', encode(pg_temp.hash('phone ' || n), 'hex'), pg_temp.hash('phone fingerprint ' || n),
    given || '''s iPhone', '5.2.0', at + interval '1 hour', at + interval '1 hour', date_trunc('day', now())
FROM person
UNION ALL
SELECT pg_temp.v7(at, 'tablet ' || n), id, 'android', encode(pg_temp.hash('tablet ' || n), 'hex'),
    pg_temp.hash('tablet fingerprint ' || n), given || '''s tablet', '5.1.3', NULL, at + interval '2 hours',
    date_trunc('day', now())
FROM person;

INSERT INTO proofs (user_id, method, fingerprint, verified_at)
SELECT id, 'email', pg_temp.hash(user_name), at + interval '1 hour' FROM person
UNION ALL
SELECT id, 'sms', pg_temp.hash(phone), at + interval '1 hour' FROM person;

ALTER TABLE proofs ENABLE TRIGGER USER;
ALTER TABLE devices ENABLE TRIGGER USER;

-- A session each; those of people who were deactivated are over.
INSERT INTO sessions (id, user_id, device_name, device_id, created_at, last_used_at, expires_at, revoked_at,
    revoke_reason)
SELECT session, id, given || '''s iPhone', device, date_trunc('day', now()) - interval '10 days',
    date_trunc('day', now()), date_trunc('day', now()) + interval '80 days',
    CASE WHEN NOT active THEN date_trunc('day', now()) END, CASE WHEN NOT active THEN 'deactivated' END
FROM person;
INSERT INTO refresh_tokens (hash, session_id, parent, salt, superseded_at, created_at)
SELECT pg_temp.hash('token 1 ' || n), session, NULL, decode(md5('salt 1 ' || n), 'hex'), date_trunc('day', now()),
    date_trunc('day', now()) - interval '10 days'
FROM person
UNION ALL
SELECT pg_temp.hash('token 2 ' || n), session, pg_temp.hash('token 1 ' || n), decode(md5('salt 2 ' || n), 'hex'), NULL,
    date_trunc('day', now())
FROM person;

-- Over the last 30 days, the person's phone mostly.
INSERT INTO audit_events (id, at, action, actor_type, actor_id, actor_name, subject, details, ip, user_agent, request_id)
SELECT pg_temp.v7(e.at, 'audit ' || e.k), e.at, e.action,
    CASE e.action WHEN 'scim.user.updated' THEN 'service' ELSE 'user' END,
    CASE e.action WHEN 'scim.user.updated' THEN NULL ELSE p.id END,
    CASE e.action WHEN 'scim.user.updated' THEN 'okta' END, p.id,
    CASE e.action
        WHEN 'session.refreshed' THEN '{"sessionId":"' || p.session || '"}'
        WHEN 'session.issued' THEN '{"sessionId":"' || p.session || '"}'
        WHEN 'device.updated' THEN '{"deviceId":"' || p.device || '","platform":"ios"}'
        WHEN 'scim.user.updated' THEN '{"fields":["displayName"]}'
        ELSE '{"challengeId":"' || pg_temp.v7(e.at, 'challenge ' || e.k) || '","method":"email"}'
    END,
    '192.0.2.' || (1 + p.n % 250),
    CASE e.action WHEN 'scim.user.updated' THEN 'Okta SCIM Client 1.0.0' ELSE 'OnCall/5.2.0 (iPhone; iOS 19.1)' END,
    pg_temp.v7(e.at, 'request ' || e.k)::text
FROM (
    SELECT k, date_trunc('day', now()) - interval '30 days' + k * (interval '30 days' / :audit) AS at,
        (ARRAY['session.refreshed', 'session.refreshed', 'session.refreshed', 'session.refreshed',
            'session.refreshed', 'session.refreshed', 'session.issued', 'device.updated', 'scim.user.updated',
            'contact.verification.failed'])[1 + k % 10] AS action
    FROM generate_series(1, :audit) AS k
) AS e
-- 7919 is a prime: neighbours in time are not neighbours by name.
JOIN person p ON p.n = 1 + (e.k::bigint * 7919) % :users;

DROP TABLE person;
COMMIT;
VACUUM ANALYZE;
