// The exchanges of one socket that wait for an answer, by their queries' ids. Ids are random (RFC 5452 §9.2).

import { headerField, readUint16, writeUint16 } from '../../dns/wire/header.ts';
import type { Exchange, ExchangeFailure } from './exchange.ts';
import { randomOctet } from './random-octets.ts';

/** A power of two. A port has a few exchanges in each bucket at most (datagram-ports.ts). */
const bucketCount = 32;

/** Not a Map: linked-list.ts says why. */
export class WaitingExchanges {
  readonly #buckets: (Exchange | undefined)[] = new Array(bucketCount).fill(undefined);
  readonly #onForgotten: () => void;
  size = 0;

  constructor(onForgotten = () => {}) {
    this.#onForgotten = onForgotten;
  }

  /** Adds an exchange, and writes a random id into its query that no other waiting query has. */
  add(exchange: Exchange): void {
    let id = 0;
    do id = (randomOctet() << 8) | randomOctet();
    while (this.#find(id) !== undefined);
    writeUint16(exchange.query, headerField.id, id);
    const bucket = id % bucketCount;
    exchange.id = id;
    exchange.nextWaiting = this.#buckets[bucket];
    exchange.waiting = this;
    this.#buckets[bucket] = exchange;
    this.size += 1;
  }

  find(message: Uint8Array): Exchange | undefined {
    return message.length < 2 ? undefined : this.#find(readUint16(message, headerField.id));
  }

  /** Removes the exchange. A message with its id then belongs to no query. */
  forget(exchange: Exchange): void {
    const bucket = exchange.id % bucketCount;
    let before: Exchange | undefined;
    for (let one = this.#buckets[bucket]; one !== exchange; one = one.nextWaiting) {
      if (one === undefined) return;
      before = one;
    }
    if (before === undefined) this.#buckets[bucket] = exchange.nextWaiting;
    else before.nextWaiting = exchange.nextWaiting;
    exchange.nextWaiting = undefined;
    exchange.waiting = undefined;
    this.size -= 1;
    this.#onForgotten();
  }

  failAll(why: ExchangeFailure, detail?: string): void {
    const all: Exchange[] = [];
    for (const first of this.#buckets) for (let one = first; one !== undefined; one = one.nextWaiting) all.push(one);
    for (const exchange of all) this.forget(exchange);
    for (const exchange of all) exchange.fail(why, detail);
  }

  #find(id: number): Exchange | undefined {
    let exchange = this.#buckets[id % bucketCount];
    while (exchange !== undefined && exchange.id !== id) exchange = exchange.nextWaiting;
    return exchange;
  }
}
