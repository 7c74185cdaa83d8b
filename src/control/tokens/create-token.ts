// Use case: a token is created.

import { refuse, refuseField } from '../../errors.ts';
import { timestamp } from '../../model/timestamp.ts';
import { known } from '../../model/unknown.ts';
import { poolKind } from '../../store/kinds/pool.ts';
import { type StoredToken, tokenKey, tokenValue } from '../../store/kinds/token.ts';
import type { Views } from '../../views/views.ts';
import { hasExpired } from '../access/valid-token.ts';
import { noPool } from '../reading/existing.ts';
import { type Decision, type DecisionContext, noChange } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { needTokens, type ShownToken, shownToken } from './existing-token.ts';
import type { WantedToken } from './token-input.ts';
import type { NewSecret } from './token-secret.ts';

/**
 * Creates a token with this secret. The result does not have the secret, because the store keeps the result for an
 * Idempotency-Key. Refuses with `already_exists`, with `pool_not_found`, or with `forbidden` an actor that may not
 * manage tokens.
 */
export function decideCreateToken(
  context: DecisionContext,
  { id, name, rights, expiresInSeconds }: WantedToken,
  secret: Pick<NewSecret, 'kept'>,
): Decision<ShownToken> {
  needTokens(context);
  const { views, now } = context;
  const builder = new TransactionBuilder(context);
  builder.refusals.try(() => {
    const message = `there is a token '${id}' already: choose another name, or rotate it`;
    if (views.tokens.has(id)) refuse('already_exists', message, { token: id }, '/name');
  });
  const pools = rights.pools && builder.refusals.try(() => poolIds(builder, rights.pools ?? []));
  const token: StoredToken = {
    id,
    name,
    ...rights,
    ...(pools && { pools }),
    ...secret.kept,
    createdAt: timestamp(now),
    ...(expiresInSeconds !== undefined && { expiresAt: timestamp(now + expiresInSeconds * 1000) }),
  };
  return builder.put(tokenKey(id), tokenValue.encode(token), undefined).build(shownToken(views, token));
}

/**
 * Returns the ids of the pools that the scope of a token names. Refuses with `pool_not_found`. Requires that no pool is
 * written before the commit, so that the names still mean these pools (test/control/races.test.ts).
 */
function poolIds(builder: TransactionBuilder, names: readonly string[]): string[] {
  if (names.length > 0) builder.requireQuiet(poolKind.prefix, builder.views.revision);
  const idOf = (name: string, index: number) =>
    builder.views.pools.find(known(name))?.value.id ??
    refuseField('pool_not_found', `/pools/${index}`, noPool(name), { pool: name });
  const ids = names.map((name, index) => builder.refusals.try(() => idOf(name, index)));
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/** Returns whether the store has a valid token that may manage tokens. */
export function hasAdminToken({ tokens }: Views, now: number): boolean {
  return [...tokens.values()].some(({ value }) => {
    const { role, zones, pools, owner } = value;
    return role === 'admin' && (zones ?? pools ?? owner) === undefined && !hasExpired(value, now);
  });
}

/** Creates the admin token of a store that has none ({@link hasAdminToken}). Result: true if the token was created. */
export function decideCreateAdminToken(
  context: DecisionContext,
  id: string,
  secret: Pick<NewSecret, 'kept'>,
): Decision<boolean> {
  if (hasAdminToken(context.views, context.now)) return noChange(false);
  const token: StoredToken = { id, name: id, role: 'admin', ...secret.kept, createdAt: timestamp(context.now) };
  const builder = new TransactionBuilder(context);
  return builder.put(tokenKey(id), tokenValue.encode(token), context.views.tokens.get(id)?.modified).build(true);
}
