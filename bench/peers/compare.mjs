// Compares a peer's answers with Muster's, field by field; exits with 1 at a difference. Times are compared to the
// millisecond, which is what a Date holds.
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const { values } = parseArgs({
  options: { muster: text, peer: text, 'access-token': text, 'refresh-token': text },
});
const differences = [];
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/;
const VARYING = /(accessToken|refreshToken|refreshTokenExpiresAt|expiresAt|\bid|instance)$/;

const kind = (value) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);
const plain = (value) => {
  const time = typeof value === 'string' && TIME.exec(value);
  return time ? `${time[1]}.${(time[2] ?? '').slice(0, 3).padEnd(3, '0')}` : value;
};

function compare(path, ours, theirs, exact = true) {
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
  const headers = { ...(bearer && { authorization: `Bearer ${bearer}` }), ...(body && { 'content-type': 'application/json' }) };
  const answer = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
  const type = answer.headers.get('content-type').split(';')[0];
  return { status: answer.status, type, body: await answer.json() };
}

function claims(token) {
  const [header, body] = token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
  const { iat, exp } = body;
  return { ...header, aud: body.aud, sub: body.sub, names: Object.keys(body).sort().join(), lives: exp - iat };
}

const both = (...request) => Promise.all([values.muster, values.peer].map((base) => ask(base, ...request)));
const access = values['access-token'];
compare('me', ...await both('GET', '/api/users/me', access));

const issued = await both('POST', '/api/mobile/token', access);
compare('token', ...issued, false);
compare('token.claims', ...issued.map(({ body }) => claims(body.accessToken)));

// Each refreshes a session that it opened, and the peer one that Muster opened.
const own = await Promise.all([values.muster, values.peer].map((base, n) =>
  ask(base, 'POST', '/api/mobile/refresh', null, { refreshToken: issued[n].body.refreshToken })));
compare('refresh', ...own, false);
compare('refresh.claims', ...own.map(({ body }) => claims(body.accessToken)));
const refresh = (base, refreshToken) => ask(base, 'POST', '/api/mobile/refresh', null, { refreshToken });
const given = values['refresh-token'];
const theirs = await refresh(values.peer, given);
compare('given', own[0], theirs, false);

// The old token works until its successor is used; then it is late. Muster takes what the peer wrote.
compare('again', 200, (await refresh(values.peer, given)).status);
compare('successor', 200, (await refresh(values.muster, theirs.body.refreshToken)).status);
const late = await Promise.all([values.muster, values.peer].map((base) => refresh(base, given)));
compare('late', late[0].status, late[1].status);
compare('late.type', late[0].body.type, late[1].body.type);
compare('late.fields', Object.keys(late[0].body).sort(), Object.keys(late[1].body).sort());

for (const [name, bearer] of [['no credential', null], ['a broken one', `${access.slice(0, -4)}AAAA`]]) {
  const [a, b] = await both('GET', '/api/users/me', bearer);
  compare(`${name}.status`, a.status, b.status);
  compare(`${name}.type`, a.body.type, b.body.type);
}
const mistyped = await Promise.all([values.muster, values.peer].map((base) => refresh(base, `${given.slice(0, -1)}!`)));
compare('mistyped', mistyped[0].status, mistyped[1].status);

for (const difference of differences) console.error(difference);
console.log(differences.length ? `${differences.length} differences` : 'the same');
process.exit(differences.length ? 1 : 0);
