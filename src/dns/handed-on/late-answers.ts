// The late answers for which an answering thread with an event loop waits. Each late answer has a number, which leads
// to its recipient.

import { handedOnKind } from '../respond/hand-on.ts';
import { type LateMessage, unpackMessages } from './late-messages.ts';
import { type LatePort, openLatePort } from './late-port.ts';
import type { LateReceipt } from './line.ts';
import type { HandOnTask, HandOnTasks, Outlet, Outlets } from './outlet.ts';
import { settle } from './settle.ts';
import type { HandedOnQuery } from './tenant.ts';

/** The recipient of a late answer: a socket with an address, or a connection. */
export interface Recipient {
  /** Sends one message. Returns false if the client does not keep up: call `LateAnswer.goOn` as soon as it does. */
  deliver(message: Uint8Array): boolean;
  /** Runs after the last message. */
  end(): void;
}

/** A late answer that is not complete, as its recipient sees it. */
export interface LateAnswer {
  /** Call this when the client can take the next message. */
  goOn(): void;
  /** Call this when the client has gone: later messages are dropped. */
  abandon(): void;
}

/** The late answers of one taker. */
export class LateAnswers {
  readonly #outlet: Outlet;
  readonly #port: LatePort;
  readonly #recipients = new Map<number, Recipient>();
  /** Recipients whose clients do not keep up. */
  readonly #full = new Set<number>();
  #lastId = 0;
  /** Milliseconds that a tenant may take for each message of its answer. */
  readonly deadline: number;

  constructor(outlet: Outlet, { port, limits }: HandOnTask) {
    this.#outlet = outlet;
    this.deadline = limits.deadline;
    const receive = (packed: unknown) =>
      unpackMessages(packed as Uint8Array<ArrayBuffer>, (message) => this.#receive(message));
    this.#port = openLatePort(port, receive, { background: false });
  }

  /** Hands the query on, with its recipient. Returns undefined if the outlet refuses it. */
  handOn(query: HandedOnQuery, recipient: Recipient): LateAnswer | undefined {
    if (!this.#outlet.admits(query.kind)) return undefined;
    const id = (this.#lastId + 1) | 0;
    if (!this.#outlet.handOn({ ...query, id })) return undefined;
    this.#lastId = id;
    this.#recipients.set(id, recipient);
    return { goOn: () => this.#goOn(id), abandon: () => this.#abandon(id) };
  }

  /** Waits until all queries have their answers, but only for a moment (settle.ts). */
  settle(): Promise<void> {
    return settle(() => this.#recipients.size === 0);
  }

  /** Closes the port, so that the thread can end. */
  close(): void {
    this.#port.close();
  }

  #receive({ id, message, last }: LateMessage): void {
    const recipient = this.#recipients.get(id);
    if (recipient === undefined) {
      if (!last) this.#confirm(id, false);
      return;
    }
    const keepsUp = message === undefined || recipient.deliver(message);
    if (last) {
      this.#recipients.delete(id);
      recipient.end();
    } else if (keepsUp) this.#confirm(id, true);
    else this.#full.add(id);
  }

  #goOn(id: number): void {
    if (this.#full.delete(id)) this.#confirm(id, true);
  }

  #abandon(id: number): void {
    if (this.#full.delete(id)) this.#confirm(id, false);
    this.#recipients.delete(id);
  }

  #confirm(id: number, goesOn: boolean): void {
    this.#port.post({ id, goesOn } satisfies LateReceipt);
  }
}

/** The late answers of both takers. */
export class AllLateAnswers {
  readonly #main: LateAnswers;
  readonly #forwarder: LateAnswers;

  constructor(outlets: Outlets, tasks: HandOnTasks) {
    this.#main = new LateAnswers(outlets.main, tasks.main);
    this.#forwarder = new LateAnswers(outlets.forwarder, tasks.forwarder);
  }

  /** The longest time that a tenant of either taker may take for each message of its answer, in milliseconds. */
  get deadline(): number {
    return Math.max(this.#main.deadline, this.#forwarder.deadline);
  }

  /** Hands the query on, with its recipient. Returns undefined if the outlet refuses it. */
  handOn(query: HandedOnQuery, recipient: Recipient): LateAnswer | undefined {
    const late = query.kind === handedOnKind.forward ? this.#forwarder : this.#main;
    return late.handOn(query, recipient);
  }

  /** Waits until all queries have their answers, but only for a moment (settle.ts). */
  async settle(): Promise<void> {
    await Promise.all([this.#main.settle(), this.#forwarder.settle()]);
  }

  /** Closes both ports, so that the thread can end. */
  close(): void {
    this.#main.close();
    this.#forwarder.close();
  }
}
