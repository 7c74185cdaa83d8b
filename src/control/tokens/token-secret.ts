// The secret of a token. It is made once and shown to its bearer. The store keeps only a salted hash of the secret. The
// token that a request presents is checked against that hash.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { StoredToken } from '../../store/kinds/token.ts';
import type { Views } from '../../views/views.ts';

/** Makes a token. `shown`: the text for its bearer. `stored`: the value for the store. */
export function newToken(id: string, now: Date): { shown: string; stored: StoredToken } {
  const secret = randomBytes(32).toString('base64url');
  const salt = randomBytes(16).toString('hex');
  const stored = { id, salt, hash: hashSecret(secret, salt), role: 'admin', createdAt: now.toISOString() } as const;
  return { shown: `zw_${id}_${secret}`, stored };
}

/**
 * Returns the stored token that a request presents. Returns undefined if there is no such id, or the secret is wrong.
 */
export function storedToken({ tokens }: Pick<Views, 'tokens'>, presented: string): StoredToken | undefined {
  const [, id = '', secret = ''] = /^zw_([a-z0-9]+)_([A-Za-z0-9_-]+)$/.exec(presented) ?? [];
  const token = tokens.get(id)?.value;
  return token !== undefined && isSameSecret(hashSecret(secret, token.salt), token.hash) ? token : undefined;
}

/** Returns whether two secrets are equal. Hashes them first, so that the time does not depend on where they differ. */
export function isSameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function hashSecret(secret: string, salt: string): string {
  return createHash('sha256').update(salt).update(secret).digest('hex');
}
