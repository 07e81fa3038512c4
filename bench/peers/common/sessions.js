// The rules of phone sessions, and what their answers look like.
import { ACCESS_SECONDS, accessToken } from './access.js';
import { profile } from './profile.js';
import { newId, newToken } from './tokens.js';

const LIFETIME_MS = 90 * 24 * 3600 * 1000;
const GRACE_MS = Number(process.env.MUSTER_REPLAY_GRACE_SECONDS ?? 60) * 1000;

/** `rotate`, `replay` or `refuse`. */
export function judge({ revokedAt, expiresAt, active, supersededAt }, now) {
  if (revokedAt || new Date(expiresAt) <= now || !active) return 'refuse';
  if (!supersededAt) return 'rotate';
  return now - new Date(supersededAt) <= GRACE_MS ? 'refuse' : 'replay';
}

/** A record of the audit trail: `actor` is a person's id, or null for nobody known. */
export function record(now, action, actor, subject, details, origin) {
  const who = { actorType: actor ? 'user' : 'anonymous', actorId: actor };
  return { id: newId(now), at: now, action, ...who, subject, details: JSON.stringify(details), ...origin };
}

/** What a new session writes, and its answer. */
export function opened(userId, { deviceName, deviceId }, now, origin) {
  const id = newId(now);
  const expiresAt = new Date(now.getTime() + LIFETIME_MS);
  const token = newToken();
  const answer = {
    id, refreshToken: token.text, expiresAt, accessToken: accessToken(userId, id, now), tokenType: 'Bearer',
    expiresIn: ACCESS_SECONDS,
  };
  const event = record(now, 'session.issued', userId, userId, { sessionId: id }, origin);
  return { session: { id, userId, deviceName, deviceId, expiresAt }, token, event, answer };
}

/** What a refresh writes, and its answer. */
export function refreshed(sessionId, expiresAt, user, now, origin) {
  const token = newToken();
  const answer = {
    accessToken: accessToken(user.id, sessionId, now), tokenType: 'Bearer', expiresIn: ACCESS_SECONDS,
    refreshToken: token.text, refreshTokenExpiresAt: expiresAt, user: profile(user, now),
  };
  const event = record(now, 'session.refreshed', user.id, user.id, { sessionId }, origin);
  return { token, event, answer };
}

/** What the end of a replayed session is told as. */
export function replayed(sessionId, owner, now, origin) {
  return [
    record(now, 'session.replayed', null, owner, { sessionId }, origin),
    record(now, 'session.revoked', null, owner, { sessionId, reason: 'replayed' }, origin),
  ];
}
