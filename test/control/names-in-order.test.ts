// The names of a zone are listed in canonical order, each once, although the store has their keys in another order.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { namesInOrder } from '../../src/control/zone-file/names-in-order.ts';
import { type Fqdn, labelsOf, parseName } from '../../src/model/name.ts';
import { nameKey, namesPrefix } from '../../src/store/kinds/name.ts';
import { maxOperations, type Store } from '../../src/store/store.ts';
import { embeddedStore } from '../support/control-plane.ts';

const zone = parseName('my-zone.k8s');

/**
 * Compares names in canonical order (RFC 4034 §6.1): labels as octets, from the last label on. A parent comes before
 * its children.
 */
function canonical(a: Fqdn, b: Fqdn): number {
  const [one, two] = [labelsOf(a).reverse(), labelsOf(b).reverse()];
  for (let i = 0; i < Math.max(one.length, two.length); i += 1) {
    const order = Buffer.compare(Buffer.from(one[i] ?? ''), Buffer.from(two[i] ?? ''));
    if (order !== 0) return order;
  }
  return 0;
}

/** Returns the store with pages of `limit` entries, so that a list of names has many pages. */
function withPages(store: Store, limit: number): Store {
  const list: Store['list'] = (prefix, options) => store.list(prefix, { ...options, limit });
  return { list } as Store;
}

test('names with hyphens and asterisks, and names below them, are listed in canonical order', async (t) => {
  const store = await embeddedStore(t);
  const label = fc.constantFrom('a', 'a-', 'a-b', 'a-b-c', 'a--', 'ab', 'a*', '*', '-', '_a', '0', 'b', 'b-1', 'b-10');
  const names = fc.uniqueArray(
    fc.array(label, { maxLength: 4 }).map((labels) => parseName([...labels, zone].join('.'))),
    {
      minLength: 1,
      maxLength: 60,
    },
  );
  let generation = 0;
  const property = fc.asyncProperty(names, fc.integer({ min: 1, max: 7 }), async (owners, limit) => {
    generation += 1;
    const operations = owners.map((owner) => ({
      kind: 'put' as const,
      key: nameKey(zone, generation, owner),
      value: owner,
    }));
    assert.ok(operations.length <= maxOperations);
    const { revision } = await store.commit({ compares: [], operations });
    const found: string[] = [];
    for await (const { value } of namesInOrder(withPages(store, limit), namesPrefix(zone, generation), revision))
      found.push(value);
    assert.deepEqual(found, owners.toSorted(canonical));
  });
  await fc.assert(property, { numRuns: 150 });
});
