// Use case: a token is created.

import { type StoredToken, tokenKey, tokenValue } from '../../store/kinds/token.ts';
import { type Decision, type DecisionContext, noChange } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';

/** Creates a token, unless the store has a token of that id already. Result: whether the token was created. */
export function decideCreateToken(context: DecisionContext, token: StoredToken): Decision<boolean> {
  if (context.views.tokens.has(token.id)) return noChange(false);
  return new TransactionBuilder(context).put(tokenKey(token.id), tokenValue.encode(token), undefined).build(true);
}
