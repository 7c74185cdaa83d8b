// Use case: a token of which there is none yet.

import { tokenKey } from '../store/keys.ts';
import { type StoredToken, tokenValue } from '../store/values.ts';
import { type Decision, type DecisionContext, nothing } from './transaction/decision.ts';

/** Result: whether it was made; false where the store has one of that id. */
export function decideCreateToken({ views }: DecisionContext, token: StoredToken): Decision<boolean> {
  if (views.tokens.has(token.id)) return nothing(false);
  const key = tokenKey(token.id);
  return {
    result: true,
    compares: [{ kind: 'absent', key }],
    operations: [{ kind: 'put', key, value: tokenValue.encode(token) }],
  };
}
