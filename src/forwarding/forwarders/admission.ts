// Limits the questions under way. Each forwarder and each client may have at most as many questions under way as places
// are still free (dynamic thresholds). So a forwarder with silent servers, or a client that asks too much, leaves room
// for the others.

import { octetText } from './octet-text.ts';

/** The most questions under way. */
const defaultLimit = 4_096;

export class Admission {
  readonly #limit: number;
  readonly #counts = new Map<number | string, number>();
  #total = 0;

  constructor(limit = defaultLimit) {
    this.#limit = limit;
  }

  admits(forwarder: number, client: Uint8Array): boolean {
    const free = this.#limit - this.#total;
    return this.#count(forwarder) < free && this.#count(octetText(client)) < free;
  }

  /** Counts a question until the returned function is called. */
  enter(forwarder: number, client: Uint8Array): () => void {
    const keys = [forwarder, octetText(client)];
    this.#total += 1;
    for (const key of keys) this.#counts.set(key, this.#count(key) + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#total -= 1;
      for (const key of keys) {
        const count = this.#count(key) - 1;
        if (count === 0) this.#counts.delete(key);
        else this.#counts.set(key, count);
      }
    };
  }

  #count(key: number | string): number {
    return this.#counts.get(key) ?? 0;
  }
}
