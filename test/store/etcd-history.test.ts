// The check whether etcd still has the same history, without an etcd. etcd.test.ts tests it with a real one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Revision } from '../../src/model/revision.ts';
import { EtcdHistory } from '../../src/store/etcd-history.ts';
import { Compacted, type Entry, type HistoryLost, StoreUnavailable } from '../../src/store/store.ts';

const entry = (key: string, modified: number, value: string): Entry => ({
  key,
  value,
  created: 2 as Revision,
  modified: modified as Revision,
});

const kvOf = ({ key, value, created, modified }: Entry) => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
  create_revision: String(created),
  mod_revision: String(modified),
});

interface Etcd {
  cluster?: string;
  revision: number;
  /** The entry of the key that the check asks for, at the newest revision. */
  now?: Entry;
  /** The same entry at the revision that was read, or the error of this request. */
  before?: Entry | Error;
}

/**
 * Returns the loss that EtcdHistory finds in this etcd, after it read `/a` and a serial at revision 10 and saw revision
 * 12.
 */
function lossOf({ cluster = 'one', revision, now, before }: Etcd): Promise<HistoryLost | undefined> {
  const history = new EtcdHistory('/root/');
  history.note({ cluster_id: 'one', revision: '10' }, [
    entry('/a', 10, 'read'),
    entry('/serial', 10, ''),
    entry('/b', 9, 'older'),
  ]);
  history.note({ cluster_id: 'one', revision: '12' });
  return history.findLoss(async (key, at) => {
    assert.equal(key, '/a');
    const found = at === 0 ? now : before;
    if (found instanceof Error) throw found;
    assert.ok(at === 0 || at === 10);
    return {
      header: { cluster_id: cluster, revision: String(revision) },
      kvs: found === undefined ? [] : [kvOf(found)],
    };
  });
}

test('before anything was read, any etcd is accepted', async () => {
  assert.equal(
    await new EtcdHistory('/root/').findLoss(() => assert.fail('etcd is asked although nothing was read')),
    undefined,
  );
});

test('before any key was read, the check asks for the key of the prefix', async () => {
  const history = new EtcdHistory('/root/');
  history.note({ cluster_id: 'one', revision: '12' });
  const asked: string[] = [];
  const answer = (revision: string) => async (key: string) => {
    asked.push(key);
    return { header: { cluster_id: 'one', revision }, kvs: [] };
  };
  assert.equal(await history.findLoss(answer('12')), undefined);
  assert.match((await history.findLoss(answer('1')))?.message ?? '', /went back/);
  assert.deepEqual(asked, ['/root/', '/root/']);
});

test('an etcd with the same history is accepted, whatever was written since', async () => {
  const read = entry('/a', 10, 'read');
  assert.equal(await lossOf({ revision: 12, now: read }), undefined);
  assert.equal(await lossOf({ revision: 90, now: read, before: new Compacted() }), undefined);
  assert.equal(await lossOf({ revision: 90, now: entry('/a', 80, 'newer'), before: read }), undefined);
  assert.equal(await lossOf({ revision: 90, before: read }), undefined);
});

test('an etcd with another history is found by its cluster, its revision or its data', async () => {
  const read = entry('/a', 10, 'read');
  assert.match((await lossOf({ cluster: 'two', revision: 12, now: read }))?.message ?? '', /another cluster: two/);
  assert.match((await lossOf({ revision: 11, now: read }))?.message ?? '', /went back from 12 to 11/);
  const cases: Etcd[] = [
    { revision: 12, now: entry('/a', 10, 'found'), before: entry('/a', 10, 'found') },
    { revision: 90, now: entry('/a', 80, 'read'), before: entry('/a', 9, 'read') },
    { revision: 90, now: { ...read, created: 3 as Revision }, before: { ...read, created: 3 as Revision } },
    { revision: 90 },
  ];
  for (const etcd of cases) assert.match((await lossOf(etcd))?.message ?? '', /data at revision 10 differs/);
});

test('an etcd that cannot prove its history counts as another etcd', async () => {
  const newer = entry('/a', 80, 'newer');
  const unproven = await lossOf({ revision: 90, now: newer, before: new Compacted() });
  assert.match(unproven?.message ?? '', /^etcd compacted/);
  assert.equal(unproven?.certainty, 'unproven');
});

test('the check of the history rejects if etcd does not answer', async () => {
  const newer = entry('/a', 80, 'newer');
  await assert.rejects(lossOf({ revision: 90, now: newer, before: new StoreUnavailable('away') }), StoreUnavailable);
});
