// Hands the queries of an answering thread on: writes them into the thread's ring, and wakes the taker if it sleeps.
// Never waits.

import { type HandedOnKind, handedOnKind } from '../respond/hand-on.ts';
import { PerSecondLimit } from '../respond/per-second-limit.ts';
import { ringDoorbell } from './doorbell.ts';
import type { HandOnLimits } from './hand-on-limits.ts';
import type { LatePortEnd } from './late-port.ts';
import { QueryRingWriter, type RingQuery } from './query-ring.ts';

/** What an answering thread needs to hand queries on. `Taker.attach` makes one for each start of the thread. */
export interface HandOnTask {
  readonly ring: SharedArrayBuffer;
  readonly doorbell: SharedArrayBuffer;
  readonly limits: HandOnLimits;
  /** Brings answers for sockets that only this thread can write to. */
  readonly port: LatePortEnd;
}

/** The tasks for both takers of an answering thread: in the main thread, and in the forwarder's thread. */
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
   * Counts one more query of this kind, and returns whether it is within the limit of this second. Call this before
   * making the query: in a flood, queries over the limit must make no garbage (bench/handed-on-flood.ts).
   */
  admits(kind: HandedOnKind): boolean {
    if (this.#rates.get(kind)?.allows(Math.floor(Date.now() / 1_000)) === true) return true;
    this.#counts.refused();
    return false;
  }

  /** Hands on an admitted query. Returns false if too many queries are under way, or if the ring is full. */
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
