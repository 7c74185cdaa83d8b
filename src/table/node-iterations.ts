// Iterations over the nodes of a zone, between whose steps the zone may change.

import * as layout from './layout.ts';
import { none, type Reference, unitWords, type ZoneId } from './layout.ts';

export class NodeIterations {
  readonly #words: Uint32Array;
  /** The running iterations. `next` is the node to visit next; it must not be a removed node. */
  readonly #running = new Set<{ zone: ZoneId; next: Reference }>();

  constructor(words: Uint32Array) {
    this.#words = words;
  }

  /** Yields the nodes of the zone, the newest first. Visits all that stay, and none that is created meanwhile. */
  *visit(zone: ZoneId): Generator<Reference, void, undefined> {
    const iteration = { zone, next: this.#words[zone * unitWords + layout.zone.nodes] as number };
    this.#running.add(iteration);
    try {
      while (iteration.next !== none) {
        const node = iteration.next;
        iteration.next = this.#after(node);
        yield node;
      }
    } finally {
      this.#running.delete(iteration);
    }
  }

  /** Moves the iterations that would visit this node next, which is about to be removed, to the node after it. */
  advancePast(gone: Reference): void {
    for (const iteration of this.#running) if (iteration.next === gone) iteration.next = this.#after(gone);
  }

  /** Ends the iterations over the zone. */
  end(zone: ZoneId): void {
    for (const iteration of this.#running) if (iteration.zone === zone) iteration.next = none;
  }

  #after(node: Reference): Reference {
    return this.#words[node * unitWords + layout.node.next] as number;
  }
}
