#!/usr/bin/env bash
# oidc-provider 9.13.3: what the ID token says of a person depends on what the access token is for. Same client, same
# scopes (openid profile email), same configuration: without a resource (RFC 8707) the ID token has no email, name or
# preferred_username, because userinfo gives them. With a resource it has all of them, because userinfo refuses an access
# token for a resource (401 invalid_token), also one with the scope openid.
# Muster: crates/server/tests/sign_in/providers/oidc_provider.rs; names for such tokens have to be put into the token.
# Needs: node 20 or later, npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund --no-update-notifier --prefix . oidc-provider@9.13.3
cat >show.mjs <<'JAVASCRIPT'
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const server = createServer().listen(0, '127.0.0.1');
await new Promise((listening) => server.once('listening', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const callback = 'http://127.0.0.1:9/callback';
const claims = { email: 'ada@example.com', name: 'Ada Lovelace', preferred_username: 'ada' };
const provider = new Provider(issuer, {
  clients: [{ client_id: 'web', client_secret: 'secret', redirect_uris: [callback] }],
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...claims }) }),
  claims: { email: ['email'], profile: ['name', 'preferred_username'] },
  features: {
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({ scope: 'openid profile email', audience: resource, accessTokenFormat: 'jwt' }),
      useGrantedResource: () => true,
    },
  },
});
server.on('request', provider.callback());

/** The authorization code flow with the forms of oidc-provider's own development pages. */
async function signIn(further) {
  const cookies = new Map();
  const open = async (url, body) => {
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
    const answer = await fetch(url, { method: body ? 'POST' : 'GET', body, headers, redirect: 'manual' });
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, value] = cookie.split(';')[0].split('=');
      cookies.set(name, value);
    }
    return answer;
  };
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  let url = `${issuer}/auth?${new URLSearchParams({
    client_id: 'web', response_type: 'code', redirect_uri: callback, scope: 'openid profile email',
    code_challenge: challenge, code_challenge_method: 'S256', ...further,
  })}`;
  while (!url.startsWith(callback)) {
    let answer = await open(url);
    if (answer.status === 200) {
      const prompt = /name="prompt" value="(\w+)"/.exec(await answer.text())[1];
      answer = await open(url, new URLSearchParams({ prompt, login: 'ada', password: 'any' }));
    }
    url = new URL(answer.headers.get('location'), url).href;
  }
  const form = { grant_type: 'authorization_code', redirect_uri: callback, code_verifier: verifier, ...further };
  const body = new URLSearchParams({ code: new URL(url).searchParams.get('code'), ...form });
  const headers = { authorization: `Basic ${btoa('web:secret')}` };
  const tokens = await (await fetch(`${issuer}/token`, { method: 'POST', body, headers })).json();
  const payload = JSON.parse(Buffer.from(tokens.id_token.split('.')[1], 'base64url'));
  const userinfo = await fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  const named = Object.keys(claims).filter((name) => name in payload);
  console.log(JSON.stringify(further), 'ID token names', named, 'userinfo', userinfo.status, await userinfo.text());
  return `${named.length} ${userinfo.status}`;
}

const found = [await signIn({}), await signIn({ resource: 'https://api.example' })];
console.log(found);
process.exit(found.join() === '0 200,3 401' ? 0 : 1);
JAVASCRIPT
node show.mjs 2>log || { tail -n 20 log >&2; exit 1; }
