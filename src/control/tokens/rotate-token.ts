// Use case: a token gets a new secret. Replicas refuse the old secret as soon as their views have the change. The
// rights of the token stay.

import { timestamp } from '../../model/timestamp.ts';
import { type StoredToken, tokenKey, tokenValue } from '../../store/kinds/token.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { existingToken, type ShownToken, shownToken } from './existing-token.ts';
import type { NewSecret } from './token-secret.ts';

/**
 * Replaces the secret of a token. A token that expires gets its whole lifetime again. The result does not have the
 * secret, because the store keeps the result for an Idempotency-Key. Refuses with `not_found` or `forbidden`.
 */
export function decideRotateToken(
  context: DecisionContext,
  id: string,
  { kept }: Pick<NewSecret, 'kept'>,
): Decision<ShownToken> {
  const { value, modified } = existingToken(context, id);
  const at = rotationTime(value, context.now);
  const token: StoredToken = { ...value, ...kept, rotatedAt: timestamp(at), ...renewed(value, at) };
  const builder = new TransactionBuilder(context).put(tokenKey(id), tokenValue.encode(token), modified);
  return builder.build(shownToken(context.views, token));
}

/**
 * In milliseconds. If the last rotation is further in the future than this, the clock was set back. Then the next
 * rotation has the time of the clock.
 */
const maxAhead = 1000;

/**
 * Returns the time of a rotation: `now`, or a millisecond after the last rotation if that was at `now` or just
 * later. Events do not show secrets, so a rotation at the time of the last one would make no event.
 */
function rotationTime({ rotatedAt }: StoredToken, now: number): number {
  const last = rotatedAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(rotatedAt);
  return last >= now && last - now < maxAhead ? last + 1 : now;
}

function renewed({ createdAt, rotatedAt, expiresAt }: StoredToken, at: number): Pick<StoredToken, 'expiresAt'> {
  if (expiresAt === undefined) return {};
  const lifetime = Date.parse(expiresAt) - Date.parse(rotatedAt ?? createdAt);
  return { expiresAt: timestamp(at + lifetime) };
}
