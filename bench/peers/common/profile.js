// The profile, from what is on record about a person.
const step = (channel, afterMinutes) => ({ channel, afterMinutes });
const DEFAULTS = {
  channels: { email: true, sms: true, push: true },
  rules: {
    critical: [step('push', 0), step('sms', 2), step('email', 2)],
    high: [step('push', 0), step('sms', 5), step('email', 5)],
    medium: [step('push', 0), step('email', 15)],
    low: [step('email', 0)],
    info: [step('email', 0)],
  },
  quietHours: null,
};
const MAX_ATTEMPTS = 5;

function maskedEmail(address) {
  const at = address.lastIndexOf('@');
  const local = [...address.slice(0, at)];
  return `${local.slice(0, Math.min(local.length - 1, 2)).join('')}***${address.slice(at)}`;
}

function maskedPhone(number) {
  const digits = number.replace(/[^0-9]/g, '');
  return `***${digits.slice(digits.length - Math.min(digits.length >> 1, 4))}`;
}

const same = (a, b) => (typeof a === 'string' ? a === b : Buffer.compare(a, b) === 0);
const time = (value) => (typeof value === 'string' ? value.replace('+00:00', 'Z') : value);

function channel(destination, verifiedAt, challenges, method, now) {
  const code = challenges.find((challenge) => challenge.method === method);
  const live = code && !code.completedAt && !code.cancelledAt && code.failedAttempts < MAX_ATTEMPTS
    && new Date(code.expiresAt) > now;
  const pending = live
    ? { expiresAt: time(code.expiresAt), attemptsLeft: MAX_ATTEMPTS - code.failedAttempts, resendAfter: time(code.resendAfter) }
    : null;
  return { destination, verified: verifiedAt !== null, verifiedAt: time(verifiedAt), pending };
}

function verification(user, now) {
  const { proofs, devices, challenges } = user;
  const proven = (method, fingerprint) =>
    (fingerprint && proofs.find((p) => p.method === method && same(p.fingerprint, fingerprint))?.verifiedAt) || null;
  const rank = (device) => [device.verifiedAt ? 1 : 0, +new Date(device.lastSeenAt)];
  const later = (a, b) => a[0] - b[0] || a[1] - b[1];
  const newest = devices.reduce((best, d) => (best && later(rank(d), rank(best)) < 0 ? best : d), null);
  const since = devices.map((d) => d.verifiedAt).filter(Boolean).sort((a, b) => new Date(a) - new Date(b))[0] ?? null;
  const view = {
    email: channel(user.email && maskedEmail(user.email), proven('email', user.emailFingerprint), challenges, 'email', now),
    sms: channel(user.phone && maskedPhone(user.phone), proven('sms', user.phoneFingerprint), challenges, 'sms', now),
    push: {
      ...channel(newest?.platform ?? null, since, challenges, 'push', now), deviceCount: devices.length,
      reason: since ? null : user.pushLostReason, since: since ? null : time(user.pushLostAt),
    },
  };
  const missing = ['email', 'sms', 'push'].filter((method) => !view[method].verified);
  return { ...view, allVerified: missing.length === 0, canBeOnCall: user.active && missing.length === 0, missing };
}

const device = (d) => ({
  id: d.id, platform: d.platform, name: d.name, appVersion: d.appVersion, verified: Boolean(d.verifiedAt),
  createdAt: time(d.createdAt), lastSeenAt: time(d.lastSeenAt),
});

/** The profile of a person with `teams`, `proofs`, `devices`, `challenges` and `preferences` (text). */
export function profile(user, now) {
  const { id, userName, displayName, givenName, familyName, email, phone, timeZone, locale, role, active, source } = user;
  return {
    id, userName, displayName, givenName, familyName, email, phone, timeZone, locale, role, active, source,
    teams: user.teams,
    verification: verification(user, now),
    devices: user.devices.map(device),
    preferences: user.preferences ? JSON.parse(user.preferences) : DEFAULTS,
    createdAt: time(user.createdAt),
    updatedAt: time(user.updatedAt),
  };
}
