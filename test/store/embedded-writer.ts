// The process that embedded.test.ts starts. It writes into a folder until it is killed, or until the disk is full.

import { openEmbeddedStore } from '../../src/store/embedded.ts';
import type { Store } from '../../src/store/store.ts';

const [folder, mode] = process.argv.slice(2);
const store = await openEmbeddedStore({ folder: folder! });
let number = Number(mode ?? 0);
if (mode === 'full') await fillDisk(store);
else await Promise.all(Array.from({ length: 8 }, () => writeForEver(store)));

/**
 * Counts up from the second argument and writes three keys for each number. Prints each number that is acknowledged.
 */
async function writeForEver(store: Store): Promise<void> {
  for (;;) {
    const mine = ++number;
    await store.commit({
      compares: [{ kind: 'absent', key: `n/${mine}/a` }],
      operations: ['a', 'b', 'c'].map((part) => ({ kind: 'put', key: `n/${mine}/${part}`, value: 'x'.repeat(200) })),
    });
    process.stdout.write(`${mine}\n`);
  }
}

/** Writes until a write fails. Prints how many transactions of two keys were acknowledged, and how many can be read. */
async function fillDisk(store: Store): Promise<void> {
  const value = 'x'.repeat(50_000);
  for (let written = 0; ; written++) {
    try {
      const operations = ['a', 'b'].map((part) => ({ kind: 'put' as const, key: `full/${written}/${part}`, value }));
      await store.commit({ compares: [], operations });
    } catch (error) {
      const { entries } = await store.list('full/');
      const name = error instanceof Error ? error.name : String(error);
      process.stdout.write(`${JSON.stringify({ written, error: name, read: entries.length / 2 })}\n`);
      await store.close();
      return;
    }
  }
}
