import Fastify from 'fastify';
import { identify } from '../common/access.js';
import { HEADERS, forbidden, invalid, invalidRefreshToken, notFound, origin, phone, presentedHash, problemOf, requestId,
  unauthenticated } from '../common/problems.js';
import { profile } from '../common/profile.js';
import { judge, opened, refreshed } from '../common/sessions.js';
import { start } from '../common/start.js';
import * as schemas from './schemas.js';
import { endReplayed, first, issue, pool, rotate, run } from './store.js';

const app = Fastify({ logger: false, bodyLimit: 64 * 1024, genReqId: (request) => requestId(request.headers) });
const from = (request) => origin(request.socket, request.headers, request.id);

app.addHook('onRequest', async (request, reply) => {
  reply.headers(HEADERS).header('x-request-id', request.id);
});
app.setErrorHandler((error, request, reply) => {
  const problem = problemOf(error);
  reply.code(problem.status).headers(problem.headers).type('application/problem+json');
  return reply.send(JSON.stringify(problem.body(request.id)));
});
app.setNotFoundHandler(() => { throw notFound(); });

const byIdentity = (who) => first('identity', [who.subject, who.logins]);

app.get('/api/users/me', { schema: { response: { 200: schemas.profile } } }, async (request) => {
  const who = await identify(request.headers.authorization);
  const id = who.userId ?? (await byIdentity(who))?.id;
  const person = id && await first('person', [id]);
  if (!person?.active) throw unauthenticated();
  if (person.source === 'local') throw forbidden();
  return profile(person, new Date());
});

app.post('/api/mobile/refresh', { schema: { response: { 200: schemas.refreshed } } }, async (request) => {
  const hash = presentedHash(request.body);
  const candidate = await first('candidate', [hash]);
  if (!candidate) throw invalidRefreshToken();
  const now = new Date();
  const { sessionId, parent, expiresAt } = candidate;
  const verdict = judge(candidate, now);
  if (verdict === 'replay') await endReplayed(sessionId, candidate.id, now, from(request));
  if (verdict !== 'rotate') throw invalidRefreshToken();
  const { token, event, answer } = refreshed(sessionId, expiresAt, candidate, now, from(request));
  if (!await rotate(hash, parent, sessionId, token, event, now)) throw invalidRefreshToken();
  return answer;
});

app.post('/api/mobile/token', { schema: { response: { 201: schemas.issued } } }, async (request, reply) => {
  const who = await identify(request.headers.authorization);
  const account = who.userId ? await first('account', [who.userId]) : await byIdentity(who);
  if (!account?.active) throw unauthenticated();
  if (account.source === 'local') throw forbidden();
  const device = phone(request.body);
  const now = new Date();
  if (who.sessionId && (await run('live', [who.sessionId, account.id, now])).rowCount === 0) throw unauthenticated();
  const writes = opened(account.id, device, now, from(request));
  const missing = await issue(writes, now);
  if (missing === 'user') throw unauthenticated();
  if (missing === 'device') throw invalid('deviceId', 'is not one of your devices');
  reply.code(201);
  return writes.answer;
});

await start(async (port) => {
  await app.listen({ port, host: '127.0.0.1' });
  return async () => { await app.close(); await pool.end(); };
});
