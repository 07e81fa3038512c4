// Named statements: each is prepared once for each connection.
import pg from 'pg';
import { POOL_SIZE } from '../common/start.js';
import { replayed } from '../common/sessions.js';

// Times stay text, so that none of their microseconds is lost.
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => text.replace(' ', 'T').replace('+00', 'Z'));
export const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL, max: POOL_SIZE, options: '-c TimeZone=UTC',
});

const PERSON = `
  u.id, u.user_name AS "userName", u.display_name AS "displayName", u.given_name AS "givenName",
  u.family_name AS "familyName", u.email, u.phone, u.time_zone AS "timeZone", u.locale, u.role, u.active, u.source,
  u.created_at AS "createdAt", u.updated_at AS "updatedAt",
  u.email_fingerprint::text AS "emailFingerprint", u.phone_fingerprint::text AS "phoneFingerprint",
  u.push_lost_reason AS "pushLostReason", u.push_lost_at AS "pushLostAt",
  (SELECT coalesce(json_agg(json_build_object('id', t.id, 'name', t.name, 'role', m.role) ORDER BY t.name_key, t.id), '[]')
    FROM team_members m JOIN teams t ON t.id = m.team_id WHERE m.user_id = u.id AND t.active) AS teams,
  (SELECT coalesce(json_agg(json_build_object('method', p.method, 'fingerprint', p.fingerprint::text,
    'verifiedAt', p.verified_at)), '[]') FROM proofs p WHERE p.user_id = u.id) AS proofs,
  (SELECT coalesce(json_agg(json_build_object('id', d.id, 'platform', d.platform, 'name', d.name,
    'appVersion', d.app_version, 'verifiedAt', d.verified_at, 'createdAt', d.created_at, 'lastSeenAt', d.last_seen_at)
    ORDER BY d.created_at, d.id), '[]') FROM devices d WHERE d.user_id = u.id) AS devices,
  (SELECT coalesce(json_agg(json_build_object('method', c.method, 'completedAt', c.completed_at,
    'cancelledAt', c.cancelled_at, 'failedAttempts', c.failed_attempts, 'expiresAt', c.expires_at,
    'resendAfter', c.resend_after)), '[]') FROM challenges c WHERE c.user_id = u.id) AS challenges,
  (SELECT p.document FROM preferences p WHERE p.user_id = u.id) AS preferences`;

const STATEMENTS = {
  person: `SELECT ${PERSON} FROM users u WHERE u.id = $1`,
  account: 'SELECT id, active, source FROM users WHERE id = $1',
  identity: `SELECT id, active, source FROM users
    WHERE source = 'scim' AND removed_at IS NULL AND (external_id = $1 OR user_name_key = ANY($2))
    ORDER BY external_id = $1 DESC NULLS LAST, array_position($2, user_name_key) LIMIT 1`,
  candidate: `SELECT s.id AS "sessionId", s.revoked_at AS "revokedAt", s.expires_at AS "expiresAt", t.parent,
      t.superseded_at AS "supersededAt", ${PERSON}
    FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id WHERE t.hash = $1`,
  touch: `UPDATE sessions s SET last_used_at = $2 FROM users u WHERE s.id = $1 AND s.revoked_at IS NULL
    AND s.expires_at > $2 AND u.id = s.user_id AND u.active`,
  works: 'SELECT FROM refresh_tokens WHERE hash = $1 AND superseded_at IS NULL',
  supersede: 'UPDATE refresh_tokens SET superseded_at = $2 WHERE hash = $1 AND superseded_at IS NULL',
  token: 'INSERT INTO refresh_tokens (hash, session_id, parent, salt, created_at) VALUES ($1, $2, $3, $4, $5)',
  audit: `INSERT INTO audit_events (id, at, action, actor_type, actor_id, subject, details, ip, user_agent, request_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
  revoke: `UPDATE sessions SET revoked_at = $2, revoke_reason = 'replayed'
    WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2`,
  live: 'SELECT FROM sessions WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3',
  active: 'SELECT FROM users WHERE id = $1 AND active FOR SHARE',
  device: 'SELECT FROM devices WHERE id = $1 AND user_id = $2 FOR SHARE',
  session: `INSERT INTO sessions (id, user_id, device_name, device_id, created_at, last_used_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $5, $6)`,
};

export const run = (name, values, client = pool) => client.query({ name, text: STATEMENTS[name], values });
export const first = async (name, values, client) => (await run(name, values, client)).rows[0];

async function transaction(work) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

const audit = (client, e) => run('audit', [
  e.id, e.at, e.action, e.actorType, e.actorId, e.subject, e.details, e.ip, e.userAgent, e.requestId,
], client);

/** Whether the session went on: not when it ended or the token was superseded meanwhile. */
export const rotate = (hash, parent, sessionId, token, event, now) => transaction(async (client) => {
  if ((await run('touch', [sessionId, now], client)).rowCount === 0) return false;
  if ((await run('works', [hash], client)).rowCount === 0) return false;
  if (parent) await run('supersede', [parent, now], client);
  await run('token', [token.hash, sessionId, hash, token.salt, now], client);
  await audit(client, event);
  return true;
});

export const endReplayed = (sessionId, owner, now, origin) => transaction(async (client) => {
  if ((await run('revoke', [sessionId, now], client)).rowCount === 0) return;
  for (const event of replayed(sessionId, owner, now, origin)) await audit(client, event);
});

/** `null` when it was written, else what there is not: `user` or `device`. */
export const issue = ({ session: s, token, event }, now) => transaction(async (client) => {
  if ((await run('active', [s.userId], client)).rowCount === 0) return 'user';
  if (s.deviceId && (await run('device', [s.deviceId, s.userId], client)).rowCount === 0) return 'device';
  await run('session', [s.id, s.userId, s.deviceName, s.deviceId, now, s.expiresAt], client);
  await run('token', [token.hash, s.id, null, token.salt, now], client);
  await audit(client, event);
  return null;
});
