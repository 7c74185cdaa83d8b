// Many values of others are not served: all are counted, some are named, and some are logged, each of them once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSkydns } from '../../src/interop/skydns/skydns.ts';
import { parseName } from '../../src/model/name.ts';
import { embeddedStore, openReplica, putZone } from '../support/control-plane.ts';
import { until } from '../support/until.ts';

test('of 150 values that are not served, 100 are logged once, and not again when the zone is computed again', async (t) => {
  const zone = parseName('z');
  const replica = await openReplica(t, await embeddedStore(t), undefined, undefined, '/skydns');
  await replica.commit(putZone(zone, { skydns: true }));
  const logged: string[] = [];
  const warn = (fields: unknown) => {
    if (typeof fields === 'object' && fields !== null && 'key' in fields) logged.push(String(fields.key));
  };
  const logger = { debug: () => {}, info: () => {}, warn, error: () => {} };
  const put = (count: number, valueAt: (index: number) => [path: string, value: string]) => {
    const values = Array.from({ length: count }, (_, index) => valueAt(index));
    const operations = values.map(([path, value]) => ({ kind: 'put' as const, key: `/skydns/z/${path}`, value }));
    return replica.store.commit({ compares: [], operations });
  };
  const noted = () => replica.views.skydns.states.get(zone)?.notServed;
  // Half of them cannot be read. The others are CNAME records of one name, of which one is served.
  const unreadable = () => put(75, (index) => [`n${index}`, '{']);
  await unreadable();
  await put(76, (index) => [`c/${index}`, `{"host":"x${index}.z","targetstrip":1}`]);
  t.after(startSkydns({ ...replica, logger, prefix: '/skydns' }, 'test'));
  const untilNoted = (count: number) => until(() => noted()?.count === count, `${count} are not noted`, 10_000);
  await untilNoted(150);
  const first = noted()?.first.map(({ what }) => what);
  assert.equal(first?.length, 20);
  assert.deepEqual(first.slice(0, 3), ['/skydns/z/c/1', '/skydns/z/c/10', '/skydns/z/c/11']);
  await unreadable();
  await put(5, (index) => [`late${index}`, '[]']);
  await untilNoted(155);
  assert.equal(logged.length, 100);
  assert.equal(new Set(logged).size, 100);
  await put(2, (index) => [`n${index}`, '{"host":"10.0.0.1"}']);
  await untilNoted(153);
});
