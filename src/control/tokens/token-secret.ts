// The secret of a token: made once and shown to its bearer, kept only as a salted hash, checked when it is presented.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { StoredToken } from '../../store/kinds/token.ts';
import type { Views } from '../../views/views.ts';

/** Makes a token: the text for its bearer, and the value for the store. */
export function newToken(id: string, now: Date): { shown: string; stored: StoredToken } {
  const secret = randomBytes(32).toString('base64url');
  const salt = randomBytes(16).toString('hex');
  const stored = { id, salt, hash: hashSecret(secret, salt), role: 'admin', createdAt: now.toISOString() } as const;
  return { shown: `zw_${id}_${secret}`, stored };
}

/** Returns the token of the store that was presented; undefined if there is none of its id, or its secret is wrong. */
export function storedToken({ tokens }: Pick<Views, 'tokens'>, presented: string): StoredToken | undefined {
  const [, id = '', secret = ''] = /^zw_([a-z0-9]+)_([A-Za-z0-9_-]+)$/.exec(presented) ?? [];
  const token = tokens.get(id)?.value;
  return token !== undefined && isSameSecret(hashSecret(secret, token.salt), token.hash) ? token : undefined;
}

/** Compares in constant time, also texts of different lengths. */
export function isSameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function hashSecret(secret: string, salt: string): string {
  return createHash('sha256').update(salt).update(secret).digest('hex');
}
