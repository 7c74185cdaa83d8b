// Holds the stored hosts in memory, in key order: the hosts of a zone are next to one another. The rules of hosts are
// in control/hosts.

import type { Host } from '../model/host.ts';
import { type Fqdn, root } from '../model/name.ts';
import type { Revision } from '../model/revision.ts';
import { hostKey } from '../store/kinds/host.ts';
import { SortedMap } from './sorted-map.ts';
import type { Versioned } from './versioned.ts';

export class HostView {
  readonly #hosts = new SortedMap<string, Versioned<Host>>();

  get(name: Fqdn): Versioned<Host> | undefined {
    return this.#hosts.get(hostKey(name));
  }

  /**
   * Yields the hosts in key order. With `after`, only those that follow that name. With `top`, only those at that name
   * or below it, and reads no others.
   */
  *list(after?: Fqdn, top: Fqdn = root): Generator<Versioned<Host>> {
    const from = after === undefined ? undefined : hostKey(after);
    if (top === root) {
      for (const [key, host] of this.#hosts.entries(from)) if (key !== from) yield host;
      return;
    }
    const own = hostKey(top);
    const below = `${own}.`;
    const host = this.#hosts.get(own);
    if (host !== undefined && (from === undefined || from < own)) yield host;
    for (const [key, host] of this.#hosts.entries(from === undefined || from < below ? below : from)) {
      if (!key.startsWith(below)) return;
      if (key !== from) yield host;
    }
  }

  put(host: Host, modified: Revision): void {
    this.#hosts.set(hostKey(host.name), { value: host, modified });
  }

  delete(name: Fqdn): void {
    this.#hosts.delete(hostKey(name));
  }
}
