// Stored names whose keys of the SkyDNS layout are written in one transaction, as many as there is room for.

import { type Entry, maxOperations } from '../../store/store.ts';

/** The limit for the keys of one transaction. */
export const maxKeys = 100;
/** The limit for the characters of one transaction. It is well below the 1.5 MiB that etcd accepts in one request. */
const maxCharacters = 256 * 1024;

/** A stored name with the values of its keys in the layout. `what`: the owner and type of the value's RRset. */
export interface NameKeys {
  key: string;
  modified: Entry['modified'];
  values: Map<string, { value: string; what: string }>;
}

/** Several names whose keys are written in one transaction. */
export class KeyBatch {
  #names: NameKeys[] = [];
  #keys = 0;
  #characters = 0;

  /** Returns whether the transaction has room for these values, with one more compare for the zone. */
  hasRoom(values: NameKeys['values']): boolean {
    const keys = this.#keys + values.size;
    const fits = keys <= maxKeys && keys + this.#names.length + 1 < maxOperations;
    return fits && this.#characters + charactersOf(values) <= maxCharacters;
  }

  add(name: NameKeys): void {
    if (name.values.size === 0) return;
    this.#names.push(name);
    this.#keys += name.values.size;
    this.#characters += charactersOf(name.values);
  }

  /** Returns the names, and begins the next transaction. */
  take(): NameKeys[] {
    const names = this.#names;
    this.#names = [];
    this.#keys = 0;
    this.#characters = 0;
    return names;
  }
}

function charactersOf(values: NameKeys['values']): number {
  return values.values().reduce((sum, { value }) => sum + value.length, 0);
}
