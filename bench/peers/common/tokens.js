// Refresh tokens and ids in Muster's own form.
import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const PREFIX = 'mst_rt_';
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const FORM = /^mst_rt_[0-9A-Za-z]{50}$/;

function base62(number, width) {
  let text = '';
  for (let rest = number; rest > 0n; rest /= 62n) text = DIGITS[Number(rest % 62n)] + text;
  return text.padStart(width, '0');
}

function number(text) {
  let value = 0n;
  for (const digit of text) value = value * 62n + BigInt(DIGITS.indexOf(digit));
  return value;
}

const half = (bytes) => (bytes.readBigUInt64BE(0) << 64n) | bytes.readBigUInt64BE(8);

export function newToken() {
  const bytes = randomBytes(32);
  const body = PREFIX + base62(half(bytes.subarray(0, 16)), 22) + base62(half(bytes.subarray(16)), 22);
  return { text: body + base62(BigInt(crc32(body)), 6), hash: hash(bytes), salt: randomBytes(16) };
}

/** The hash that the store keeps of a token, or null when the text is none. */
export function hashOf(text) {
  if (typeof text !== 'string' || !FORM.test(text)) return null;
  if (number(text.slice(-6)) !== BigInt(crc32(text.slice(0, -6)))) return null;
  const [high, low] = [number(text.slice(7, 29)), number(text.slice(29, 51))];
  if (high >> 128n || low >> 128n) return null;
  return hash(Buffer.from(high.toString(16).padStart(32, '0') + low.toString(16).padStart(32, '0'), 'hex'));
}

const hash = (bytes) => createHash('sha256').update(bytes).digest();

/** A UUID of version 7. */
export function newId(at) {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(at.getTime(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
