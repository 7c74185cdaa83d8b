// The open connections over TCP, TLS and HTTPS, least recently active first: how many there may be, and which one goes. One connection: tcp-connection.ts.

import type { Client } from '../respond/client.ts';
import { type CounterCells, counterCell } from './listen-counters.ts';
import type { StreamLimits } from './thread-task.ts';

/** What can be closed to make room. */
export interface Connection {
  readonly client: string;
  /** When it last did something useful, in milliseconds of `performance.now()`. */
  lastActive: number;
  /** It waits for an answer that another thread makes: until then it is not idle. In milliseconds, as `lastActive`; 0: it does not. */
  busyUntil: number;
  /** Lets what was answered go out, then closes. */
  finish(): void;
  /** Closes at once, and leaves nothing of what was answered to the system: who does not read would keep it there for minutes. */
  cut(): void;
}

export class StreamConnections {
  /** In the order of `lastActive`. */
  readonly #open = new Set<Connection>();
  /** They were idle and were told so. Who has not gone before the next sweep does not read. */
  readonly #leaving = new Set<Connection>();
  readonly #perClient = new Map<string, number>();
  readonly #limits: StreamLimits;
  readonly #counters: CounterCells;
  readonly #sweep: NodeJS.Timeout;

  constructor(limits: StreamLimits, counters: CounterCells) {
    this.#limits = limits;
    this.#counters = counters;
    this.#sweep = setInterval(() => this.#closeIdle(), Math.max(20, limits.idleMilliseconds / 10));
  }

  get size(): number {
    return this.#open.size;
  }

  /** Takes one in. At a limit the oldest goes: of the same client if that has too many, so that no client pushes out another. */
  add(connection: Connection): void {
    const ofClient = this.#perClient.get(connection.client) ?? 0;
    if (ofClient >= this.#limits.connectionsPerClient) this.#makeRoom((other) => other.client === connection.client);
    else if (this.#open.size >= this.#limits.connections) this.#makeRoom(() => true);
    this.#perClient.set(connection.client, (this.#perClient.get(connection.client) ?? 0) + 1);
    connection.lastActive = performance.now();
    this.#open.add(connection);
  }

  /** It did something useful. */
  touch(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    connection.lastActive = performance.now();
    this.#open.add(connection);
  }

  delete(connection: Connection): void {
    this.#leaving.delete(connection);
    if (!this.#open.delete(connection)) return;
    const left = (this.#perClient.get(connection.client) ?? 1) - 1;
    if (left > 0) this.#perClient.set(connection.client, left);
    else this.#perClient.delete(connection.client);
  }

  finishAll(): void {
    for (const connection of this.#open) connection.finish();
  }

  cutAll(): void {
    clearInterval(this.#sweep);
    for (const connection of this.#leaving) connection.cut();
    for (const connection of this.#open) connection.cut();
  }

  #makeRoom(eligible: (connection: Connection) => boolean): void {
    for (const connection of this.#open) {
      if (!eligible(connection)) continue;
      this.#counters.add(counterCell.tcpLimitClosed);
      this.delete(connection);
      connection.cut();
      return;
    }
  }

  #closeIdle(): void {
    for (const connection of this.#leaving) connection.cut();
    this.#leaving.clear();
    const now = performance.now();
    const oldest = now - this.#limits.idleMilliseconds;
    for (const connection of this.#open) {
      if (connection.lastActive > oldest) return;
      if (connection.busyUntil > now) continue;
      this.#counters.add(counterCell.tcpIdleClosed);
      this.delete(connection);
      this.#leaving.add(connection);
      connection.finish();
    }
  }
}

/** Who counts as one client: an IPv4 address, or an IPv6 /64, which any single host may have to itself. */
export function clientKey({ address, addressLength }: Client): string {
  return Buffer.from(address.subarray(0, Math.min(addressLength, 8))).toString('hex');
}
