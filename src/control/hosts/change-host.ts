// Use case: a host changes its addresses, aliases, name and more, in one transaction.

import { refuseField } from '../../errors.ts';
import type { Host } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { hostFrom, type WantedHost } from './host-wanted.ts';
import { orphanedHost } from './orphans.ts';
import { pathsIn, writeHost } from './write-host.ts';

interface HostChange {
  name: Fqdn;
  precondition: Precondition;
  /**
   * Returns the wanted host, from the current one. It is called again when the current one changed. Refuses by
   * throwing.
   */
  change: (current: Host | undefined) => WantedHost;
}

/** Changes a host, or creates it if there is none of that name: then `created` is true. */
export function decideChangeHost(
  context: DecisionContext,
  { name, precondition, change }: HostChange,
): Decision<{ host: Host; created: boolean }> {
  const current = context.views.hosts.get(name);
  checkPrecondition(precondition, current && entityTag(current.modified));
  const wanted = change(current?.value);
  if (wanted.name !== name && context.views.hosts.get(wanted.name) !== undefined) {
    refuseField('name_taken', '/name', `there is a host ${wanted.name} already`, { name: wanted.name });
  }
  const before = current?.value ?? orphanedHost(context, wanted.name);
  const host = hostFrom(context, wanted, before);
  const builder = new TransactionBuilder(context);
  writeHost(builder, before, host);
  return builder.build({ host, created: current === undefined }, pathsIn(host));
}
