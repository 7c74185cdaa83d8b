// Use case: a host becomes another: new addresses, aliases, or a new name, in one transaction.

import { refuseField } from '../../errors.ts';
import type { Host } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { checkPrecondition, entityTag, type Precondition } from '../transaction/precondition.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { remainsOf } from './abandoned.ts';
import { hostFrom, type WantedHost } from './host-wanted.ts';
import { pointerIn, writeHost } from './write-host.ts';

export interface HostChange {
  name: Fqdn;
  precondition: Precondition;
  /** From the host as it is to what is wanted; it may be asked again with a newer one. Refuses by throwing. */
  change: (current: Host | undefined) => WantedHost;
}

/** `created` tells whether there was none before. */
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
  const before = current?.value ?? remainsOf(context, wanted.name);
  const host = hostFrom(context, wanted, before);
  const builder = new TransactionBuilder(context.views);
  writeHost(context, builder, before, host);
  return { result: { host, created: current === undefined }, ...builder.build(pointerIn(host)) };
}
