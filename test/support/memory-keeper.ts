// An ObjectKeeper in memory, with one pool: for tests of the controller alone, beside a real API server. It keeps the
// addresses that objects have, as the decisions of control/kubernetes do, and nothing else.

import type { ObjectFault } from '../../src/control/kubernetes/wanted-object.ts';
import type { KeptObject, ObjectKeeper } from '../../src/interop/kubernetes/object-keeper.ts';
import type { Address } from '../../src/model/address.ts';
import { formatObject } from '../../src/model/kubernetes-object.ts';

export interface MemoryKeeper extends ObjectKeeper {
  /** How often an object was given something. */
  readonly puts: number;
  /** Makes the pool longer or shorter. */
  resize(pool: readonly string[]): void;
  /** Makes the next calls of `put` fail. */
  failNext(times: number): void;
  /** Returns who has each address. */
  held(): Record<string, string>;
}

export function memoryKeeper(pool: readonly string[]): MemoryKeeper {
  let addresses = [...pool] as Address[];
  const kept = new Map<string, KeptObject>();
  const listeners = new Set<() => void>();
  let puts = 0;
  let failures = 0;
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const holders = () => new Map([...kept].flatMap(([text, one]) => one.addresses.map((address) => [address, text])));
  return {
    get puts() {
      return puts;
    },
    resize: (next) => {
      addresses = [...next] as Address[];
      tell();
    },
    failNext: (times) => {
      failures = times;
    },
    held: () => Object.fromEntries([...holders()].sort()),
    put: async ({ object, names, addresses: wanted }) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (failures > 0) {
        failures -= 1;
        throw new Error('the store is away');
      }
      puts += 1;
      const text = formatObject(object);
      const has = kept.get(text)?.addresses ?? [];
      const taken = holders();
      const isFree = (address: Address) => (taken.get(address) ?? text) === text;
      const faults: ObjectFault[] = [];
      let next: Address[] = [];
      if (wanted !== undefined) {
        const asked = wanted.requested.length > 0 ? wanted.requested : [...has, ...wanted.current, ...addresses];
        const found = asked.find((address) => addresses.includes(address) && isFree(address));
        if (found === undefined)
          faults.push({
            what: 'address',
            code: 'pool_exhausted',
            message: `the pool has ${addresses.length} addresses`,
          });
        else next = [found];
      }
      const isSame = String(has) === String(next);
      kept.set(text, { object, addresses: next, hasNames: names.length > 0 });
      if (!isSame) tell();
      return { addresses: next, names: names.map(({ name }) => name), faults };
    },
    delete: async (object) => {
      if (kept.delete(formatObject(object))) tell();
    },
    get: (object) => kept.get(formatObject(object)),
    list: () => kept.values(),
    settings: () => '',
    watch: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
