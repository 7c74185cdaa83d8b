// The stored forwarders, in memory and in the table. The table tells the answering threads which questions to hand on.
// forwarder-service.ts listens to this view, and passes the forwarders to the thread that forwards the questions.

import { type Forwarder, parseAllowedRange } from '../model/forwarder.ts';
import type { Fqdn } from '../model/name.ts';
import type { Revision } from '../model/revision.ts';
import type { TableWriter } from '../table/writer.ts';
import { SortedMap } from './sorted-map.ts';
import type { Versioned } from './versioned.ts';

/**
 * Returns the number by which answering threads know a forwarder: the lower 32 bits of the revision of its last change.
 * So a changed forwarder finds none of its old answers in the cache.
 */
export function forwarderNumber(modified: Revision): number {
  return modified % 2 ** 32;
}

export class ForwarderView {
  readonly #table: TableWriter;
  readonly #forwarders = new SortedMap<Fqdn, Versioned<Forwarder>>();
  #changed = () => {};
  #flushed: (zone: Fqdn, name: Fqdn | undefined) => void = () => {};

  constructor(table: TableWriter) {
    this.#table = table;
  }

  get(zone: Fqdn): Versioned<Forwarder> | undefined {
    return this.#forwarders.get(zone);
  }

  /** Yields the forwarders in the order of their zones. With `after`, only those after that zone. */
  *list(after?: Fqdn): Generator<Versioned<Forwarder>> {
    for (const [zone, forwarder] of this.#forwarders.entries(after)) if (zone !== after) yield forwarder;
  }

  /** Returns how many answers of the forwarder came from the cache, modulo 2^32. */
  hits(zone: Fqdn): number {
    return this.#table.forwarderHits(zone);
  }

  /**
   * Sets the only listeners. `changed` is called at once if there are forwarders, and after each change. For a new
   * forwarder, it is called before questions are handed on. `flushed` is called when the cached answers of a forwarder,
   * or of one of its names, must go.
   */
  listen(changed: () => void, flushed: (zone: Fqdn, name: Fqdn | undefined) => void = () => {}): void {
    this.#changed = changed;
    this.#flushed = flushed;
    if (this.#forwarders.size > 0) changed();
  }

  put(forwarder: Forwarder, modified: Revision): void {
    this.#forwarders.set(forwarder.zone, { value: forwarder, modified });
    this.#changed();
    this.#publish(forwarder.zone);
  }

  delete(zone: Fqdn): void {
    this.#forwarders.delete(zone);
    this.#table.deleteForwarder(zone);
    this.#changed();
  }

  flush(zone: Fqdn, name: Fqdn | undefined): void {
    this.#flushed(zone, name);
  }

  /**
   * Serves the forwarder with the name of a deleted zone, if there is one. A zone and a forwarder can have the same
   * name only after an edit of the store by hand. Then the zone is served until it is deleted.
   */
  zoneDeleted(zone: Fqdn): void {
    this.#publish(zone);
  }

  #publish(zone: Fqdn): void {
    const found = this.#forwarders.get(zone);
    if (found === undefined || this.#table.servedZone(zone) !== undefined) return;
    const { value, modified } = found;
    this.#table.putForwarder(zone, forwarderNumber(modified), value.allowFrom.map(parseAllowedRange));
  }
}
