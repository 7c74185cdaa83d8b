// The answers that an answering thread with an event loop waits for: it hands a query on with a number, and finds by it
// who asked.

import type { MessagePort } from 'node:worker_threads';
import type { LateMessage, LateReceipt } from './line.ts';
import type { HandOnTask, Outlet } from './outlet.ts';
import type { RingQuery } from './query-ring.ts';

/** Who asked: a socket, or a connection. */
export interface Asker {
  /**
   * Sends one message. Returns false when the client does not keep up; the asker then calls `LateAnswer.goOn` when it
   * does.
   */
  deliver(message: Uint8Array): boolean;
  /** No message follows. */
  end(): void;
}

/** One query that was handed on, as its asker sees it. */
export interface LateAnswer {
  /** The client can take the next message. */
  goOn(): void;
  /** The client has gone: what comes for it is dropped. */
  abandon(): void;
}

export class LateAnswers {
  readonly #outlet: Outlet;
  readonly #port: MessagePort;
  readonly #askers = new Map<number, Asker>();
  /** Askers that have been sent a message, and have not said that they take another. */
  readonly #full = new Set<number>();
  readonly #idle: (() => void)[] = [];
  #lastId = 0;
  readonly deadline: number;

  constructor(outlet: Outlet, { port, deadline }: HandOnTask) {
    this.#outlet = outlet;
    this.#port = port;
    this.deadline = deadline;
    port.on('message', (messages: readonly LateMessage[]) => {
      for (const message of messages) this.#receive(message);
    });
  }

  /** Hands the query on for this asker. Returns undefined when too many are under way. */
  handOn(query: Omit<RingQuery, 'id' | 'envelope'>, asker: Asker): LateAnswer | undefined {
    const id = (this.#lastId + 1) | 0;
    if (!this.#outlet.handOn({ ...query, id })) return undefined;
    this.#lastId = id;
    this.#askers.set(id, asker);
    return { goOn: () => this.#goOn(id), abandon: () => this.#abandon(id) };
  }

  /** Waits until every query has its answer, but not for longer than this. */
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
