// Compares a peer's answers with Muster's, field by field; exits with 1 at a difference. Times are compared to the
// millisecond, which is what a Date holds.
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const { values } = parseArgs({
  options: { muster: text, peer: text, 'access-token': text, 'refresh-token': text, 'identity-token': text },
});
const missing = ['muster', 'peer', 'access-token', 'refresh-token', 'identity-token'].filter((name) => !values[name]);
if (missing.length) {
  console.error(`compare.mjs needs --${missing.join(', --')}`);
  process.exit(2);
}
const differences = [];
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/;
const VARYING = /(accessToken|refreshToken|refreshTokenExpiresAt|expiresAt|\bid|instance)$/;
// Well formed, and nobody's.
const UNKNOWN = 'mst_rt_3nguFpN8wYjuIUaE0UZhqp6vntIbocJeGWeDYab573qR3cbUfQ';
let compared = 0;

const kind = (value) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);
const plain = (value) => {
  const time = typeof value === 'string' && TIME.exec(value);
  return time ? `${time[1]}.${(time[2] ?? '').slice(0, 3).padEnd(3, '0')}` : value;
};

function compare(path, ours, theirs, exact = true) {
  compared++;
  if (kind(ours) !== kind(theirs)) return differences.push(`${path}: ${kind(ours)} and ${kind(theirs)}`);
  if (kind(ours) === 'object' || kind(ours) === 'array') {
    for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
      compare(`${path}.${key}`, ours[key], theirs[key], exact);
    }
  } else if ((exact || !VARYING.test(path)) && plain(ours) !== plain(theirs)) {
    differences.push(`${path}: ${JSON.stringify(ours)} and ${JSON.stringify(theirs)}`);
  }
}

async function ask(base, method, path, bearer, body) {
  const headers = {
    ...(bearer && { authorization: `Bearer ${bearer}` }), ...(body && { 'content-type': 'application/json' }),
  };
  const answer = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
  const type = answer.headers.get('content-type').split(';')[0];
  return { status: answer.status, type, body: await answer.json() };
}

function claims(token) {
  const [header, body] = token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
  const { iat, exp } = body;
  return { ...header, aud: body.aud, sub: body.sub, names: Object.keys(body).sort().join(), lives: exp - iat };
}

const each = (work) => Promise.all([values.muster, values.peer].map(work));
const both = (...request) => each((base) => ask(base, ...request));
// What both must refuse alike: status, media type, and every member of the problem but its instance.
function problem(path, [ours, theirs], status) {
  compare(`${path}.expected`, status, ours.status);
  compare(path, ours, theirs, false);
}

const access = values['access-token'];
const me = await both('GET', '/api/users/me', access);
compare('me.expected', 200, me[0].status);
compare('me', ...me);

const issued = await both('POST', '/api/mobile/token', access);
compare('token.expected', 201, issued[0].status);
compare('token', ...issued, false);
compare('token.claims', ...issued.map(({ body }) => claims(body.accessToken)));

// A phone's first sign-in is by the identity provider's token.
const identity = values['identity-token'];
const signedIn = await both('POST', '/api/mobile/token', identity, { deviceName: 'Pixel' });
compare('sign-in.expected', 201, signedIn[0].status);
compare('sign-in', ...signedIn, false);
compare('sign-in.claims', ...signedIn.map(({ body }) => claims(body.accessToken)));
compare('sign-in.person', claims(access).sub, claims(signedIn[1].body.accessToken).sub);

// Each refreshes a session that it opened, and the peer one that Muster opened.
const own = await each((base, n) =>
  ask(base, 'POST', '/api/mobile/refresh', null, { refreshToken: issued[n].body.refreshToken }));
compare('refresh.expected', 200, own[0].status);
compare('refresh', ...own, false);
compare('refresh.claims', ...own.map(({ body }) => claims(body.accessToken)));
const refresh = (base, refreshToken) => ask(base, 'POST', '/api/mobile/refresh', null, { refreshToken });
const given = values['refresh-token'];
const theirs = await refresh(values.peer, given);
compare('given', own[0], theirs, false);

// The old token works until its successor is used; then it is late. Muster takes what the peer wrote.
compare('again', 200, (await refresh(values.peer, given)).status);
compare('successor', 200, (await refresh(values.muster, theirs.body.refreshToken)).status);
problem('late', await each((base) => refresh(base, given)), 401);

const broken = (token) => `${token.slice(0, -4)}AAAA`;
problem('no credential', await both('GET', '/api/users/me', null), 401);
problem('a broken one', await both('GET', '/api/users/me', broken(access)), 401);
problem('a broken identity', await both('POST', '/api/mobile/token', broken(identity)), 401);
problem('an unknown token', await each((base) => refresh(base, UNKNOWN)), 401);
problem('mistyped', await each((base) => refresh(base, `${given.slice(0, -1)}!`)), 422);
problem('an unknown field', await both('POST', '/api/mobile/token', access, { phone: 'Pixel' }), 422);
for (const [name, body] of Object.entries({
  'a long name': { deviceName: 'x'.repeat(101) }, 'a blank name': { deviceName: ' ' }, 'a bell': { deviceName: 'a\u0007b' },
  'a number': { deviceName: 7 }, 'no such device': { deviceId: '01a20320-a200-7d82-874e-5dfd462f3539' },
})) {
  problem(name, await both('POST', '/api/mobile/token', access, body), 422);
}
problem('no such route', await both('GET', '/api/nothing', access), 404);

for (const difference of differences) console.error(difference);
console.log(differences.length ? `${differences.length} differences` : `the same, ${compared} values`);
process.exit(differences.length ? 1 : 0);
