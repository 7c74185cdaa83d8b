// What may be shown of the stored tokens, and to whom.

import { refuse } from '../../errors.ts';
import type { StoredToken } from '../../store/kinds/token.ts';
import type { Versioned } from '../../views/versioned.ts';
import type { Views } from '../../views/views.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';

/** A token without what the store keeps of its secret. */
export interface ShownToken extends Omit<StoredToken, 'hash' | 'salt'> {
  /** To the hour. */
  lastUsedAt?: string;
}

/** Refuses with `forbidden` who may not see and manage tokens: it could give itself all rights. */
export function needTokens(asking: Asking): void {
  accessOf(asking).needAdmin('managing tokens');
}

/** Returns a stored token. Refuses with `not_found`, or with `forbidden` who may not see tokens. */
export function existingToken(asking: Asking, id: string): Versioned<StoredToken> {
  needTokens(asking);
  return (
    asking.views.tokens.get(id) ??
    refuse('not_found', `there is no token '${id}': list them (GET /v1/tokens)`, { token: id }, ':id')
  );
}

/** Returns what may be shown of a token. */
export function shownToken(
  { activity }: Pick<Views, 'activity'>,
  { hash: _, salt: __, ...token }: StoredToken,
): ShownToken {
  const lastUsedAt = activity.get(token.id)?.value.lastUsedAt;
  return { ...token, ...(lastUsedAt !== undefined && { lastUsedAt }) };
}
