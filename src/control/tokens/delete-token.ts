// Use case: a token is revoked. Each replica refuses it as soon as its views have the change: in fractions of a second.

import { activityKey } from '../../store/kinds/activity.ts';
import { tokenKey } from '../../store/kinds/token.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { existingToken } from './existing-token.ts';

interface TokenDeletion {
  id: string;
  precondition: Precondition;
}

/** Deletes a token. Refuses with `not_found`, `precondition_failed` or `forbidden`. */
export function decideDeleteToken(context: DecisionContext, { id, precondition }: TokenDeletion): Decision<void> {
  const { modified } = existingToken(context, id);
  checkPrecondition(precondition, entityTag(modified));
  const builder = new TransactionBuilder(context);
  return builder.delete(tokenKey(id), modified).deleteUnchecked(activityKey(id)).build(undefined);
}
