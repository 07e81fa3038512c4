// Who is calling: Muster's access tokens (EdDSA) and the identity provider's (ES256, RS256).
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { unauthenticated, unavailable } from './problems.js';

const { MUSTER_PUBLIC_KEY_FILE, MUSTER_SIGNING_KEY_FILE, ISSUER_JWKS_URL } = process.env;
const { MUSTER_OIDC_ISSUER, MUSTER_OIDC_AUDIENCE } = process.env;
const ISSUER = process.env.MUSTER_PUBLIC_URL;
const AUDIENCES = ['muster', 'muster-break-glass', 'muster-dev'];
export const ACCESS_SECONDS = 900;

const publicKey = createPublicKey(readFileSync(MUSTER_PUBLIC_KEY_FILE));
const signingKey = MUSTER_SIGNING_KEY_FILE && createPrivateKey(readFileSync(MUSTER_SIGNING_KEY_FILE));
const { x } = publicKey.export({ format: 'jwk' });
const kid = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (text) => JSON.parse(Buffer.from(text, 'base64url').toString());
const HEADER = encode({ typ: 'at+jwt', alg: 'EdDSA', kid });

export function accessToken(userId, sessionId, now) {
  const iat = Math.floor(now.getTime() / 1000);
  const claims = { sub: userId, aud: 'muster', iat, exp: iat + ACCESS_SECONDS, sid: sessionId };
  const text = `${HEADER}.${encode({ iss: ISSUER ?? 'http://127.0.0.1:8080', ...claims })}`;
  return `${text}.${sign(null, Buffer.from(text), signingKey).toString('base64url')}`;
}

/** `{ userId, sessionId }` of our own token, or `{ subject, logins }` of the identity provider's. */
export async function identify(authorization) {
  const [scheme, credential] = (authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'bearer' || !credential) throw unauthenticated('send a credential as Authorization: Bearer …');
  const [header, claims, signature] = parts(credential);
  const signed = Buffer.from(credential.slice(0, credential.lastIndexOf('.')));
  const now = Date.now() / 1000;
  if (!(claims.exp > now) || claims.nbf > now) throw unauthenticated();
  if (header.alg === 'EdDSA') {
    const good = header.typ === 'at+jwt' && header.kid === kid && AUDIENCES.includes(claims.aud);
    if (!good || (ISSUER && claims.iss !== ISSUER) || !verify(null, signed, publicKey, signature)) throw unauthenticated();
    return { userId: claims.sub, sessionId: claims.sid };
  }
  if (header.alg !== 'RS256' && header.alg !== 'ES256') throw unauthenticated();
  const key = await providerKey(header.kid, header.alg);
  const form = header.alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key;
  if (!key || !verify('sha256', signed, form, signature)) throw unauthenticated();
  if (MUSTER_OIDC_ISSUER && claims.iss !== MUSTER_OIDC_ISSUER) throw unauthenticated();
  if (MUSTER_OIDC_AUDIENCE && ![claims.aud].flat().includes(MUSTER_OIDC_AUDIENCE)) throw unauthenticated();
  const email = claims.email_verified === false ? undefined : claims.email;
  const logins = [email, claims.preferred_username].filter(Boolean).map((login) => login.toLowerCase());
  return { subject: claims.sub, logins };
}

function parts(credential) {
  try {
    const [header, claims, signature] = credential.split('.');
    return [decode(header), decode(claims), Buffer.from(signature, 'base64url')];
  } catch {
    throw unauthenticated();
  }
}

let keys = new Map();
let fetched = 0;
let fetching;

async function providerKey(id, alg) {
  if (!ISSUER_JWKS_URL) return undefined;
  const name = `${alg} ${id}`;
  // An unknown key is asked for at most every 30 seconds.
  if (!keys.has(name) && Date.now() - fetched > 30_000) await (fetching ??= fetchKeys().finally(() => (fetching = undefined)));
  return keys.get(name);
}

async function fetchKeys() {
  try {
    const answer = await fetch(ISSUER_JWKS_URL, { signal: AbortSignal.timeout(5000) });
    const set = (await answer.json()).keys;
    const alg = (jwk) => (jwk.kty === 'RSA' ? 'RS256' : 'ES256');
    keys = new Map(set.map((jwk) => [`${alg(jwk)} ${jwk.kid}`, createPublicKey({ key: jwk, format: 'jwk' })]));
    fetched = Date.now();
  } catch {
    throw unavailable('the identity provider cannot be asked about the credential; try again in a few seconds');
  }
}
