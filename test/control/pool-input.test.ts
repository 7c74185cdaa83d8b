// The parsers of requests about pools, allocations and addresses.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AllocationInput,
  parseAllocationInput,
  parseReleaseInput,
} from '../../src/control/allocations/allocation-input.ts';
import { type PoolInput, parsePoolInput, parsePoolPatch } from '../../src/control/pools/pool-input.ts';
import type { Holder } from '../../src/model/allocation.ts';
import { maxTags, poolDefaults } from '../../src/model/pool.ts';
import { faultPaths } from './fault-paths.ts';

const manyTags = Object.fromEntries(Array.from({ length: maxTags + 1 }, (_, index) => [`t${index}`, '']));

const refusedPools: [string, PoolInput, string][] = [
  ['no range', {}, '/ranges'],
  ['an empty list of ranges', { ranges: [] }, '/ranges'],
  ['a range from high to low', { ranges: ['192.0.2.1', '192.0.2.9-192.0.2.2'] }, '/ranges/1'],
  ['an invalid exclusion', { ranges: ['192.0.2.0/24'], exclude: ['192.0.2'] }, '/exclude/0'],
  ['too many tags', { ranges: ['192.0.2.0/24'], tags: manyTags }, '/tags'],
];

for (const [what, input, path] of refusedPools) {
  test(`a pool's input is refused at ${path}: ${what}`, () => {
    assert.deepEqual(
      faultPaths(() => parsePoolInput('p', input)),
      ['invalid_request', path],
    );
  });
}

test('a pool gets its defaults, and its ranges in canonical form', () => {
  assert.deepEqual(parsePoolInput('p', { ranges: ['2001:DB8::/120'], exclude: ['2001:db8:0::1'], priority: 3 }), {
    ...poolDefaults,
    id: 'p',
    name: 'p',
    ranges: ['2001:db8::/120'],
    exclude: ['2001:db8::1'],
    priority: 3,
  });
});

test('a patch of a pool changes only the fields that it contains, and null restores the default', () => {
  const current = parsePoolInput('p', { ranges: ['192.0.2.0/24'], priority: 3, tags: { room: '1', rack: '2' } });
  assert.deepEqual(parsePoolPatch(current, { priority: null, drain: true, tags: { room: null } }), {
    ...current,
    priority: 0,
    drain: true,
    tags: { rack: '2' },
  });
  assert.deepEqual(
    faultPaths(() => parsePoolPatch(current, { ranges: null })),
    ['invalid_request', '/ranges'],
  );
});

/** Returns a function that makes `id-1`, `id-2` … */
function counter(): () => string {
  let made = 0;
  return () => `id-${++made}`;
}

const refusedAllocations: [string, AllocationInput, string][] = [
  ['an invalid address', { addresses: ['192.0.2.1', '192.0.2'] }, '/addresses/1'],
  ['an address twice', { addresses: ['2001:db8::1', '2001:DB8:0::1'] }, '/addresses/1'],
  ['a count that is not the number of addresses', { addresses: ['192.0.2.1'], count: 2 }, '/count'],
  [
    'a family that is not that of every address',
    { addresses: ['2001:db8::1', '192.0.2.1'], family: 'ipv6' },
    '/family',
  ],
];

for (const [what, input, path] of refusedAllocations) {
  test(`an allocation's input is refused at ${path}: ${what}`, () => {
    assert.deepEqual(
      faultPaths(() => parseAllocationInput('p', input, counter())),
      ['invalid_request', path],
    );
  });
}

test('an allocation has one identifier for each address', () => {
  assert.deepEqual(parseAllocationInput('p', {}, counter()), { pool: 'p', owner: '', count: 1, ids: ['id-1'] });
  assert.deepEqual(parseAllocationInput('p', { count: 2, family: 'ipv6', owner: 'me' }, counter()), {
    pool: 'p',
    owner: 'me',
    count: 2,
    family: 'ipv6',
    ids: ['id-1', 'id-2'],
  });
  const { addresses, ids } = parseAllocationInput('p', { addresses: ['192.0.2.2', '2001:DB8::1'] }, counter());
  assert.deepEqual({ addresses, ids }, { addresses: ['192.0.2.2', '2001:db8::1'], ids: ['id-1', 'id-2'] });
});

test('a release selects the holders by identifier and owner', () => {
  const mine: Holder = { kind: 'allocation', id: '1', owner: 'me' };
  const yours: Holder = { kind: 'allocation', id: '2', owner: 'you' };
  const all = parseReleaseInput({ ip: '2001:DB8::1' });
  assert.deepEqual(all, { space: 'default', address: '2001:db8::1', leaves: undefined, endsCoolDown: false });
  const picked = (more: object) => {
    const { leaves } = parseReleaseInput({ ip: '192.0.2.1', space: 'lab', ...more });
    return [mine, yours].filter((holder) => leaves?.(holder));
  };
  assert.deepEqual(picked({ owner: 'me' }), [mine]);
  assert.deepEqual(picked({ id: '2' }), [yours]);
  assert.deepEqual(picked({ id: '2', owner: 'me' }), []);
  assert.deepEqual(
    faultPaths(() => parseReleaseInput({ ip: '192.0.2' })),
    ['invalid_request', ':ip'],
  );
});
