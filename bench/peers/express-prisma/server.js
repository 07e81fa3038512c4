import express from 'express';
import { identify } from '../common/access.js';
import { HEADERS, forbidden, invalid, invalidRefreshToken, notFound, origin, phone, presentedHash, problemOf, requestId,
  unauthenticated } from '../common/problems.js';
import { profile } from '../common/profile.js';
import { judge, opened, refreshed } from '../common/sessions.js';
import { start } from '../common/start.js';
import { TUNED, endReplayed, findAccount, findCandidate, findIdentity, findPerson, isLive, issue, prisma,
  rotate } from './store.js';

const app = express();
app.disable('x-powered-by');
if (TUNED) app.set('etag', false);

app.use((request, response, next) => {
  request.id = requestId(request.headers);
  response.set(HEADERS).set('x-request-id', request.id);
  next();
});
app.use(express.json({ limit: '64kb' }));
const from = (request) => origin(request.socket, request.headers, request.id);

app.get('/api/users/me', async (request, response) => {
  const who = await identify(request.headers.authorization);
  const id = who.userId ?? (await findIdentity(who))?.id;
  const person = id && await findPerson(id);
  if (!person?.active) throw unauthenticated();
  if (person.source === 'local') throw forbidden();
  response.json(profile(person, new Date()));
});

app.post('/api/mobile/refresh', async (request, response) => {
  const hash = presentedHash(request.body);
  const candidate = await findCandidate(hash);
  if (!candidate) throw invalidRefreshToken();
  const now = new Date();
  const { sessionId, parent, expiresAt, person } = candidate;
  const verdict = judge(candidate, now);
  if (verdict === 'replay') await endReplayed(sessionId, person.id, now, from(request));
  if (verdict !== 'rotate') throw invalidRefreshToken();
  const { token, event, answer } = refreshed(sessionId, expiresAt, person, now, from(request));
  if (!await rotate(hash, parent, sessionId, token, event, now)) throw invalidRefreshToken();
  response.json(answer);
});

app.post('/api/mobile/token', async (request, response) => {
  const who = await identify(request.headers.authorization);
  const account = who.userId ? await findAccount(who.userId) : await findIdentity(who);
  if (!account?.active) throw unauthenticated();
  if (account.source === 'local') throw forbidden();
  const device = phone(request.body);
  const now = new Date();
  if (who.sessionId && !await isLive(who.sessionId, account.id, now)) throw unauthenticated();
  const writes = opened(account.id, device, now, from(request));
  const missing = await issue(writes, now);
  if (missing === 'user') throw unauthenticated();
  if (missing === 'device') throw invalid('deviceId', 'is not one of your devices');
  response.status(201).json(writes.answer);
});

app.use(() => { throw notFound(); });
// Express knows an error handler by its four parameters.
app.use((error, request, response, _next) => {
  const problem = problemOf(error);
  const answer = response.status(problem.status).set(problem.headers).type('application/problem+json');
  answer.send(JSON.stringify(problem.body(request.id)));
});

await start((port) => new Promise((resolve, reject) => {
  const server = app.listen(port, '127.0.0.1', (error) => {
    if (error) return reject(error);
    resolve(async () => {
      server.close();
      server.closeAllConnections();
      await prisma.$disconnect();
    });
  });
}));
