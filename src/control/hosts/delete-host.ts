// Use case: a host goes, and gives everything back.

import type { Fqdn } from '../../model/name.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { existingHost } from '../transaction/existing.ts';
import { checkPrecondition, entityTag, type Precondition } from '../transaction/precondition.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { writeHost } from './write-host.ts';

export function decideDeleteHost(context: DecisionContext, name: Fqdn, precondition: Precondition): Decision<void> {
  const current = existingHost(context, name);
  checkPrecondition(precondition, entityTag(current.modified));
  const builder = new TransactionBuilder(context.views);
  writeHost(context, builder, current.value, undefined);
  return { result: undefined, ...builder.build() };
}
