// The answers that one stream connection waits for: it handed the queries on, and may not be closed as idle meanwhile.

import type { Asker, LateAnswer, LateAnswers } from '../handed-on/late-answers.ts';
import type { RingQuery } from '../handed-on/query-ring.ts';
import type { Connection, StreamConnections } from './stream-connections.ts';

/** How much later than its deadline an answer may come, in milliseconds: the thread that makes it may be busy. */
const grace = 1_000;

export class PendingAnswers {
  readonly #connection: Connection;
  readonly #connections: StreamConnections;
  readonly #late: LateAnswers;
  readonly #pending = new Set<LateAnswer>();

  constructor(connection: Connection, connections: StreamConnections, late: LateAnswers) {
    this.#connection = connection;
    this.#connections = connections;
    this.#late = late;
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  /** Hands the query on; false when too many are under way. `asker.end` runs after the query has left the list. */
  handOn(query: Omit<RingQuery, 'id' | 'envelope'>, asker: Asker): boolean {
    const answer = this.#late.handOn(query, {
      deliver: (message) => {
        const keepsUp = asker.deliver(message);
        // A client that does not read is idle, whatever it waits for.
        this.#connection.busyUntil = keepsUp ? this.#deadline() : 0;
        if (keepsUp) this.#connections.touch(this.#connection);
        return keepsUp;
      },
      end: () => {
        if (answer !== undefined) this.#pending.delete(answer);
        if (this.isEmpty) this.#connection.busyUntil = 0;
        asker.end();
      },
    });
    if (answer === undefined) return false;
    this.#pending.add(answer);
    this.#connection.busyUntil = this.#deadline();
    return true;
  }

  /** The client reads again. */
  goOn(): void {
    if (this.isEmpty) return;
    this.#connection.busyUntil = this.#deadline();
    for (const answer of this.#pending) answer.goOn();
  }

  /** The connection is gone. */
  abandon(): void {
    for (const answer of this.#pending) answer.abandon();
    this.#pending.clear();
  }

  #deadline(): number {
    return performance.now() + this.#late.deadline + grace;
  }
}
