// Limits the questions under way. A question is let in only if its forwarder and its client each have fewer questions
// under way than there are free places (dynamic thresholds). So a forwarder with silent servers, or a client that asks
// too much, leaves room for the others.

import { readUint32 } from '../../dns/wire/header.ts';
import { octetText } from './octet-text.ts';

/** The most questions under way. */
const defaultLimit = 4_096;

export class Admission {
  readonly #limit: number;
  readonly #ofForwarders = new Map<number, number>();
  readonly #ofClients = new Map<number | string, number>();
  #total = 0;

  constructor(limit = defaultLimit) {
    this.#limit = limit;
  }

  /** Counts a question until the returned function is called. Undefined: there is no room for it. */
  enter(forwarder: number, client: Uint8Array): (() => void) | undefined {
    const key = client.length === 4 ? readUint32(client, 0) : octetText(client);
    const free = this.#limit - this.#total;
    const ofForwarder = this.#ofForwarders.get(forwarder) ?? 0;
    const ofClient = this.#ofClients.get(key) ?? 0;
    if (ofForwarder >= free || ofClient >= free) return undefined;
    this.#total += 1;
    this.#ofForwarders.set(forwarder, ofForwarder + 1);
    this.#ofClients.set(key, ofClient + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#total -= 1;
      leave(this.#ofForwarders, forwarder);
      leave(this.#ofClients, key);
    };
  }
}

function leave<K>(counts: Map<K, number>, key: K): void {
  const count = (counts.get(key) ?? 0) - 1;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
