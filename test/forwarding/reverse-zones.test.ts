// The reverse zones that resolvers forward with a zone, after pools were merged and split.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { reverseZoneFinder } from '../../src/forwarding/reverse-zones.ts';
import { parseName } from '../../src/model/name.ts';
import { createHost, mergePool, putPool, splitPool, z, zone } from '../control/steps.ts';
import { embeddedStore, openReplica, putZone, testActor } from '../support/control-plane.ts';

const nameservers = [parseName('ns.example')];
const [first, second] = ['0.0.10.in-addr.arpa', '1.0.10.in-addr.arpa'];
/** The pool has two reverse zones; a host of `z` has its PTR in the first. */
const given = [
  zone,
  putZone(parseName('y'), { nameservers }),
  putPool('p', ['10.0.0.0/23']),
  createHost('a.z', '10.0.0.1', { ptr: true }),
  createHost('b.y', '10.0.1.1', { ptr: true }),
];

async function reverseZonesAfter(t: TestContext, steps: Decide<unknown>[]): Promise<string[]> {
  const { commit, views } = await openReplica(t, await embeddedStore(t));
  for (const step of steps) await commit(step);
  return reverseZoneFinder({ views, actor: testActor })(z);
}

test('the automatic reverse zones of a pool with a host of the zone count', async (t) => {
  assert.deepEqual(await reverseZonesAfter(t, given), [first, second]);
});

test('they count still after the pool was merged into another one', async (t) => {
  const merged = [...given, putPool('q', ['10.1.0.0/24']), mergePool('q', 'p')];
  assert.deepEqual(await reverseZonesAfter(t, merged), [first, second]);
});

test('they cease to count when a split leaves no host of the zone in their pool', async (t) => {
  assert.deepEqual(await reverseZonesAfter(t, [...given, splitPool('p', 's', '10.0.0.0/24')]), [first]);
  assert.deepEqual(await reverseZonesAfter(t, [...given, splitPool('p', 's', '10.0.1.0/24')]), [first]);
});

test('a pool without reverse names leads to no reverse zone', async (t) => {
  const own = putPool('p', ['10.2.0.0/24'], { reverse: false });
  const reverse = putZone(parseName('0.2.10.in-addr.arpa'), { nameservers });
  const alone = [zone, own, reverse, createHost('a.z', '10.2.0.1', { ptr: true })];
  assert.deepEqual(await reverseZonesAfter(t, alone), []);
});
