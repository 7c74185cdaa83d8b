// Use case: a host is deleted with its records, and its addresses are released.

import type { Fqdn } from '../../model/name.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { existingHost } from '../reading/existing.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import type { Warning } from '../transaction/name-edits.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { writeHost } from './write-host.ts';

interface HostDeletion {
  name: Fqdn;
  precondition: Precondition;
}

/**
 * Deletes a host with its records, and releases its addresses. Result: warnings about records that still point to the
 * host. Refuses with `not_found` or `precondition_failed`.
 */
export function decideDeleteHost(context: DecisionContext, { name, precondition }: HostDeletion): Decision<Warning[]> {
  const current = existingHost(context, name);
  checkPrecondition(precondition, entityTag(current.modified));
  const builder = new TransactionBuilder(context);
  writeHost(builder, current.value, undefined);
  return builder.buildWith((warnings) => warnings);
}
