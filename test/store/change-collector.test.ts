// Watch responses of etcd are collected into the same changes, wherever they are cut into fragments.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { ChangeCollector, type WatchMessage } from '../../src/store/change-collector.ts';
import { Compacted } from '../../src/store/store.ts';

const event = (revision: number, key: string): WatchMessage['events'][number] => ({
  type: key.startsWith('-') ? 'Delete' : 'Put',
  kv: {
    key: Buffer.from(`/root/${key.replace('-', '')}`),
    value: Buffer.from('v'),
    create_revision: '1',
    mod_revision: String(revision),
  },
});

it('a response that is cut into fragments at any place is collected into one whole change for each revision', () => {
  const events = [event(5, 'a'), event(5, '-b'), event(7, 'a'), event(8, 'a'), event(8, 'b'), event(8, 'c')];
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), (cuts) => {
      const messages: WatchMessage[] = [{ events: [], fragment: false }];
      events.forEach((each, index) => {
        messages.at(-1)!.events.push(each);
        if (!cuts[index]) return;
        messages.at(-1)!.fragment = true;
        messages.push({ events: [], fragment: false });
      });
      const collector = new ChangeCollector((full) => full.slice('/root/'.length));
      const changes = messages.flatMap((message) => collector.collect(message));
      assert.deepEqual(
        changes.map(({ revision, events }) => [revision, events.length]),
        [
          [5, 2],
          [7, 1],
          [8, 3],
        ],
      );
      assert.deepEqual(changes[0]?.events[1], { kind: 'delete', key: 'b' });
    }),
  );
});

it('if etcd no longer has the value before a change, it was compacted, unless the change created the key', () => {
  const collector = () => new ChangeCollector((full) => full.slice('/root/'.length), { previous: true });
  const kv = (create: number) => ({ ...event(5, 'a').kv, create_revision: String(create) });
  const collect = (one: WatchMessage['events'][number]) => collector().collect({ events: [one] })[0]?.events[0];
  assert.deepEqual(collect({ type: 'Put', kv: kv(5), prev_kv: null }), {
    kind: 'put',
    entry: { key: 'a', value: 'v', created: 5, modified: 5 },
  });
  const before = { ...kv(2), mod_revision: '3' };
  const previous = { key: 'a', value: 'v', created: 2, modified: 3 };
  assert.deepEqual(collect({ type: 'Delete', kv: kv(0), prev_kv: before }), { kind: 'delete', key: 'a', previous });
  assert.throws(() => collect({ type: 'Put', kv: kv(2), prev_kv: null }), Compacted);
  assert.throws(() => collect({ type: 'Delete', kv: kv(0), prev_kv: null }), Compacted);
});
