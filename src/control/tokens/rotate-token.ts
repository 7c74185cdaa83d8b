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
  const token: StoredToken = { ...value, ...kept, rotatedAt: timestamp(context.now), ...renewed(value, context.now) };
  const builder = new TransactionBuilder(context).put(tokenKey(id), tokenValue.encode(token), modified);
  return builder.build(shownToken(context.views, token));
}

function renewed({ createdAt, rotatedAt, expiresAt }: StoredToken, now: number): Pick<StoredToken, 'expiresAt'> {
  if (expiresAt === undefined) return {};
  const lifetime = Date.parse(expiresAt) - Date.parse(rotatedAt ?? createdAt);
  return { expiresAt: timestamp(now + lifetime) };
}
