// The TTLs of the records that hosts manage. They follow from the host and the zone, not from the number that is stored
// with the record: a host without a TTL of its own follows the default TTL of each zone in which it has records, and
// that may change after the record was written (test/views/default-ttl.test.ts).

import type { Fqdn } from '../model/name.ts';
import { managingHost, type Rrset } from '../model/rrset.ts';
import type { TableRrset } from '../table/node-data.ts';
import type { HostView } from './host-view.ts';

export class HostTtls {
  readonly #hosts: HostView;

  constructor(hosts: HostView) {
    this.#hosts = hosts;
  }

  /**
   * Returns a name's RRsets with their TTLs, and marks those that inherit the zone's default TTL. Orphans keep the TTL
   * that is stored. So do all RRsets that inherit while `defaultTtl` is undefined, because the zone is not loaded yet.
   */
  inherit(owner: Fqdn, rrsets: Rrset[], defaultTtl: number | undefined): TableRrset[] {
    if (!rrsets.some(isManaged)) return rrsets;
    return rrsets.map((rrset) => {
      if (!isManaged(rrset)) return rrset;
      const host = this.#hosts.get(managingHost(owner, rrset))?.value;
      if (host === undefined) return rrset;
      if (host.ttl !== null) return { ...rrset, ttl: host.ttl };
      return { ...rrset, ttl: defaultTtl ?? rrset.ttl, inheritsTtl: true };
    });
  }

  /** Returns a name's RRsets, as they are stored, with the TTLs that they are served with. */
  served(owner: Fqdn, rrsets: Rrset[], defaultTtl: number): Rrset[] {
    if (!rrsets.some(isManaged)) return rrsets;
    return this.inherit(owner, rrsets, defaultTtl).map(({ inheritsTtl: _, ...rrset }) => rrset);
  }
}

/** Returns whether a host manages the RRset. */
export function isManaged({ manager }: Rrset): boolean {
  return manager === 'host';
}

/** The TTL that all RRsets of a generation have that inherit it. It is `mixed` if they do not have the same one. */
export type InheritedTtl = number | 'mixed' | undefined;

/** Returns the inherited TTL of a generation to which these RRsets are added. */
export function withInherited(before: InheritedTtl, rrsets: readonly TableRrset[]): InheritedTtl {
  let inherited = before;
  for (const { ttl, inheritsTtl } of rrsets) {
    if (inheritsTtl === true && inherited !== ttl) inherited = inherited === undefined ? ttl : 'mixed';
  }
  return inherited;
}
