// A long list in etcd is read in short ranges, whose ends are guessed. For any keys, the pages have all keys in their
// order, and each page is full.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { keyAhead } from '../../src/store/page-pace.ts';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { listAll, put, write } from './contract.ts';

const parts = fc.constantFrom(
  '0',
  '1',
  '9',
  '99',
  'a',
  'z',
  '~',
  '/',
  '\0',
  '\x7f',
  'ü',
  '\ud7ff',
  '\ue000',
  '\u{10ffff}',
);
const odd = fc.array(parts, { maxLength: 8 }).map((texts) => texts.join(''));
const numbered = fc.integer({ min: 0, max: 5000 }).map((number) => `names/z/1/z.name-${number}`);
const keys = fc.uniqueArray(
  fc.oneof(
    odd.map((text) => `k${text}`),
    numbered,
  ),
  { minLength: 1, maxLength: 300 },
);

test('pages of a list at one revision have all keys in their order', { skip: skipWithoutEtcd() }, async (t) => {
  const etcd = await startEtcd();
  t.after(() => etcd.close());
  let runs = 0;
  const property = fc.asyncProperty(keys, fc.integer({ min: 1, max: 40 }), async (all, limit) => {
    const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: `/run-${++runs}` });
    try {
      for (let start = 0; start < all.length; start += 100)
        await write(store, ...all.slice(start, start + 100).map((key) => put(key)));
      const expected = all.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(
        (await listAll(store, '', limit)).entries.map(({ key }) => key),
        expected,
      );
      let from: string | undefined;
      const { revision: at } = await store.list('', { limit: 1 });
      for (let start = 0; ; start += limit) {
        const page = await store.list('', { at, limit, ...(from !== undefined && { from }) });
        assert.deepEqual(
          page.entries.map(({ key }) => key),
          expected.slice(start, start + limit),
        );
        assert.equal(page.next === undefined, start + limit >= expected.length);
        from = page.next;
        if (from === undefined) break;
      }
    } finally {
      await store.close();
    }
  });
  await fc.assert(property, { numRuns: 60 });
});

test('the guessed end is after the page, and farther for a larger factor', () => {
  const octets = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((array) => Buffer.from(array));
  const property = fc.property(octets, octets, fc.integer({ min: 1, max: 1000 }), (one, two, factor) => {
    const [first, last] = [one, two].sort(Buffer.compare) as [Buffer, Buffer];
    const ahead = keyAhead({ first, last }, factor);
    if (ahead === undefined) return;
    assert.ok(Buffer.compare(ahead, last) > 0);
    const farther = keyAhead({ first, last }, factor * 2);
    assert.ok(farther === undefined || Buffer.compare(farther, ahead) > 0);
  });
  fc.assert(property);
  const page = { first: Buffer.from('name-1000'), last: Buffer.from('name-1249') };
  assert.ok(Buffer.compare(keyAhead(page, 4)!, Buffer.from('name-2')) < 0);
  assert.equal(
    keyAhead({ first: Buffer.from([255]), last: Buffer.from([255, 255, 255, 255, 255, 255, 255]) }, 4),
    undefined,
  );
});
