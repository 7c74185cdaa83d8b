// Real stores with some of their methods replaced.

import type { Store } from '../../src/store/store.ts';

export function changedStore(store: Store, changes: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(changes, property) ?? Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Returns the store, but its watch delivers nothing before `gate` opens. */
export function laggingStore(store: Store, gate: Promise<void>): Store {
  return changedStore(store, {
    async *watch(...watched) {
      for await (const change of store.watch(...watched)) {
        await gate;
        yield change;
      }
    },
  });
}
