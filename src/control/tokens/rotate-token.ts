// Use case: a token gets a new secret. Its old one is refused as soon as the views follow. What the token allows stays.

import { timestamp } from '../../model/timestamp.ts';
import { type StoredToken, tokenKey, tokenValue } from '../../store/kinds/token.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { existingToken, type ShownToken, shownToken } from './existing-token.ts';
import type { NewSecret } from './token-secret.ts';

/**
 * Replaces the secret of a token. A token that expires gets as much time again as it had. The result does not have the
 * secret: the store keeps it for an Idempotency-Key. Refuses with `not_found` or `forbidden`.
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

/** In milliseconds. A clock that was set back further is believed. */
const maxAhead = 1000;

/**
 * Returns the time of a rotation: now, or just after the last one if that was in the same millisecond. Events show no
 * secrets, so a rotation that changes no time would make none.
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
