// Whether an actor may still act. The token of a request that takes long may be deleted, rotated, or expire meanwhile.

import { isDeepStrictEqual } from 'node:util';
import { refuse } from '../../errors.ts';
import type { Rights } from '../../model/rights.ts';
import type { StoredToken } from '../../store/kinds/token.ts';
import type { Asking } from './actor.ts';

export function hasExpired({ expiresAt }: Pick<StoredToken, 'expiresAt'>, now: number): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= now;
}

export function rightsOfToken({ role, zones, pools, owner }: StoredToken): Rights {
  return {
    role,
    ...(zones && { zones }),
    ...(pools && { pools }),
    ...(owner !== undefined && { owner }),
  };
}

/**
 * Returns whether the token of the actor is valid, with the secret and the rights that the request had. True for actors
 * without a token of the store.
 */
export function isTokenValid({ actor, views }: Asking, now: number): boolean {
  if (actor.kind === 'system' || actor.stored === undefined) return true;
  const token = views.tokens.get(actor.stored.id)?.value;
  if (token === undefined || hasExpired(token, now)) return false;
  if (token === actor.stored) return true;
  // A rotation changes the secret. The rights of the same secret can differ only after the store was restored.
  return token.hash === actor.stored.hash && isDeepStrictEqual(rightsOfToken(token), actor.rights);
}

/** Refuses with `unauthorized` an actor whose token is not valid any more. */
export function needValidToken(asking: Asking, now: number): void {
  if (isTokenValid(asking, now)) return;
  const message =
    'while the request ran, its token was deleted, was rotated, has expired, or got other rights: send a valid one';
  refuse('unauthorized', message);
}
