import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { POOL_SIZE } from '../common/start.js';
import { replayed } from '../common/sessions.js';
import prismaClient from './generated/index.js';

export const TUNED = process.env.PRISMA_TUNED === '1';

// Without a name, PostgreSQL parses and plans each statement each time.
const names = new Map();
function statementNameGenerator({ sql }) {
  let name = names.get(sql);
  if (name === undefined) {
    name = createHash('sha256').update(sql).digest('base64url');
    names.set(sql, name);
  }
  return name;
}

const adapter = new PrismaPg(
  { connectionString: process.env.DATABASE_URL, max: POOL_SIZE },
  TUNED ? { statementNameGenerator } : undefined,
);
export const prisma = new prismaClient.PrismaClient({ adapter });

const PERSON = {
  memberships: { where: { team: { active: true } }, orderBy: [{ team: { nameKey: 'asc' } }], include: { team: true } },
  devices: { orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] },
  preferences: true,
  proofs: true,
  challenges: true,
};

/** The person as the profile takes them. */
function person(user) {
  const teams = user.memberships.map(({ role, team: { id, name } }) => ({ id, name, role }));
  return { ...user, teams, preferences: user.preferences?.document };
}

export async function findPerson(id) {
  const user = await prisma.user.findUnique({ where: { id }, include: PERSON });
  return user && person(user);
}

const ACCOUNT = { id: true, active: true, source: true };

export const findAccount = (id) => prisma.user.findUnique({ where: { id }, select: ACCOUNT });

export async function findIdentity({ subject, logins }) {
  const users = await prisma.user.findMany({
    where: { source: 'scim', removedAt: null, OR: [{ externalId: subject }, { userNameKey: { in: logins } }] },
    select: { ...ACCOUNT, externalId: true, userNameKey: true },
  });
  const byLogin = logins.map((login) => users.find((user) => user.userNameKey === login));
  return [users.find((user) => user.externalId === subject), ...byLogin].find(Boolean);
}

export async function findCandidate(hash) {
  const include = { session: { include: { user: { include: PERSON } } } };
  const token = await prisma.refreshToken.findUnique({ where: { hash }, include });
  if (!token) return null;
  const { id: sessionId, revokedAt, expiresAt, user } = token.session;
  const { parent, supersededAt } = token;
  return { sessionId, revokedAt, expiresAt, parent, supersededAt, active: user.active, person: person(user) };
}

/** Whether the session went on: not when it ended or the token was superseded meanwhile. */
export const rotate = (hash, parent, sessionId, token, event, now) => prisma.$transaction(async (tx) => {
  const live = { id: sessionId, revokedAt: null, expiresAt: { gt: now }, user: { active: true } };
  const touched = await tx.session.updateMany({ where: live, data: { lastUsedAt: now } });
  if (touched.count === 0) return false;
  const working = await tx.refreshToken.findFirst({ where: { hash, supersededAt: null }, select: { hash: true } });
  if (!working) return false;
  if (parent) {
    await tx.refreshToken.updateMany({ where: { hash: parent, supersededAt: null }, data: { supersededAt: now } });
  }
  const successor = { hash: token.hash, sessionId, parent: hash, salt: token.salt, createdAt: now };
  await tx.refreshToken.create({ data: successor, select: { hash: true } });
  await tx.auditEvent.create({ data: event, select: { id: true } });
  return true;
});

export const endReplayed = (sessionId, owner, now, origin) => prisma.$transaction(async (tx) => {
  const live = { id: sessionId, revokedAt: null, expiresAt: { gt: now } };
  const ended = await tx.session.updateMany({ where: live, data: { revokedAt: now, revokeReason: 'replayed' } });
  if (ended.count === 1) await tx.auditEvent.createMany({ data: replayed(sessionId, owner, now, origin) });
});

export const isLive = async (id, userId, now) =>
  Boolean(await prisma.session.findFirst({ where: { id, userId, revokedAt: null, expiresAt: { gt: now } } }));

/** `null` when it was written, else what there is not: `user` or `device`. */
export const issue = ({ session, token, event }, now) => prisma.$transaction(async (tx) => {
  const { userId, deviceId } = session;
  // Prisma has no row locks of its own.
  const active = await tx.$queryRaw`SELECT id FROM users WHERE id = ${userId}::uuid AND active FOR SHARE`;
  if (active.length === 0) return 'user';
  if (deviceId && !await tx.device.findFirst({ where: { id: deviceId, userId } })) return 'device';
  const tokens = { create: { hash: token.hash, salt: token.salt, createdAt: now } };
  await tx.session.create({ data: { ...session, createdAt: now, lastUsedAt: now, tokens }, select: { id: true } });
  await tx.auditEvent.create({ data: event, select: { id: true } });
  return null;
});
