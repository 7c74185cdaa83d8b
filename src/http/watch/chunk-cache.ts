// The last chunks of a feed, one for each audience. The followers of an audience mostly read the same chunk at nearly
// the same time.

import type { Revision } from '../../model/revision.ts';
import type { Audience } from './audience.ts';

/** The events after a position, and the position after these events. */
export interface Chunk {
  readonly octets: Buffer | undefined;
  readonly position: Revision;
}

interface Kept {
  chunk: Chunk;
  from: Revision;
  last: Revision;
}

const maxOctets = 4 * 1024 * 1024;

export class ChunkCache {
  readonly #kept = new Map<Audience, Kept>();
  #octets = 0;

  /**
   * Returns the chunk that was made for this position, if it is still complete. `last`: the last revision of the feed.
   */
  get(audience: Audience, from: Revision, last: Revision): Chunk | undefined {
    const kept = this.#kept.get(audience);
    // A chunk that ends before the feed's last revision of that time was full: later revisions do not change it.
    return kept?.from === from && (kept.last === last || kept.chunk.position < kept.last) ? kept.chunk : undefined;
  }

  add(audience: Audience, from: Revision, last: Revision, chunk: Chunk): void {
    this.#delete(audience);
    this.#kept.set(audience, { chunk, from, last });
    this.#octets += chunk.octets?.length ?? 0;
    for (const oldest of this.#kept.keys()) {
      if (this.#octets <= maxOctets) return;
      this.#delete(oldest);
    }
  }

  #delete(audience: Audience): void {
    this.#octets -= this.#kept.get(audience)?.chunk.octets?.length ?? 0;
    this.#kept.delete(audience);
  }
}
