// One pool: its counts and candidates while addresses are held, released, cooling down and free again.
// pool-view.test.ts compares random histories, also of records and of several pools, with plain maps.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Address, parseAddress } from '../../src/model/address.ts';
import type { AddressRecord } from '../../src/model/allocation.ts';
import { type Pool, poolDefaults } from '../../src/model/pool.ts';
import type { Revision } from '../../src/model/revision.ts';
import { PoolState } from '../../src/views/pool-state.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const time = (seconds: number) => new Date(start + seconds * 1000).toISOString();

const stateOf = (more: Partial<Pool>) =>
  new PoolState({ id: 'p', name: 'p', ranges: ['192.0.2.0-192.0.2.3'], ...poolDefaults, ...more }, 1 as Revision);
const held = (last: number): AddressRecord => ({
  address: parseAddress(`192.0.2.${last}`),
  space: 'default',
  givenBy: 'p',
  state: 'held',
  holders: [],
  since: time(0),
});
const released = (last: number, since: number, freeAt?: number): AddressRecord => ({
  ...held(last),
  state: 'released',
  since: time(since),
  ...(freeAt !== undefined && { freeAt: time(freeAt) }),
});
const candidates = (state: PoolState, seconds: number): Address[] => [
  ...state.candidates('ipv4', start + seconds * 1000, () => 0),
];
const counts = (state: PoolState, seconds: number) => {
  const { capacity, used, coolingDown, free } = state.usage(start + seconds * 1000).ipv4;
  return [capacity, used, coolingDown, free].map(Number);
};

test('counts and candidates follow an address that is free, held, cooling down, and free again', () => {
  const state = stateOf({ coolDownSeconds: 10 });
  assert.deepEqual(counts(state, 0), [4, 0, 0, 4]);
  state.add(held(0));
  assert.deepEqual(counts(state, 0), [4, 1, 0, 3]);
  assert.deepEqual(candidates(state, 0), ['192.0.2.1', '192.0.2.2', '192.0.2.3']);
  state.delete(held(0));
  state.add(released(0, 5, 15));
  assert.deepEqual(counts(state, 14), [4, 0, 1, 3]);
  assert.equal(state.nextCoolDownEnd(start + 14_000), start + 15_000);
  assert.deepEqual(counts(state, 15), [4, 0, 0, 4]);
  assert.equal(state.nextCoolDownEnd(start + 15_000), undefined);
  assert.equal(candidates(state, 15)[0], '192.0.2.0');
  state.delete(released(0, 5, 15));
  assert.deepEqual(counts(state, 15), [4, 0, 0, 4], 'an address that has cooled down is subtracted twice');
});

test('least recently used: unused addresses come first, then those released first, and none that still cools down', () => {
  const state = stateOf({ strategy: 'least-recently-used', coolDownSeconds: 10 });
  state.add(released(0, 8));
  state.add(released(1, 3, 13));
  state.add(released(2, 1));
  assert.deepEqual(candidates(state, 12), ['192.0.2.3', '192.0.2.2', '192.0.2.0']);
  // The order is by the time of the release, not by the end of the cool-down.
  assert.deepEqual(candidates(state, 13), ['192.0.2.3', '192.0.2.2', '192.0.2.1', '192.0.2.0']);
});

test('an excluded address that is held counts as used, and does not reduce the count of free addresses', () => {
  const state = stateOf({ exclude: ['192.0.2.3'], coolDownSeconds: 10 });
  const [capacity = 0] = counts(state, 0);
  state.add(held(3));
  assert.deepEqual(counts(state, 0), [capacity, 1, 0, capacity]);
  state.delete(held(3));
  state.add(released(3, 0, 10));
  assert.deepEqual(counts(state, 1), [capacity, 0, 0, capacity]);
  assert.deepEqual(candidates(state, 20), ['192.0.2.0', '192.0.2.1', '192.0.2.2']);
});
