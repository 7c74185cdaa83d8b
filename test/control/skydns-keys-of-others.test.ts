// A write changes no key of others in the SkyDNS layout, also if this replica does not know of the key: the compares of
// the transaction prove that the key is absent or has our value. skydns-histories.test.ts tests the work of the leader.
// Cited by src/control/transaction/skydns-changes.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { decideChangeRrsets } from '../../src/control/zones/change-rrsets.ts';
import { Refusal } from '../../src/errors.ts';
import { parseName } from '../../src/model/name.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';
import { skydnsKey } from '../../src/model/skydns/key.ts';
import { isOwnValue } from '../../src/model/skydns/service.ts';
import type { Operation } from '../../src/store/store.ts';
import { type ControlPlane, embeddedStore, openReplica, putZone, testActor } from '../support/control-plane.ts';
import type { Cleanup } from '../support/temporary.ts';
import { putRrset, z } from './steps.ts';

const prefix = '/skydns';
const theirs = '{"host":"10.0.0.99"}';
const cname = (target: string) => putRrset('z', 'a.z', 'CNAME', target);
const address = (ttl = 60): Decide<unknown> => {
  const type = parseRecordType('A');
  const change = { owner: parseName('w.z'), type, rrset: { type, ttl, records: ['10.0.0.1'] }, path: '' };
  return (context) => decideChangeRrsets(context, { zone: z, changes: [change], zonePrecondition: {} });
};

async function start(test: Cleanup): Promise<ControlPlane> {
  const replica = await openReplica(test, await embeddedStore(test), undefined, undefined, prefix);
  await replica.commit(putZone(z, { skydns: true }));
  return replica;
}

/** Writes a key as others do: without a compare, and without a change that the views follow. */
async function write({ store }: ControlPlane, key: string, value: string | undefined): Promise<void> {
  const operation: Operation = value === undefined ? { kind: 'delete', key } : { kind: 'put', key, value };
  await store.commit({ compares: [], operations: [operation] });
}

async function valueAt({ store }: ControlPlane, key: string): Promise<string | undefined> {
  return (await store.get(key))?.value;
}

/** Returns the only key of ours below the name. */
async function ownKeyBelow({ store }: ControlPlane, name: string): Promise<string> {
  const { entries } = await store.list(`${skydnsKey(prefix, parseName(name))}/`);
  const [own, ...more] = entries.filter(({ value }) => isOwnValue(value));
  assert.ok(own !== undefined && more.length === 0);
  return own.key;
}

async function assertUnfit(replica: ControlPlane, decide: Decide<unknown>, key: string): Promise<void> {
  const refusal = await replica.attempt(decide);
  assert.ok(refusal instanceof Refusal, 'the decision is not refused');
  assert.equal(refusal.code, 'skydns_unfit');
  assert.ok(refusal.message.includes(`others have a value at the key ${key} `), refusal.message);
  assert.equal(await valueAt(replica, key), theirs);
}

test('a new record is refused if others have a value at its key', async (t) => {
  const replica = await start(t);
  await write(replica, '/skydns/z/a', theirs);
  await assertUnfit(replica, cname('x.z.'), '/skydns/z/a');
  await write(replica, '/skydns/z/a', undefined);
  await replica.commit(cname('x.z.'));
  assert.match((await valueAt(replica, '/skydns/z/a')) ?? '', /x\.z.*zonewright/);
});

test('a key of ours that others have written over is not changed, at the exact name and below it', async (t) => {
  const replica = await start(t);
  await replica.commit(cname('x.z.'));
  await replica.commit(address());
  const below = await ownKeyBelow(replica, 'w.z');
  for (const key of ['/skydns/z/a', below]) await write(replica, key, theirs);
  await assertUnfit(replica, cname('y.z.'), '/skydns/z/a');
  await assertUnfit(replica, address(30), below);
  for (const [owner, type, key] of [
    ['a.z', 'CNAME', '/skydns/z/a'],
    ['w.z', 'A', below],
  ] as const) {
    await replica.commit(putRrset('z', owner, type));
    assert.equal(await valueAt(replica, key), theirs);
    assert.deepEqual(replica.views.zones.name(z, parseName(owner)).rrsets, []);
  }
});

test('a key of ours that others have deleted, or that has an older value of ours, is written by the next change', async (t) => {
  const replica = await start(t);
  await replica.commit(address());
  const key = await ownKeyBelow(replica, 'w.z');
  const old = (await valueAt(replica, key)) ?? '';
  for (const standing of [undefined, old.replace('"ttl":60', '"ttl":77')]) {
    await write(replica, key, standing);
    await replica.commit(address(30));
    assert.equal(await valueAt(replica, key), old.replace('"ttl":60', '"ttl":30'));
    await write(replica, key, standing);
    await replica.commit(putRrset('z', 'w.z', 'A'));
    assert.equal(await valueAt(replica, key), undefined);
    await replica.commit(address());
  }
});

test('a refused request does not affect those that share its transaction, and an Idempotency-Key changes nothing of this', async (t) => {
  const replica = await start(t);
  await write(replica, '/skydns/z/a', theirs);
  const others = ['b', 'c', 'd'].map((label) => replica.commit(putRrset('z', `${label}.z`, 'CNAME', 'x.z.')));
  await Promise.all([...others, assertUnfit(replica, cname('x.z.'), '/skydns/z/a')]);
  const identity = (key: string) => ({ key, method: 'PUT', path: '/', body: {} });
  const refused = replica.once.commit(testActor, identity('1'), cname('x.z.'));
  await assert.rejects(refused, { code: 'skydns_unfit' });
  await write(replica, '/skydns/z/b', undefined);
  await replica.once.commit(testActor, identity('2'), putRrset('z', 'b.z', 'CNAME', 'y.z.'));
  assert.match((await valueAt(replica, '/skydns/z/b')) ?? '', /y\.z/);
});
