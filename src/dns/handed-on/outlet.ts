// An answering thread hands queries on by its outlet. The outlet writes a query into the thread's ring, and wakes the
// taker if the taker sleeps. It never waits.

import { type HandedOnKind, handedOnKind } from '../respond/hand-on.ts';
import { PerSecondLimit } from '../respond/per-second-limit.ts';
import { ringDoorbell } from './doorbell.ts';
import type { HandOnLimits } from './hand-on-limits.ts';
import type { LatePortEnd } from './late-port.ts';
import { QueryRingWriter, type RingQuery } from './query-ring.ts';

/** The part of an answering thread's task for handing queries on. `Taker.attach` makes one for each start. */
export interface HandOnTask {
  readonly ring: SharedArrayBuffer;
  readonly doorbell: SharedArrayBuffer;
  readonly limits: HandOnLimits;
  /** Brings answers for sockets that only this thread can write to. */
  readonly port: LatePortEnd;
}

/** The two takers of an answering thread: one in the main thread, and the forwarder's, in a thread of its own. */
export interface HandOnTasks {
  readonly main: HandOnTask;
  readonly forwarder: HandOnTask;
}

/** Counts the queries that were handed on, and the queries over a limit. */
interface OutletCounts {
  handedOn(): void;
  refused(): void;
}

export class Outlet {
  readonly #ring: QueryRingWriter;
  readonly #doorbell: Int32Array;
  readonly #counts: OutletCounts;
  readonly #rates: ReadonlyMap<HandedOnKind, PerSecondLimit>;

  constructor({ ring, doorbell, limits }: HandOnTask, counts: OutletCounts) {
    this.#ring = new QueryRingWriter(ring, limits);
    this.#doorbell = new Int32Array(doorbell);
    this.#counts = counts;
    const { maxPerSecond } = limits;
    this.#rates = new Map(Object.values(handedOnKind).map((kind) => [kind, new PerSecondLimit(maxPerSecond[kind])]));
  }

  /**
   * Returns whether one more query of this kind is within this second's limit, and counts it. Call it before the query
   * is made: in a flood, the queries over the limit must make no garbage (bench/handed-on-flood.ts).
   */
  admits(kind: HandedOnKind): boolean {
    if (this.#rates.get(kind)?.allows(Math.floor(Date.now() / 1_000)) === true) return true;
    this.#counts.refused();
    return false;
  }

  /** Hands on a query that was admitted. Returns false if too many queries are under way, or if the ring is full. */
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

/** The outlets to both takers. */
export class Outlets {
  readonly main: Outlet;
  readonly forwarder: Outlet;

  constructor({ main, forwarder }: HandOnTasks, counts: OutletCounts) {
    this.main = new Outlet(main, counts);
    this.forwarder = new Outlet(forwarder, counts);
  }

  /** Returns the outlet to the taker of this kind. */
  of(kind: HandedOnKind): Outlet {
    return kind === handedOnKind.forward ? this.forwarder : this.main;
  }
}
