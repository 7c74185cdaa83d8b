// The late answers for which one stream connection waits. A connection that waits does not count as idle.

import type { AllLateAnswers, LateAnswer, Recipient } from '../handed-on/late-answers.ts';
import type { HandedOnQuery } from '../handed-on/tenant.ts';
import type { Connection, StreamConnections } from './stream-connections.ts';

/** Milliseconds by which a late answer may miss its deadline: the thread that makes it may be busy. */
const grace = 1_000;

export class ConnectionLateAnswers {
  readonly #connection: Connection;
  readonly #connections: StreamConnections;
  readonly #late: AllLateAnswers;
  readonly #answers = new Set<LateAnswer>();

  constructor(connection: Connection, connections: StreamConnections, late: AllLateAnswers) {
    this.#connection = connection;
    this.#connections = connections;
    this.#late = late;
  }

  get isEmpty(): boolean {
    return this.#answers.size === 0;
  }

  /**
   * Hands the query on. Returns false if the outlet refuses the query. The late answer leaves this set before
   * `recipient.end` is called.
   */
  handOn(query: HandedOnQuery, recipient: Recipient): boolean {
    const answer = this.#late.handOn(query, {
      deliver: (message) => {
        const keepsUp = recipient.deliver(message);
        // A client that does not read counts as idle, even while it waits for a late answer.
        this.#connection.busyUntil = keepsUp ? this.#deadline() : 0;
        if (keepsUp) this.#connections.touch(this.#connection);
        return keepsUp;
      },
      end: () => {
        if (answer !== undefined) this.#answers.delete(answer);
        if (this.isEmpty) this.#connection.busyUntil = 0;
        recipient.end();
      },
    });
    if (answer === undefined) return false;
    this.#answers.add(answer);
    this.#connection.busyUntil = this.#deadline();
    return true;
  }

  /** Asks for the next messages: the client reads again. */
  goOn(): void {
    if (this.isEmpty) return;
    this.#connection.busyUntil = this.#deadline();
    for (const answer of this.#answers) answer.goOn();
  }

  /** Drops all late answers: the connection is closed. */
  abandon(): void {
    for (const answer of this.#answers) answer.abandon();
    this.#answers.clear();
  }

  #deadline(): number {
    return performance.now() + this.#late.deadline + grace;
  }
}
