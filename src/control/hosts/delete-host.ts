// Use case: a host is deleted with its records, and its addresses are released.

import { Refusal } from '../../errors.ts';
import type { Host } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { existingHost } from '../reading/existing.ts';
import type { Cleared } from '../transaction/commit-by-force.ts';
import { type Decision, type DecisionContext, maxDecisionOperations, noChange } from '../transaction/decision.ts';
import type { Warning } from '../transaction/name-edits.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { maxKeysOf } from './write-budget.ts';
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

/** Returns whether the deletion may be too long for one transaction. Then {@link decideShedAliases} comes first. */
export function mayBeTooLong({ views }: Pick<DecisionContext, 'views'>, name: Fqdn): boolean {
  const host = views.hosts.get(name)?.value;
  return views.skydns.prefix !== undefined && host !== undefined && maxKeysOf(host) > maxDecisionOperations;
}

/**
 * Makes room for {@link decideDeleteHost}: if the host with its keys of the SkyDNS layout does not fit into one
 * transaction, removes some of its aliases (test/http/max-host.test.ts). Result: the warnings of that change.
 */
export function decideShedAliases(
  context: DecisionContext,
  { name, precondition }: HostDeletion,
): Decision<Cleared & { warnings: Warning[] }> {
  const { value: host, modified } = existingHost(context, name);
  checkPrecondition(precondition, entityTag(modified));
  const rest = hostToShed(context, host);
  if (rest === undefined) return noChange({ left: 0, warnings: [] });
  const builder = new TransactionBuilder(context);
  writeHost(builder, host, rest);
  return builder.buildWith((warnings) => ({ left: 1, warnings }));
}

/**
 * Returns the host with fewer aliases if its deletion does not fit into one transaction. Undefined if it fits, or if
 * the host has no aliases.
 */
export function hostToShed(context: DecisionContext, host: Host): Host | undefined {
  if (host.aliases.length === 0 || !mayBeTooLong(context, host.name)) return undefined;
  try {
    const { refusals: _, ...alone } = context;
    decideDeleteHost(alone, { name: host.name, precondition: {} });
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal && error.code === 'skydns_unfit')) throw error;
    return { ...host, aliases: host.aliases.slice(0, Math.floor(host.aliases.length / 2)) };
  }
}
