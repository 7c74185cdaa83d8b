// Warns of CNAME records, in all zones, that an import leaves pointing at names without addresses.

import { type Fqdn, parentOf } from '../../model/name.ts';
import type { Rrset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import type { ZoneFileContents } from '../../model/zone-file/contents.ts';
import type { Findings } from '../../model/zone-file/findings.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';
import { leftPointing, type Names, namesIn } from '../transaction/left-pointing.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

/** The limits for targets, and for names, that are checked without a pause. */
const targetsPerTurn = 500;
const namesPerTurn = 10_000;

/**
 * Adds the warnings, but none about names that the actor may not see. `managed`: the RRsets that have a manager, which
 * the import keeps. A warning has the line of the CNAME record, or 0 if the record is not in the file.
 */
export async function checkAliases(
  asking: Asking,
  zone: Zone,
  contents: ZoneFileContents,
  managed: ReadonlyMap<Fqdn, readonly Rrset[]>,
  findings: Findings,
  signal?: AbortSignal,
): Promise<void> {
  const { zones } = asking.views;
  const access = accessOf(asking);
  const targets = [...new Set([zone.name, ...zones.aliasTargetsBelow(new Set([zone.name]))])];
  if (targets.length === 1 && zones.aliasesOf(zone.name).next().done) return;
  const served = namesIn(zones);
  const above = await namesWithOthersBelow(zone.name, contents, managed, signal);
  const after: Names = {
    rrsetsAt: (at, owner) =>
      at.name === zone.name
        ? [...(contents.names.get(owner) ?? []), ...(managed.get(owner) ?? [])]
        : served.rrsetsAt(at, owner),
    exists: (at, owner) =>
      at.name === zone.name
        ? contents.names.has(owner) || managed.has(owner) || above.has(owner)
        : served.exists(at, owner),
  };
  for (let at = 0; at < targets.length; at += targetsPerTurn) {
    for (const { owner, message } of leftPointing(zones, targets.slice(at, at + targetsPerTurn), after)) {
      if (!access.hasName(owner)) continue;
      const line = contents.names.get(owner)?.find(({ type }) => type === 'CNAME')?.line ?? 0;
      findings.warn(line, message, 'pointing');
    }
    await yieldToEventLoop(signal);
  }
}

/** Returns the names that will have other names of the zone below them. */
async function namesWithOthersBelow(
  zone: Fqdn,
  { names }: ZoneFileContents,
  managed: ReadonlyMap<Fqdn, unknown>,
  signal: AbortSignal | undefined,
): Promise<Set<Fqdn>> {
  const above = new Set<Fqdn>([zone]);
  let count = 0;
  for (const owners of [names.keys(), managed.keys()]) {
    for (const owner of owners) {
      let parent = owner === zone ? undefined : parentOf(owner);
      for (; parent !== undefined && !above.has(parent); parent = parentOf(parent)) above.add(parent);
      if (++count % namesPerTurn === 0) await yieldToEventLoop(signal);
    }
  }
  return above;
}
