// The open connections over TCP, TLS and HTTPS, the least recently active one first. Limits their number, and closes
// idle ones. One connection: tcp-connection.ts, https-connection.ts.

import type { Client } from '../respond/client.ts';
import type { StreamLimits } from './dns-limits.ts';
import { type CounterCells, counterCell } from './listen-counters.ts';

/** A connection that can be closed to make room. */
export interface Connection {
  readonly client: string;
  /** When the connection last finished a query or took answers, in milliseconds of `performance.now()`. */
  lastActive: number;
  /**
   * While the connection waits for a late answer, it is not idle before this time, in the unit of `lastActive`. 0 if it
   * does not wait.
   */
  busyUntil: number;
  /** Sends all answers, including late ones, then closes. */
  finish(): void;
  /** Closes at once. Unsent answers are dropped: the system would keep them for minutes if the client does not read. */
  cut(): void;
}

export class StreamConnections {
  /** The connections in the order of `lastActive`. */
  readonly #open = new Set<Connection>();
  /**
   * Idle connections that were told to finish. Those that are still open at the next sweep are cut, since their clients
   * do not read.
   */
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

  /**
   * Adds a connection. At the limit of its client, cuts the client's least recently active connection. Otherwise, at
   * the limit of all clients together, cuts the least recently active connection of all.
   */
  add(connection: Connection): void {
    const ofClient = this.#perClient.get(connection.client) ?? 0;
    if (ofClient >= this.#limits.connectionsPerClient) this.#makeRoom((other) => other.client === connection.client);
    else if (this.#open.size >= this.#limits.connections) this.#makeRoom(() => true);
    this.#perClient.set(connection.client, (this.#perClient.get(connection.client) ?? 0) + 1);
    connection.lastActive = performance.now();
    this.#open.add(connection);
  }

  /** Notes that the connection is active now. */
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

/** Returns the key of a client: its IPv4 address, or its IPv6 /64, since one host may use a whole /64. */
export function clientKey({ address, addressLength }: Client): string {
  return Buffer.from(address.subarray(0, Math.min(addressLength, 8))).toString('hex');
}
