// The TTLs of the records that hosts manage. They depend on the host and the zone, not on the TTL that is stored with
// the record: records of a host without a TTL of its own have the default TTL of their zone. The default TTL may change
// after the record was written (test/views/default-ttl.test.ts).

import type { Fqdn } from '../model/name.ts';
import { managingHost, type Rrset } from '../model/rrset.ts';
import type { TableRrset } from '../table/node-data.ts';
import type { HostView } from './host-view.ts';

export class HostTtls {
  readonly #hosts: HostView;
  #metOrphan = false;

  constructor(hosts: HostView) {
    this.#hosts = hosts;
  }

  /** Returns whether there may be records whose host is not held: some have been met since the start. */
  get metOrphan(): boolean {
    return this.#metOrphan;
  }

  /**
   * Returns the RRsets of a name with their TTLs, and marks those that inherit the zone's default TTL. Orphans keep
   * their stored TTL. While the zone is not loaded, `defaultTtl` is undefined, and inheriting RRsets keep their stored
   * TTL too.
   */
  inherit(owner: Fqdn, rrsets: Rrset[], defaultTtl: number | undefined): TableRrset[] {
    if (!rrsets.some(isManaged)) return rrsets;
    return rrsets.map((rrset) => {
      if (!isManaged(rrset)) return rrset;
      const host = this.#hosts.get(managingHost(owner, rrset))?.value;
      if (host === undefined) {
        this.#metOrphan = true;
        return rrset;
      }
      if (host.ttl !== null) return { ...rrset, ttl: host.ttl };
      return { ...rrset, ttl: defaultTtl ?? rrset.ttl, inheritsTtl: true };
    });
  }

  /** Returns the RRsets of a name, read from the store, with the TTLs with which they are served. */
  served(owner: Fqdn, rrsets: Rrset[], defaultTtl: number): Rrset[] {
    if (!rrsets.some(isManaged)) return rrsets;
    return this.inherit(owner, rrsets, defaultTtl).map(({ inheritsTtl: _, ...rrset }) => rrset);
  }
}

export function isManaged({ manager }: Rrset): boolean {
  return manager === 'host';
}

/**
 * The TTL of all RRsets of a generation that inherit the default TTL; `mixed` if their TTLs differ, undefined if there
 * are no such RRsets.
 */
export type InheritedTtl = number | 'mixed' | undefined;

/** Returns the inherited TTL of a generation after these RRsets were added. */
export function withInherited(before: InheritedTtl, rrsets: readonly TableRrset[]): InheritedTtl {
  let inherited = before;
  for (const { ttl, inheritsTtl } of rrsets) {
    if (inheritsTtl === true && inherited !== ttl) inherited = inherited === undefined ? ttl : 'mixed';
  }
  return inherited;
}
