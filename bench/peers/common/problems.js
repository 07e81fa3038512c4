// Errors as RFC 9457 has them, what is asked of bodies, and where a request came from.
import { randomUUID } from 'node:crypto';
import { hashOf } from './tokens.js';

export class Problem extends Error {
  constructor(status, kind, title, detail, extensions = {}, headers = {}) {
    super(detail);
    Object.assign(this, { status, kind, title, extensions, headers });
  }

  body(instance) {
    const { kind, title, status, message: detail, extensions } = this;
    return { type: `urn:muster:problem:${kind}`, title, status, detail, instance, ...extensions };
  }
}

export const unauthenticated = (detail) => new Problem(
  401, 'unauthenticated', 'A valid credential is needed',
  detail ?? 'the credential is invalid or has expired, or its account is not active', {},
  { 'WWW-Authenticate': detail ? 'Bearer' : 'Bearer error="invalid_token"' },
);
export const forbidden = () => new Problem(
  403, 'forbidden', 'The caller may not do that', "the caller's role or scopes do not allow this");
export const invalidRefreshToken = () => new Problem(
  401, 'invalid-refresh-token', 'The refresh token is not valid', 'sign in again');
export const unavailable = (detail) => new Problem(503, 'unavailable', 'The service is unavailable for the moment', detail);
export const invalid = (field, detail) => new Problem(
  422, 'validation-failed', 'The input breaks rules', `${field} ${detail}`, { errors: [{ field, detail }] });
export const notFound = () => new Problem(404, 'not-found', 'There is nothing here', 'no resource has this path');

/** Whatever was thrown, as a problem. */
export function problemOf(error) {
  if (error instanceof Problem) return error;
  const status = error.statusCode ?? error.status;
  if (status >= 400 && status < 500) {
    return new Problem(status, 'malformed-request', 'The request cannot be read', error.message);
  }
  console.error(error);
  return new Problem(500, 'internal', 'Something failed on the server', 'the operator can find it by the instance');
}

function fields(body, known) {
  if (typeof body !== 'object' || Array.isArray(body)) throw invalid('body', 'must be an object');
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(unknown, 'is not a known field');
  return body;
}

/** The hash of the token in a refresh's body. */
export function presentedHash(body) {
  const hash = hashOf(fields(body ?? {}, ['refreshToken']).refreshToken);
  if (!hash) throw invalid('refreshToken', 'must be a refresh token: mst_rt_ and 50 letters and digits with a right checksum');
  return hash;
}

// Control characters, and those that hide or turn text.
const UNSAFE = /[\p{Cc}\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/u;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The body of an issue, which may be left out. */
export function phone(body) {
  const { deviceName = null, deviceId = null } = fields(body ?? {}, ['deviceName', 'deviceId']);
  if (deviceName !== null && typeof deviceName !== 'string') throw invalid('deviceName', 'must be a string');
  const name = deviceName && deviceName.trim();
  if (name === '') throw invalid('deviceName', 'must not be empty');
  if (name && [...name].length > 100) throw invalid('deviceName', 'must not be longer than 100 characters');
  if (name && UNSAFE.test(name)) {
    throw invalid('deviceName', 'must not contain control characters or invisible ones');
  }
  if (deviceId !== null && !UUID.test(deviceId)) throw invalid('deviceId', 'must be a UUID');
  return { deviceName: name, deviceId };
}

export const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

export function requestId(headers) {
  const given = headers['x-request-id'];
  return given && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
}

/** Where a request came from, as the audit trail keeps it. */
export function origin(socket, headers, id) {
  const userAgent = headers['user-agent']?.replace(/\p{Cc}/gu, '').slice(0, 256) ?? null;
  return { ip: socket.remoteAddress ?? null, userAgent, requestId: id };
}
