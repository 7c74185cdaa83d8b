// Reads the stored tokens for requests: the fields that may be shown, and only for actors that may manage tokens.

import { refuse } from '../../errors.ts';
import type { StoredToken } from '../../store/kinds/token.ts';
import type { Versioned } from '../../views/versioned.ts';
import type { Views } from '../../views/views.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';
import { withPoolNames } from '../reading/with-pools.ts';

/** A token without the hash and the salt of its secret. `pools` has names. */
export interface ShownToken extends Omit<StoredToken, 'hash' | 'salt'> {
  /** Rounded down to the hour. */
  lastUsedAt?: string;
}

/** Refuses with `forbidden` an actor that may not manage tokens. To manage tokens is a way to get every other right. */
export function needTokens(asking: Asking): void {
  accessOf(asking).needAdmin('managing tokens');
}

/** Returns a stored token. Refuses with `not_found`, or with `forbidden` an actor that may not see tokens. */
export function existingToken(asking: Asking, id: string): Versioned<StoredToken> {
  needTokens(asking);
  return (
    asking.views.tokens.get(id) ??
    refuse('not_found', `there is no token '${id}': list them (GET /v1/tokens)`, { token: id }, ':id')
  );
}

/** Returns the fields of a token that may be shown. */
export function shownToken(
  views: Pick<Views, 'activity' | 'pools'>,
  { hash: _, salt: __, ...token }: StoredToken,
): ShownToken {
  const lastUsedAt = views.activity.get(token.id)?.value.lastUsedAt;
  return { ...withPoolNames({ views }, token), ...(lastUsedAt !== undefined && { lastUsedAt }) };
}
