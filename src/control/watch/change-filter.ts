// The filter of a follower: selects the changes of resources that the follower gets.

import { atField } from '../../errors.ts';
import { addressNumber, parseAddress } from '../../model/address.ts';
import { type AddressRange, parseFilterRange, rangeHolds, rangesOverlap } from '../../model/address-range.ts';
import { type AuditedResource, auditedResources } from '../../model/audit-event.ts';
import { type Host, recordsOf } from '../../model/host.ts';
import { InvalidValue } from '../../model/invalid-value.ts';
import { type Fqdn, parseName } from '../../model/name.ts';
import { type Pool, poolShape } from '../../model/pool.ts';
import type { Rrset } from '../../model/rrset.ts';
import type { Views } from '../../views/views.ts';
import { Refusals } from '../input/refusals.ts';
import type { ResourceChange } from './resource-changes.ts';

/** A filter as people write it. The resource must match all present fields, before or after the change. */
export interface ChangeFilterInput {
  /** The kinds of resources, with commas between them. */
  kind?: string;
  /** Matches the zone itself, its RRsets, and hosts with a record in the zone. */
  zone?: string;
  /**
   * A prefix or a range. Matches hosts, allocations, A and AAAA records with an address in the range, and pools that
   * overlap the range.
   */
  within?: string;
}

export interface ChangeFilter {
  kinds?: readonly AuditedResource[];
  zone?: Fqdn;
  within?: AddressRange;
}

/** Returns the parsed filter. Refuses with `invalid_request` and the path of each faulty query parameter. */
export function parseChangeFilter(input: ChangeFilterInput): ChangeFilter {
  const refusals = new Refusals();
  const parsed = <T>(path: string, text: string | undefined, parse: (text: string) => T) =>
    text === undefined ? undefined : refusals.try(() => atField(path, () => parse(text)));
  const kinds = parsed('?kind', input.kind, (text) => text.split(',').map(parseKind));
  const zone = parsed('?zone', input.zone, parseName);
  const within = parsed('?within', input.within, parseFilterRange);
  refusals.throwIfAny();
  return { ...(kinds && { kinds }), ...(zone !== undefined && { zone }), ...(within && { within }) };
}

function parseKind(text: string): AuditedResource {
  const kind = auditedResources.find((one) => one === text);
  if (kind === undefined) throw new InvalidValue(`'${text}' is not one of ${auditedResources.join(', ')}`);
  return kind;
}

/** Returns whether a follower with this filter gets the change. */
export function matchesFilter(
  { kinds, zone, within }: ChangeFilter,
  change: ResourceChange,
  views: Pick<Views, 'zones'>,
): boolean {
  return (
    (kinds === undefined || kinds.includes(change.resource)) &&
    (zone === undefined || isOfZone(zone, change, views)) &&
    (within === undefined || isWithinRange(within, change))
  );
}

function isOfZone(zone: Fqdn, change: ResourceChange, { zones }: Pick<Views, 'zones'>): boolean {
  // `enclosing` finds the records in reverse zones. `host.zone` also counts if that zone was deleted with the host.
  const hasRecord = (host: Host) =>
    host.zone === zone || recordsOf(host, 0).some(({ owner }) => zones.enclosing(owner)?.value.name === zone);
  switch (change.resource) {
    case 'zone':
      return change.id === zone;
    case 'rrset':
      return change.id.zone === zone;
    case 'host':
      return [change.before, change.after].some((host) => host !== undefined && hasRecord(host));
    default:
      return false;
  }
}

function isWithinRange(range: AddressRange, change: ResourceChange): boolean {
  const holds = (address: string) => rangeHolds(range, addressNumber(parseAddress(address)));
  const ofHost = (host: Host | undefined) => host?.addresses.some(({ address }) => holds(address)) === true;
  const ofPool = (pool: Pool | undefined) =>
    pool !== undefined && poolShape(pool).ranges.some((one) => rangesOverlap(one, range));
  const ofRrset = (rrset: Rrset | undefined) => rrset?.records.some(holds) === true;
  switch (change.resource) {
    case 'host':
      return ofHost(change.before) || ofHost(change.after);
    case 'pool':
      return ofPool(change.before) || ofPool(change.after);
    case 'allocation':
      return holds(change.id.address);
    case 'rrset':
      return /^A(AAA)?$/.test(change.id.type) && (ofRrset(change.before) || ofRrset(change.after));
    default:
      return false;
  }
}
