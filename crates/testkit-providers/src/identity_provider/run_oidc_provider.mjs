// Runs npm's oidc-provider with one client and with any person who signs in.
// node run_oidc_provider.mjs PACKAGE FOLDER OPTIONS PORT
// FOLDER keeps the signing key; OPTIONS is JSON: algorithm (RS256 when left out), resources (JWT access tokens by RFC 8707),
// namesInAccessTokens, namesInIdTokens.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [folder, directory, text, port] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(`${folder}/node_modules/oidc-provider/lib/index.js`));
const options = JSON.parse(text);
const algorithm = options.algorithm ?? 'RS256';

function newKey() {
  const curves = { ES256: 'P-256', ES384: 'P-384' };
  const { privateKey } = algorithm === 'EdDSA'
    ? generateKeyPairSync('ed25519')
    : curves[algorithm]
      ? generateKeyPairSync('ec', { namedCurve: curves[algorithm] })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: algorithm };
}

const keys = [];
for (const file of [`${directory}/key`, `${directory}/old-key`]) {
  if (file.endsWith('/key') && !existsSync(file)) writeFileSync(file, JSON.stringify(newKey()));
  if (existsSync(file)) keys.push(JSON.parse(readFileSync(file)));
}
const names = (id) => ({ email: `${id}@example.com`, email_verified: true, preferred_username: id, name: 'Ada Lovelace' });
const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys },
  enabledJWA: { idTokenSigningAlgValues: [algorithm] },
  clients: [
    {
      client_id: 'muster-web',
      client_secret: 'not a secret of anybody',
      redirect_uris: ['http://127.0.0.1:9/signed-in'],
      id_token_signed_response_alg: algorithm,
    },
  ],
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...names(id) }) }),
  claims: { email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
  conformIdTokenClaims: !options.namesInIdTokens,
  extraTokenClaims: (_, token) => (options.namesInAccessTokens && token.accountId ? names(token.accountId) : undefined),
  features: {
    resourceIndicators: {
      enabled: Boolean(options.resources),
      getResourceServerInfo: (_, resource) => ({
        scope: 'openid profile email',
        audience: resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 3600,
        jwt: { sign: { alg: algorithm } },
      }),
      useGrantedResource: () => true,
    },
  },
});
provider.listen(Number(port), '127.0.0.1');
