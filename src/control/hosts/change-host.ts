// Use case: the addresses, the aliases, the name and other fields of a host are changed in one transaction.

import type { Host } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import { isKnown, known } from '../../model/unknown.ts';
import { hostKey } from '../../store/kinds/host.ts';
import { accessOf } from '../access/access.ts';
import { recordNow } from '../addresses/hold-address.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { type SeenHost, withPools } from '../reading/with-pools.ts';
import type { Decision, DecisionContext, Standing } from '../transaction/decision.ts';
import type { Warning } from '../transaction/name-edits.ts';
import { standingSince, TransactionBuilder } from '../transaction/transaction-builder.ts';
import {
  familyWarnings,
  type HostWarning,
  hostFrom,
  newAddressWarnings,
  refuseTakenName,
  type WantedHost,
} from './host-wanted.ts';
import { orphanedHost } from './orphans.ts';
import { requireScope } from './require-scope.ts';
import { pathsIn, writeHost } from './write-host.ts';

interface HostChange {
  name: Fqdn;
  precondition: Precondition;
  /**
   * Makes the wanted host from the current host; `current` is undefined if there is no host of that name. Called anew
   * for each attempt to commit the change. Refuses by throwing.
   */
  change: (current: Host | undefined) => WantedHost;
}

interface HostPut extends Standing {
  host: SeenHost;
  created: boolean;
  warnings: HostWarning[];
}

/**
 * Changes a host. If there is no host of that name, creates it, and `created` is true. Refuses with
 * `precondition_failed`, with `name_taken` if another host has the new name, and as {@link requireScope},
 * {@link hostFrom}, {@link writeHost} and {@link TransactionBuilder.build} do.
 */
export function decideChangeHost(
  context: DecisionContext,
  { name, precondition, change }: HostChange,
): Decision<HostPut> {
  const current = context.views.hosts.get(known(name));
  const access = accessOf(context);
  access.needName(name);
  if (current !== undefined) access.needHost(name, current.value);
  const builder = new TransactionBuilder(context);
  builder.refusals.try(() => checkPrecondition(precondition, current && entityTag(current.modified)));
  const wanted = builder.refusals.need(() => change(current?.value));
  requireScope(context, wanted, current?.value);
  if (wanted.name !== name) builder.refusals.try(() => refuseTakenName(context, wanted.name));
  const before = current?.value ?? (isKnown(wanted.name) ? orphanedHost(context, wanted.name) : undefined);
  const host = hostFrom(builder, wanted, before);
  writeHost(builder, before, host);
  const resultOf = (warnings: Warning[]) => ({
    host: withPools(context, host, (space, address) => recordNow(builder, space, address)),
    created: current === undefined,
    warnings: [...familyWarnings(context, wanted, host), ...newAddressWarnings(builder, host, before), ...warnings],
    ...standingSince(builder, hostKey(host.name), current),
  });
  return builder.buildWith(resultOf, pathsIn(host));
}
