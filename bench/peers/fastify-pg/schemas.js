// What answers look like: from these, Fastify makes serialisers.
const text = { type: 'string' };
const maybe = { type: ['string', 'null'] };
const flag = { type: 'boolean' };
const count = { type: 'integer' };
const list = (items) => ({ type: 'array', items });
const object = (properties, more = {}) => ({ type: 'object', properties, ...more });

const pending = object({ expiresAt: text, attemptsLeft: count, resendAfter: text }, { nullable: true });
const status = { destination: maybe, verified: flag, verifiedAt: maybe, pending };
const steps = list(object({ channel: text, afterMinutes: count }));
const preferences = object({
  channels: object({ email: flag, sms: flag, push: flag }),
  rules: object({ critical: steps, high: steps, medium: steps, low: steps, info: steps }),
  quietHours: object({ start: text, end: text, timeZone: text, days: list(text) }, { nullable: true }),
});

export const profile = object({
  id: text, userName: text, displayName: text, givenName: maybe, familyName: maybe, email: maybe, phone: maybe,
  timeZone: maybe, locale: maybe, role: text, active: flag, source: text,
  teams: list(object({ id: text, name: text, role: text })),
  verification: object({
    email: object(status), sms: object(status), push: object({ ...status, deviceCount: count, reason: maybe, since: maybe }),
    allVerified: flag, canBeOnCall: flag, missing: list(text),
  }),
  devices: list(object({
    id: text, platform: text, name: maybe, appVersion: maybe, verified: flag, createdAt: text, lastSeenAt: text,
  })),
  preferences, createdAt: text, updatedAt: text,
});

const tokens = { accessToken: text, tokenType: text, expiresIn: count, refreshToken: text };
export const refreshed = object({ ...tokens, refreshTokenExpiresAt: text, user: profile });
export const issued = object({ id: text, expiresAt: { type: 'string', format: 'date-time' }, ...tokens });
