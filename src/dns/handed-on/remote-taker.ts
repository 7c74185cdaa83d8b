// The taker in the forwarder's thread, as the main thread sees it. The taker itself is taker.ts. The forwarder's thread
// may be restarted. The rings of the answering threads outlive that thread: a UDP thread never returns to its event
// loop, so it could not be told of new rings.

import { newDoorbell, ringDoorbell } from './doorbell.ts';
import type { HandOnLimits } from './hand-on-limits.ts';
import { closeRing, forgetTaken, newQueryRing, pauseRing, underWayIn } from './query-ring.ts';
import { settle } from './settle.ts';
import type { Attachment } from './taker.ts';

/** What the taker's thread is told of an answering thread. */
export interface RemoteLine {
  readonly ring: SharedArrayBuffer;
  /** The name of the channel for late answers. */
  readonly channel: string;
}

/** What the main thread tells the taker's thread after its start. */
export type RemoteOrder = { readonly serve: RemoteLine } | { readonly leave: RemoteLine };

export class RemoteTaker {
  readonly doorbell = newDoorbell();
  readonly limits: HandOnLimits;
  readonly #lines = new Set<RemoteLine>();
  readonly #id = crypto.randomUUID();
  #count = 0;
  /** Sends an order to the running thread; undefined while none runs. */
  #tell: ((order: RemoteOrder) => void) | undefined;

  constructor(limits: HandOnLimits) {
    this.limits = limits;
  }

  /** Lets an answering thread hand queries on to the taker. Call this at each start of an answering thread. */
  attach(): Attachment {
    this.#count += 1;
    const line = { ring: newQueryRing(), channel: `late-${this.#id}-${this.#count}` };
    pauseRing(line.ring, this.#tell === undefined);
    this.#lines.add(line);
    this.#tell?.({ serve: line });
    return {
      task: { ring: line.ring, doorbell: this.doorbell, limits: this.limits, port: line.channel },
      settle: () => settle(() => this.#tell === undefined || underWayIn(line.ring) === 0),
      close: () => {
        this.#lines.delete(line);
        this.#tell?.({ leave: line });
        closeRing(line.ring);
      },
      ports: [],
    };
  }

  /**
   * Call this when the taker's thread is being started. Returns the current answering threads. `tell` is called when
   * one is added, and when one leaves.
   */
  started(tell: (order: RemoteOrder) => void): readonly RemoteLine[] {
    this.#tell = tell;
    for (const { ring } of this.#lines) pauseRing(ring, false);
    ringDoorbell(new Int32Array(this.doorbell));
    return [...this.#lines];
  }

  /** Call this before the taker's thread is stopped. Queries are answered SERVFAIL from now on. */
  stopping(): void {
    for (const { ring } of this.#lines) pauseRing(ring, true);
  }

  /**
   * Call this when the taker's thread has ended. Until its restart, queries are answered SERVFAIL. Queries that the
   * ended thread had taken get no answer.
   */
  ended(): void {
    this.#tell = undefined;
    for (const { ring } of this.#lines) {
      pauseRing(ring, true);
      forgetTaken(ring);
    }
  }
}
