// How an answering thread hands a query on: it writes the query into its ring and wakes the taker, if that sleeps. It
// never waits.

import type { MessagePort } from 'node:worker_threads';
import { ringDoorbell } from './doorbell.ts';
import { type HandOnLimits, QueryRingWriter, type RingQuery } from './query-ring.ts';

/** The part of an answering thread's task for handing queries on. `Taker.attach` makes it anew for each start. */
export interface HandOnTask {
  readonly ring: SharedArrayBuffer;
  readonly doorbell: SharedArrayBuffer;
  readonly limits: HandOnLimits;
  /** Brings answers for sockets that only this thread can write to. It must be transferred. */
  readonly port: MessagePort;
  /** Milliseconds that an answer may take. */
  readonly deadline: number;
}

/** Counts the queries that were handed on, and those for which there was no room. */
export interface OutletCounts {
  handedOn(): void;
  refused(): void;
}

export class Outlet {
  readonly #ring: QueryRingWriter;
  readonly #doorbell: Int32Array;
  readonly #counts: OutletCounts;

  constructor({ ring, doorbell, limits }: HandOnTask, counts: OutletCounts) {
    this.#ring = new QueryRingWriter(ring, limits);
    this.#doorbell = new Int32Array(doorbell);
    this.#counts = counts;
  }

  /** Returns false when too many queries are under way. */
  handOn(query: RingQuery): boolean {
    if (!this.#ring.write(query)) {
      this.#counts.refused();
      return false;
    }
    this.#counts.handedOn();
    ringDoorbell(this.#doorbell);
    return true;
  }
}
