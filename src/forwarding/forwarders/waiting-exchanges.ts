// The exchanges of one socket that wait for an answer, by their queries' ids. Ids are random (RFC 5452 §9.2).

import { headerField, readUint16, writeUint16 } from '../../dns/wire/header.ts';
import type { Exchange, ExchangeFailure } from './exchange.ts';
import { randomOctet } from './random-octets.ts';

export class WaitingExchanges {
  readonly #byId = new Map<number, Exchange>();
  readonly #onForgotten: () => void;

  constructor(onForgotten = () => {}) {
    this.#onForgotten = onForgotten;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Adds an exchange, and writes a random id into its query that no other waiting query has. */
  add(exchange: Exchange): void {
    let id = 0;
    do id = (randomOctet() << 8) | randomOctet();
    while (this.#byId.has(id));
    writeUint16(exchange.query, headerField.id, id);
    this.#byId.set(id, exchange);
    exchange.forget = () => {
      if (this.#byId.get(id) === exchange) this.#byId.delete(id);
      this.#onForgotten();
    };
  }

  find(message: Uint8Array): Exchange | undefined {
    return message.length < 2 ? undefined : this.#byId.get(readUint16(message, headerField.id));
  }

  failAll(why: ExchangeFailure, detail?: string): void {
    const waiting = [...this.#byId.values()];
    this.#byId.clear();
    for (const exchange of waiting) exchange.fail(why, detail);
  }
}
