// The secret of a token. The bearer sees it once, when it is made. The store keeps only a salted hash of the secret,
// and the token of a request is checked against that hash.

import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { StoredToken } from '../../store/kinds/token.ts';
import type { Views } from '../../views/views.ts';

/** A new secret. `shown`: the text for its bearer. `kept`: the hash and salt for the store. */
export interface NewSecret {
  shown: string;
  kept: Pick<StoredToken, 'hash' | 'salt'>;
}

/** Makes a secret for the token of this id. */
export function newSecret(id: string): NewSecret {
  const secret = randomBytes(32).toString('base64url');
  const salt = randomBytes(16).toString('hex');
  return { shown: `zw_${id}_${secret}`, kept: { salt, hash: hashSecret(secret, salt) } };
}

/**
 * Returns the stored token that a request presents. Returns undefined if there is no such id, or the secret is wrong.
 * The token may have expired (access/valid-token.ts).
 */
export function storedToken({ tokens }: Pick<Views, 'tokens'>, presented: string): StoredToken | undefined {
  const [, id = '', secret = ''] = parts.exec(presented) ?? [];
  const token = tokens.get(id)?.value;
  return token !== undefined && isSameHash(hashSecret(secret, token.salt), token.hash) ? token : undefined;
}

/** Parses `zw_<id>_<secret>`. An id has no `_`. */
const parts = /^zw_([a-z0-9-]+)_([A-Za-z0-9_-]+)$/;

/** Returns the id that a presented token names, if the store has a token of that id. The secret may be wrong. */
export function namedToken({ tokens }: Pick<Views, 'tokens'>, presented: string): string | undefined {
  const id = parts.exec(presented)?.[1];
  return id !== undefined && tokens.has(id) ? id : undefined;
}

/** Returns the text without the secrets of tokens, which people may have put into a path or a field by mistake. */
export function withoutSecrets(text: string): string {
  return text.replace(/(zw_[a-z0-9-]+_)[A-Za-z0-9_-]{20,}/g, '$1…');
}

/**
 * Returns a function that compares texts with a secret. It hashes a text first, so that the time does not depend on
 * where the two differ.
 */
export function secretMatcher(secret: string): (text: string) => boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer');
  const expected = digest(secret);
  return (text) => timingSafeEqual(digest(text), expected);
}

/** Returns whether two hashes are equal. */
function isSameHash(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

function hashSecret(secret: string, salt: string): string {
  return hash('sha256', salt + secret);
}
