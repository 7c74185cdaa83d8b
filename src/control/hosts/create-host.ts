// Use case: a host is created.

import type { Host } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import { isKnown } from '../../model/unknown.ts';
import { recordNow } from '../addresses/hold-address.ts';
import { type SeenHost, withPools } from '../reading/with-pools.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import type { Warning } from '../transaction/name-edits.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { withAdopted } from './adopt-records.ts';
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

/** The result: the host, with warnings if there are any. */
export type HostCreated = SeenHost & { warnings?: HostWarning[] };

/**
 * Creates a host with its addresses, A/AAAA, PTR and aliases, in one transaction (test/control/host-is-atomic.test.ts).
 * If there are orphans of its name, the new host takes them over. Refuses with `name_taken` if there is a host of that
 * name, and as {@link requireScope}, {@link hostFrom}, {@link writeHost} and {@link TransactionBuilder.build} do.
 */
export function decideCreateHost(context: DecisionContext, asked: WantedHost): Decision<HostCreated> {
  const builder = new TransactionBuilder(context);
  const { host, resultOf } = createHost(builder, context, asked);
  return builder.buildWith(resultOf, pathsIn(host));
}

/** A host that a transaction creates. `resultOf` returns the result with the warnings about the host's records. */
interface CreatedHost {
  host: Host;
  resultOf: (warnings: readonly Warning[]) => HostCreated;
}

/**
 * Writes a new host into a transaction, as {@link decideCreateHost} does. `context`: what addresses are in use.
 * `together`: the hosts that the same transaction creates; those of them that are written later may be added later.
 */
export function createHost(
  builder: TransactionBuilder,
  context: DecisionContext,
  asked: WantedHost,
  together: readonly Host[] = [],
): CreatedHost {
  const wanted = withAdopted(context, asked);
  requireScope(context, wanted);
  builder.refusals.try(() => refuseTakenName(context, wanted.name));
  const orphan =
    isKnown(wanted.name) && hasRecords(builder, wanted.name) ? orphanedHost(context, wanted.name) : undefined;
  const host = hostFrom(builder, wanted, orphan);
  writeHost(builder, orphan, host, { adoption: wanted.adopt === true ? 'asked' : 'offered', together });
  const resultOf = (found: readonly Warning[]) => {
    const warnings = [...familyWarnings(context, wanted, host), ...newAddressWarnings(builder, host, orphan), ...found];
    return {
      ...withPools(context, host, (space, address) => recordNow(builder, space, address), together),
      ...(warnings.length > 0 && { warnings }),
    };
  };
  return { host, resultOf };
}

/** Returns whether there are records at the name. Without any, there are no orphans to look for. */
function hasRecords(builder: TransactionBuilder, name: Fqdn): boolean {
  const zone = builder.zoneAround(name);
  return zone !== undefined && builder.rrsetsAt(zone, name).length > 0;
}
