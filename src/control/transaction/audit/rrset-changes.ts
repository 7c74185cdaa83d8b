// The events of the RRsets that a decision changes at one name. An RRset of a host is part of the host's event.

import type { AuditEvent, Fields } from '../../../model/audit-event.ts';
import { type Host, recordsOf } from '../../../model/host.ts';
import type { Fqdn } from '../../../model/name.ts';
import { managerOf, managingHost, type Rrset } from '../../../model/rrset.ts';
import type { NameEdit } from '../name-edits.ts';
import { eventOf } from './event-of.ts';

/**
 * Returns the events of a name. `tellsOf` returns whether the decision has an event of the host. If it has none, an
 * RRset of that host has an event of its own: the host does not exist, or somebody deleted its RRset by hand. The PTR
 * of a shared address has no event when it passes from one of its hosts to another: that follows from the hosts. The
 * PTR of a host at a name that `isHidden` has no event: no query is answered from it (../../zones/hidden-ptrs.ts).
 */
export function rrsetEvents(
  { zone, owner, before, rrsets }: Pick<NameEdit, 'zone' | 'owner' | 'before' | 'rrsets'>,
  tellsOf: (host: Fqdn) => boolean,
  hostOf: (host: Fqdn) => Host | undefined,
  isHidden: (zone: Fqdn, owner: Fqdn) => boolean,
): AuditEvent[] {
  const isTold = (rrset: Rrset) => {
    const name = managingHost(owner, rrset);
    if (tellsOf(name)) return true;
    if (rrset.type !== 'PTR') return false;
    if (isHidden(zone.name, owner)) return true;
    const host = hostOf(name);
    return host !== undefined && recordsOf(host, 0).some((one) => one.rrset.type === 'PTR' && one.owner === owner);
  };
  const told = (all: readonly Rrset[]) =>
    new Map(
      all
        .filter((rrset) => rrset.manager !== 'host' || !isTold(rrset))
        .map((rrset) => [rrset.type, fieldsOf(owner, rrset)]),
    );
  const [old, wanted] = [told(before), told(rrsets)];
  if (old.size + wanted.size === 0) return [];
  return [...new Set([...old.keys(), ...wanted.keys()])].flatMap((type) => {
    const event = eventOf('rrset', `${owner} ${type}`, old.get(type), wanted.get(type));
    return event === undefined ? [] : [inZone(event, zone.name)];
  });
}

function fieldsOf(owner: Fqdn, rrset: Rrset): Fields {
  const managedBy = managerOf(owner, rrset);
  return { ttl: rrset.ttl, records: rrset.records, ...(managedBy !== undefined && { managedBy }) };
}

/** Adds the zone to the fields before and after: at a delegation, two zones have an NS RRset of the same name. */
function inZone(event: AuditEvent, zone: Fqdn): AuditEvent {
  const { before, after } = event;
  return { ...event, before: before && { zone, ...before }, after: after && { zone, ...after } };
}
