// Use case: makes a forwarder of a stub zone that others have in the SkyDNS layout. The forwarder follows the stub
// zone: it changes when the stub zone changes. If an admin has written a forwarder of that name, or one of our zones is
// at or below that name, the stub zone gets no forwarder.

import { isDeepStrictEqual } from 'node:util';
import { type Forwarder, type ForwarderTarget, forwarderDefaults, forwarderLimits } from '../../model/forwarder.ts';
import { InvalidValue } from '../../model/invalid-value.ts';
import { type Fqdn, isWithin } from '../../model/name.ts';
import type { ForeignFault } from '../../model/skydns/foreign-rrsets.ts';
import { type StubZone, stubTarget } from '../../model/skydns/stub-zone.ts';
import { forwarderKey, forwarderValue } from '../../store/kinds/forwarder.ts';
import { zoneKey } from '../../store/kinds/zone.ts';
import type { Views } from '../../views/views.ts';
import { findForwarderLoop, type IsListener } from '../reading/find-forwarder-loop.ts';
import type { Committer } from '../transaction/commit.ts';
import { type Decision, type DecisionContext, noChange } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { commitMirrored } from './commit-mirrored.ts';

/** A server of a domain, and the zone in whose layout it is. */
export interface StubServer {
  zone: Fqdn;
  stub: StubZone;
}

/** A domain with its servers, in the order of their keys. */
export interface StubDomain {
  domain: Fqdn;
  servers: readonly StubServer[];
}

/** Returns whether the stub zones in the layout of the zone are forwarded. */
export function forwardsStubZones({ zones }: Views, zone: Fqdn): boolean {
  const settings = zones.get(zone)?.value;
  return settings?.skydns === true && settings.stubZones === true;
}

/**
 * Writes a forwarder that has the servers as targets. Deletes the forwarder if no server can be a target. Result: the
 * servers that are not asked.
 */
export function decideMirrorStubZone(
  context: DecisionContext,
  { domain, servers }: StubDomain,
  isListener: IsListener = () => false,
): Decision<ForeignFault[]> {
  const { views } = context;
  const current = views.forwarders.get(domain);
  const wanted = servers.filter(({ zone }) => forwardsStubZones(views, zone));
  if (current !== undefined && current.value.stubZoneOf === undefined)
    return noChange(allOf(wanted, `an admin has written the forwarder ${domain}, which is used instead`));
  const { targets, faults } = targetsOf(views, { domain, servers: wanted }, isListener);
  const zone = targets.length === 0 ? undefined : views.zones.get(wanted[0]?.zone ?? domain);
  const builder = new TransactionBuilder(context);
  const key = forwarderKey(domain);
  if (zone === undefined) {
    if (current === undefined) return noChange(faults);
    return builder.deleteForwarder(domain, current.modified).build(faults);
  }
  const forwarder: Forwarder = {
    zone: domain,
    targets,
    strategy: forwarderDefaults.strategy,
    timeoutMilliseconds: forwarderDefaults.timeoutMilliseconds,
    allowFrom: zone.value.stubZonesAllowFrom ?? [...forwarderDefaults.allowFrom],
    stubZoneOf: zone.value.name,
  };
  if (isDeepStrictEqual(forwarder, current?.value)) return noChange(faults);
  return builder
    .requireAbsent(zoneKey(domain))
    .requireUnchanged(zoneKey(zone.value.name), zone.modified)
    .put(key, forwarderValue.encode(forwarder), current?.modified)
    .build(faults);
}

/** Returns the servers that can be targets, and why the other servers cannot. */
function targetsOf(
  views: Views,
  { domain, servers }: StubDomain,
  isListener: IsListener,
): { targets: ForwarderTarget[]; faults: ForeignFault[] } {
  const inTheWay = [...views.zones.list()].find(({ value }) => isWithin(value.name, domain))?.value.name;
  if (inTheWay !== undefined)
    return {
      targets: [],
      faults: allOf(servers, `${domain} is not forwarded: it is the zone ${inTheWay} here, or above it`),
    };
  const targets = new Map<string, ForwarderTarget>();
  const faults: ForeignFault[] = [];
  for (const { zone, stub } of servers) {
    try {
      if (zone !== servers[0]?.zone)
        throw new InvalidValue(`the stub zone ${domain} of the zone ${servers[0]?.zone} is used instead`);
      const target = stubTarget(stub);
      const loop = findForwarderLoop(views, target, isListener);
      if (loop !== undefined) throw new InvalidValue(loop.message);
      const text = `${stub.host} ${stub.port}`;
      if (!targets.has(text) && targets.size >= forwarderLimits.targets)
        throw new InvalidValue(`${domain} has ${forwarderLimits.targets} other servers already`);
      targets.set(text, target);
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      faults.push({ key: stub.key, reason: error.message });
    }
  }
  return { targets: [...targets.values()], faults };
}

function allOf(servers: readonly StubServer[], reason: string): ForeignFault[] {
  return servers.map(({ stub }) => ({ key: stub.key, reason }));
}

/** Commits {@link decideMirrorStubZone} with {@link commitMirrored}. Resolves with the servers that are not asked. */
export function mirrorStubZone(
  committer: Committer,
  domain: StubDomain,
  isListener?: IsListener,
): Promise<ForeignFault[]> {
  const keys = domain.servers.map(({ stub }) => stub.key);
  return commitMirrored(committer, keys, (context) => decideMirrorStubZone(context, domain, isListener));
}
