// Iterations over the nodes of a zone. The zone may change between the steps of an iteration.

import * as layout from './layout.ts';
import { none, type Reference, unitWords, type ZoneId } from './layout.ts';

export class NodeIterations {
  readonly #words: Uint32Array;
  /** The running iterations. `next` is the node to visit next, which must never be a removed node. */
  readonly #running = new Set<{ zone: ZoneId; next: Reference }>();

  constructor(words: Uint32Array) {
    this.#words = words;
  }

  /** Yields the nodes of the zone, the newest first: all that stay, and none that is created meanwhile. */
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

  /** Call this before a node is removed: iterations that would visit it next go to the node after it. */
  advancePast(gone: Reference): void {
    for (const iteration of this.#running) if (iteration.next === gone) iteration.next = this.#after(gone);
  }

  end(zone: ZoneId): void {
    for (const iteration of this.#running) if (iteration.zone === zone) iteration.next = none;
  }

  #after(node: Reference): Reference {
    return this.#words[node * unitWords + layout.node.next] as number;
  }
}
