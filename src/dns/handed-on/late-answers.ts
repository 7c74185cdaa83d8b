// The late answers that an answering thread with an event loop waits for. Each has a number, which leads to its asker.

import type { MessagePort } from 'node:worker_threads';
import { type LateMessage, unpackMessages } from './late-messages.ts';
import type { LateReceipt } from './line.ts';
import type { HandOnTask, Outlet } from './outlet.ts';
import type { RingQuery } from './query-ring.ts';

/** The recipient of a late answer: a socket with an address, or a connection. */
export interface Asker {
  /**
   * Sends one message. Returns false if the client does not keep up. When it does again, call `LateAnswer.goOn`.
   */
  deliver(message: Uint8Array): boolean;
  /** Runs after the last message. */
  end(): void;
}

/** One handed-on query, as its asker sees it. */
export interface LateAnswer {
  /** The client can take the next message. */
  goOn(): void;
  /** The client has gone: its messages are dropped. */
  abandon(): void;
}

export class LateAnswers {
  readonly #outlet: Outlet;
  readonly #port: MessagePort;
  readonly #askers = new Map<number, Asker>();
  /** Askers whose clients do not keep up. */
  readonly #full = new Set<number>();
  readonly #idle: (() => void)[] = [];
  #lastId = 0;
  readonly deadline: number;

  constructor(outlet: Outlet, { port, deadline }: HandOnTask) {
    this.#outlet = outlet;
    this.#port = port;
    this.deadline = deadline;
    port.on('message', (packed: Uint8Array<ArrayBuffer>) =>
      unpackMessages(packed, (message) => this.#receive(message)),
    );
  }

  /** Hands the query on for this asker. Returns undefined when too many are under way. */
  handOn(query: Omit<RingQuery, 'id' | 'envelope'>, asker: Asker): LateAnswer | undefined {
    const id = (this.#lastId + 1) | 0;
    if (!this.#outlet.handOn({ ...query, id })) return undefined;
    this.#lastId = id;
    this.#askers.set(id, asker);
    return { goOn: () => this.#goOn(id), abandon: () => this.#abandon(id) };
  }

  /** Waits until every query has its answer, at most so many milliseconds. */
  async settle(milliseconds: number): Promise<void> {
    if (this.#askers.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.push(resolve);
    const timeout = setTimeout(resolve, milliseconds);
    await promise;
    clearTimeout(timeout);
  }

  /** Lets the thread end. */
  close(): void {
    this.#port.close();
  }

  #receive({ id, message, last }: LateMessage): void {
    const asker = this.#askers.get(id);
    if (asker === undefined) {
      if (!last) this.#confirm(id, false);
      return;
    }
    const keepsUp = message === undefined || asker.deliver(message);
    if (last) {
      this.#delete(id);
      asker.end();
    } else if (keepsUp) this.#confirm(id, true);
    else this.#full.add(id);
  }

  #goOn(id: number): void {
    if (this.#full.delete(id)) this.#confirm(id, true);
  }

  #abandon(id: number): void {
    if (this.#full.delete(id)) this.#confirm(id, false);
    this.#delete(id);
  }

  #confirm(id: number, goesOn: boolean): void {
    this.#port.postMessage({ id, goesOn } satisfies LateReceipt);
  }

  #delete(id: number): void {
    this.#askers.delete(id);
    if (this.#askers.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
