// The stored forwarders. Who forwards follows them: forwarding/forwarders/.

import type { Forwarder } from '../model/forwarder.ts';
import type { Fqdn } from '../model/name.ts';
import type { Revision } from '../model/revision.ts';
import { SortedMap } from './sorted-map.ts';
import type { Versioned } from './versioned.ts';

export class ForwarderView {
  readonly #forwarders = new SortedMap<Fqdn, Versioned<Forwarder>>();

  get(zone: Fqdn): Versioned<Forwarder> | undefined {
    return this.#forwarders.get(zone);
  }

  /** Yields the forwarders in the order of their zones. With `after`, only those that follow that zone. */
  *list(after?: Fqdn): Generator<Versioned<Forwarder>> {
    for (const [zone, forwarder] of this.#forwarders.entries(after)) if (zone !== after) yield forwarder;
  }

  put(forwarder: Forwarder, modified: Revision): void {
    this.#forwarders.set(forwarder.zone, { value: forwarder, modified });
  }

  delete(zone: Fqdn): void {
    this.#forwarders.delete(zone);
  }
}
