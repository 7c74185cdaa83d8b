// The cases that other address managers test, and the faults that their users reported, as tables. Each table names its
// source. service-steps.ts has the steps. MetalLB's backend key (its traffic policy) is left out: nothing here has one.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WantedHost } from '../../src/control/hosts/host-wanted.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { parseAddress } from '../../src/model/address.ts';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import { capacityOf, type Pool, poolDefaults, poolFrom, poolShape } from '../../src/model/pool.ts';
import { type ControlPlane, openReplica } from '../support/control-plane.ts';
import { storeEntries } from '../support/store-dump.ts';
import {
  addressesIn,
  changed,
  changes,
  codeOf,
  deletePool,
  frees,
  gets,
  leaves,
  type Pools,
  portsOf,
  replicasWith,
  type Step,
  shares,
  stores,
  table,
  takes,
} from './service-steps.ts';
import { putPool } from './steps.ts';
import { assertWhole, contentsOf } from './whole.ts';

describe("MetalLB's internal/allocator/allocator_test.go", () => {
  const assignment = { test: { ranges: ['1.2.3.4/31', '1000::4/127'] } };
  for (const [family, one, two] of [
    ['IPv4', '1.2.3.4', '1.2.3.5'],
    ['IPv6', '1000::4', '1000::5'],
  ] as const) {
    table(`TestAssignment, ${family}`, assignment, [
      ['s1 takes an address', takes('s1', one), [one]],
      ['s1 takes it again', takes('s1', one), [one]],
      ["s2 can't take it", takes('s2', one), 'address_taken'],
      ['s2 can take the other', takes('s2', two), [two]],
      ["s1 can't take that one now", takes('s1', two), 'address_taken'],
      ['s1 frees its address', frees('s1'), 'done'],
      ["s2 can have s1's former address", takes('s2', one), [one]],
      ["s1 can have s2's former address", takes('s1', two), [two]],
    ]);
  }

  const test2 = { test2: { ranges: ['1.2.4.0/24', '1000::4:0/120'], avoidBuggyIps: true } };
  table('TestAssignment, buggy addresses', test2, [
    ["s3 can't take .0", takes('s3', '1.2.4.0'), 'address_excluded'],
    ["s3 can't take .255", takes('s3', '1.2.4.255'), 'address_excluded'],
    ['s3 can take another', takes('s3', '1.2.4.254'), ['1.2.4.254']],
    ['an IPv6 address that ends with ff is no such address', takes('s1', '1000::4:ff'), ['1000::4:ff']],
  ]);

  for (const [family, address, other] of [
    ['IPv4', '1.2.4.3', '1.2.4.254'],
    ['IPv6', '1000::4:3', '1000::4:ff'],
  ] as const) {
    const at = { pool: 'test2', address };
    table(`TestAssignment, sharing, ${family}`, test2, [
      ['s4 takes an address, with sharing', shares('s4', { ...at, key: 'sharing', port: 'tcp/80' }), [address]],
      ['s4 changes its key in place', changes('s4', address, { sharingKey: 'share' }), 'done'],
      ["s3 can't share: the same port", shares('s3', { ...at, key: 'share', port: 'tcp/80' }), 'address_taken'],
      ["s3 can't share: another key", shares('s3', { ...at, key: 'other', port: 'tcp/443' }), 'address_taken'],
      ["s3 can't share: no key", shares('s3', { ...at, port: 'tcp/443' }), 'address_taken'],
      ['s3 takes the same address', shares('s3', { ...at, key: 'share', port: 'tcp/443' }), [address]],
      ['s3 changes its ports', changes('s3', address, { ports: portsOf('udp/53') }), 'done'],
      [
        "s3 can't change its ports to those of s4",
        changes('s3', address, { ports: portsOf('tcp/80') }),
        'address_taken',
      ],
      ["s3 can't change its key", changes('s3', address, { sharingKey: 'other' }), 'address_taken'],
      ['s3 leaves, and s4 stays', leaves('s3', address), 'done'],
      ['s4 changes its key now', changes('s4', address, { sharingKey: 'alone' }), 'done'],
      ['s4 takes another address', shares('s4', { pool: 'test2', address: other }), [other]],
    ]);
  }

  const four = ['1.2.3.4/31', '1.2.3.10/31'];
  const six = ['1000::/127', '2000::/127'];
  const fromPool = {
    other: { ranges: ['192.168.0.0/16', 'fc00::1:0/112'] },
    test: { ranges: [...four, ...six] },
    test2: { ranges: ['10.20.30.0/24', 'fc00::2:0/120'] },
  };
  for (const [family, one, two, three, last] of [
    ['ipv4', '1.2.3.4', '1.2.3.5', '1.2.3.10', '1.2.3.11'],
    ['ipv6', '1000::', '1000::1', '2000::', '2000::1'],
  ] as const) {
    const from = { pool: 'test', families: [family] };
    const at = { pool: 'test', family };
    table(`TestPoolAllocation, ${family}`, fromPool, [
      ['s1 gets an address', gets('s1', from), [one]],
      ['s2 gets an address', gets('s2', from), [two]],
      ['s3 gets an address', gets('s3', from), [three]],
      ['s4 gets an address', gets('s4', from), [last]],
      ["s5 can't get one", gets('s5', from), 'pool_exhausted'],
      ["s6 can't get one", gets('s6', from), 'pool_exhausted'],
      ['s1 releases its address', frees('s1'), 'done'],
      ["s5 gets s1's former address", gets('s5', from), [one]],
      ["s6 still can't get one", gets('s6', from), 'pool_exhausted'],
      ['s5 leaves', frees('s5'), 'done'],
      ['s5 comes back with a sharing key', shares('s5', { ...at, key: 'share', port: 'tcp/80' }), [one]],
      ["s7 can't get one without the key", shares('s7', { ...at, port: 'tcp/443' }), 'pool_exhausted'],
      ['s6 gets it too, with the key', shares('s6', { ...at, key: 'share', port: 'tcp/443' }), [one]],
      ['s8 needs a pool that exists', shares('s8', { pool: 'none' }), 'not_found'],
    ]);
  }
  const both = { pool: 'test', families: ['ipv4', 'ipv6'] } satisfies Partial<WantedHost>;
  table('TestPoolAllocation, both families: all of them or none', fromPool, [
    ['s1 gets two addresses', gets('s1', both), ['1.2.3.4', '1000::']],
    ['s2 gets two addresses', gets('s2', both), ['1.2.3.5', '1000::1']],
    ['s3 gets two addresses', gets('s3', both), ['1.2.3.10', '2000::']],
    ['s4 gets only the last of IPv4', gets('s4', { pool: 'test', families: ['ipv4'] }), ['1.2.3.11']],
    ["s5 can't get both", gets('s5', both), 'pool_exhausted'],
    ['s6 gets the address that s5 did not keep', gets('s6', { pool: 'test', families: ['ipv6'] }), ['2000::1']],
  ]);

  const twoPools = {
    test1: { ranges: ['1.2.3.4/31', '1000::4/127'] },
    test2: { ranges: ['1.2.3.10/31', '1000::10/127'] },
  };
  for (const [family, ...addresses] of [
    ['ipv4', '1.2.3.4', '1.2.3.5', '1.2.3.10', '1.2.3.11'],
    ['ipv6', '1000::4', '1000::5', '1000::10', '1000::11'],
  ] as const) {
    const any = { families: [family] };
    table(`TestAllocation, no pool named, ${family}`, twoPools, [
      ...addresses.map((address, index): Step => [`s${index + 1} gets one`, gets(`s${index + 1}`, any), [address]]),
      ["s5 can't get one", gets('s5', any), 'pool_exhausted'],
      ['s1 gives up its address', frees('s1'), 'done'],
      ['s5 can get one', gets('s5', any), [addresses[0]]],
      ["s6 still can't", gets('s6', any), 'pool_exhausted'],
    ]);
  }

  table(
    'TestBuggyIPs',
    {
      test: { ranges: ['1.2.3.0/31'] },
      test2: { ranges: ['1.2.3.254/31'] },
      test3: { ranges: ['1.2.4.0/31'], avoidBuggyIps: true },
      test4: { ranges: ['1.2.4.254/31'], avoidBuggyIps: true },
    },
    [
      ...['1.2.3.0', '1.2.3.1', '1.2.3.254', '1.2.3.255', '1.2.4.1', '1.2.4.254'].map(
        (address, index): Step => [`s${index} gets one`, gets(`s${index}`), [address]],
      ),
      ["s7 can't get one", gets('s7'), 'pool_exhausted'],
    ],
  );

  table('TestAutoAssign', { test1: { ...twoPools.test1, autoAssign: false }, test2: twoPools.test2 }, [
    ['s1 gets one of the second pool', gets('s1'), ['1.2.3.10']],
    ['s2 gets one of the second pool', gets('s2'), ['1.2.3.11']],
    ["s3 can't get one", gets('s3'), 'pool_exhausted'],
    ['s4 gets IPv6 of the second pool', gets('s4', { families: ['ipv6'] }), ['1000::10']],
    ['s3 gets one of the first pool by its name', gets('s3', { pool: 'test1' }), ['1.2.3.4']],
    ['s5 gets one of the first pool by its address', takes('s5', '1.2.3.5'), ['1.2.3.5']],
  ]);

  const reload = (first: string, second: string, more: Partial<Pool> = {}) => putPool('test', [first, second], more);
  table('TestConfigReload', { test: { ranges: ['1.2.3.0/30', '1000::/126'] } }, [
    ['s1 has an address', takes('s1', '1.2.3.0'), ['1.2.3.0']],
    ['s2 has an address', takes('s2', '1000::'), ['1000::']],
    ['the same settings', reload('1.2.3.0/30', '1000::/126'), 'done'],
    ['the pool grows', reload('1.2.3.0/24', '1000::/120'), 'done'],
    ['the pool shrinks', reload('1.2.3.0/30', '1000::/126'), 'done'],
    ["it can't shrink further", reload('1.2.3.2/31', '1000::/126'), 'pool_in_use'],
    ["it can't shrink further, IPv6", reload('1.2.3.0/30', '1000::2/127'), 'pool_in_use'],
    ["it can't be deleted", deletePool('test'), 'pool_in_use'],
    ["another pool can't have its addresses", putPool('test2', ['1.2.3.2/31']), 'pool_overlap'],
    // MetalLB refuses this. Here the holder stays, and the address is given to nobody else.
    ['it avoids buggy addresses from now on', reload('1.2.3.0/30', '1000::/126', { avoidBuggyIps: true }), 'done'],
    ['s1 keeps what it has', takes('s1', '1.2.3.0'), ['1.2.3.0']],
    ['s3 does not get the buggy address', gets('s3', { families: ['ipv4'] }), ['1.2.3.1']],
    ['s1 frees it', frees('s1'), 'done'],
    ["s4 can't take it", takes('s4', '1.2.3.0'), 'address_excluded'],
    ['s2 leaves', frees('s2'), 'done'],
    ['s3 leaves', frees('s3'), 'done'],
    ['an unused pool can be deleted', deletePool('test'), 'done'],
  ]);

  it('TestPoolCount, and what MetalLB counts wrongly', () => {
    const count = (ranges: string[], avoidBuggyIps = false) => {
      const shape = poolShape({ ...poolDefaults, ranges, avoidBuggyIps });
      return [capacityOf(shape, 'ipv4'), capacityOf(shape, 'ipv6')];
    };
    assert.deepEqual(count(['1.2.3.0/24']), [256n, 0n]);
    assert.deepEqual(count(['1.2.3.0/24', '2.3.4.128/25']), [384n, 0n]);
    assert.deepEqual(count(['1.2.3.0/24', '2.3.4.128/25'], true), [381n, 0n]);
    assert.deepEqual(count(['1.2.3.0/24', '2.3.4.128/25', '1000::/64'], true), [381n, 2n ** 64n]);
    assert.deepEqual(count(['1.2.3.0/32'], true), [0n, 0n]);
    assert.throws(() => poolFrom('p', { ranges: ['1.2.3.0-1000::'] }), InvalidValue);
  });
});

describe('reports of MetalLB users', () => {
  const one = { p: { ranges: ['192.168.0.2'] } };
  const report = '#1774, #2479, #2443: after a restart, a waiting service gets the address of another';
  for (const { name, skip, open } of stores) {
    it(`${report} (${name})`, { skip }, async (t) => {
      const opened = await open(t);
      const [first] = await replicasWith(t, opened, one);
      await first.commit(gets('svc1'));
      assert.equal(await codeOf(first.commit(gets('svc2'))), 'pool_exhausted');
      await first.close();
      const restarted = await openReplica(t, opened[1]);
      const tries = Array.from({ length: 10 }, () => codeOf(restarted.commit(gets('svc2'))));
      assert.deepEqual(new Set(await Promise.all(tries)), new Set(['pool_exhausted']));
      assert.deepEqual(addressesIn(await restarted.commit(takes('svc1', '192.168.0.2'))), ['192.168.0.2']);
    });
  }
  table(
    '#686, #2723: the address of a service changes when another is deleted',
    { p: { ranges: ['100.100.0.0/28'] } },
    [
      ['svc1 gets one', gets('svc1'), ['100.100.0.0']],
      ['svc2 gets one', gets('svc2'), ['100.100.0.1']],
      ['svc3 gets one', gets('svc3'), ['100.100.0.2']],
      ['svc2 is deleted', frees('svc2'), 'done'],
      ['svc3 is applied again', changed('svc3'), ['100.100.0.2']],
    ],
  );
  table(
    '#1591: a service moves, and gets the address of another, when its pool is deleted',
    {
      cheap: { ranges: ['192.168.1.0/24'], priority: 1, avoidBuggyIps: true },
      default: { ranges: ['192.168.10.0/24'], avoidBuggyIps: true },
    },
    [
      ['a gets one of the first pool', gets('a'), ['192.168.10.1']],
      ['b gets one of the other', gets('b', { pool: 'cheap' }), ['192.168.1.1']],
      ['the other is deleted', deletePool('cheap'), 'pool_in_use'],
      ['b still has it', changed('b'), ['192.168.1.1']],
    ],
  );
  table(
    'a service that asks for an address outside its pool loses the one that it had',
    { p: { ranges: ['10.0.0.0/30'] } },
    [
      ['s1 gets one', gets('s1'), ['10.0.0.0']],
      [
        's1 asks for an address that its pool lacks',
        changed('s1', { pool: 'p', addresses: [parseAddress('10.9.9.9')] }),
        'address_outside_pool',
      ],
      ['s1 still has it', changed('s1'), ['10.0.0.0']],
    ],
  );
});

/** Requests that come at the same time, half of them at each replica, and the outcomes and addresses that they have. */
interface Race {
  source: string;
  pools: Pools;
  first?: Decide<unknown>[];
  requests: Decide<unknown>[];
  outcomes: Record<string, number>;
  addresses: string[];
}

const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
const upTo = (prefix: string, first: number, count: number) => many(count, (index) => `${prefix}${first + index}`);

const races: Race[] = [
  {
    source: 'NetBox #2519: 16 requests for available-ips at once give addresses from .1 to .5, some of them twice',
    pools: { p: { ranges: ['192.0.2.0/24'], allowFirstLast: false } },
    requests: many(16, (index) => shares(`a${index}`, { pool: 'p' })),
    outcomes: { done: 16 },
    addresses: upTo('192.0.2.', 1, 16),
  },
  {
    source: 'NetBox #3475: two requests for available-ips at once get the same address',
    pools: { p: { ranges: ['172.16.16.4-172.16.16.254'] } },
    requests: many(2, (index) => shares(`a${index}`, { pool: 'p' })),
    outcomes: { done: 2 },
    addresses: upTo('172.16.16.', 4, 2),
  },
  {
    source: 'NetBox #10282: two requests create the same address in a VRF with unique addresses',
    pools: { p: { ranges: ['192.168.2.0/24'] } },
    requests: many(2, (index) => shares(`a${index}`, { pool: 'p', address: '192.168.2.1' })),
    outcomes: { done: 1, address_taken: 1 },
    addresses: ['192.168.2.1'],
  },
  {
    source: 'ansible_modules #133, terraform-provider-netbox #59: hosts of one run get the same address',
    pools: { p: { ranges: ['192.168.2.1-192.168.2.254'] } },
    requests: many(8, (index) => gets(`testvm${index}`)),
    outcomes: { done: 8 },
    addresses: upTo('192.168.2.', 1, 8),
  },
  {
    source: 'Nautobot #8297: several requests for available-ips at once, and some fail',
    pools: { p: { ranges: ['10.1.0.0/28'] } },
    requests: many(20, (index) => shares(`a${index}`, { pool: 'p' })),
    outcomes: { done: 16, pool_exhausted: 4 },
    addresses: upTo('10.1.0.', 0, 16),
  },
  {
    source: 'phpIPAM #742, #2960: of three requests to first_free at once, two fail with 500 and 409',
    pools: { p: { ranges: ['192.168.1.11-192.168.1.50'] } },
    requests: many(3, (index) => shares(`a${index}`, { pool: 'p' })),
    outcomes: { done: 3 },
    addresses: upTo('192.168.1.', 11, 3),
  },
  {
    source: 'Infoblox, ansible #45218: two users read the next address, and both register a host with it',
    pools: { p: { ranges: ['192.168.2.1-192.168.2.254'] } },
    requests: many(2, (index) => takes(`user${index}`, '192.168.2.1')),
    outcomes: { done: 1, address_taken: 1 },
    addresses: ['192.168.2.1'],
  },
  {
    source: 'Infoblox, ansible #49818: two users register a host with the next address in one request',
    pools: { p: { ranges: ['192.168.2.1-192.168.2.254'] } },
    requests: many(2, (index) => gets(`user${index}`)),
    outcomes: { done: 2 },
    addresses: upTo('192.168.2.', 1, 2),
  },
  {
    source: 'Infoblox, infoblox-ansible #63: the play runs again, and the host exists or gets another address',
    pools: { p: { ranges: ['10.100.0.0/16'] } },
    first: [gets('gitlab-test')],
    requests: many(4, () => changed('gitlab-test')),
    outcomes: { done: 4 },
    addresses: ['10.100.0.0'],
  },
  {
    source: 'Calico #3940, #5613: a late release frees an address that another holder was given meanwhile',
    pools: { p: { ranges: ['10.2.0.1'] } },
    first: [shares('old', { pool: 'p' }), leaves('old', '10.2.0.1'), shares('new', { pool: 'p' })],
    requests: many(4, () => leaves('old', '10.2.0.1')),
    outcomes: { not_found: 4 },
    addresses: ['10.2.0.1'],
  },
];

describe('races that users of other address managers reported', () => {
  for (const { source, pools, first = [], requests, outcomes, addresses } of races) {
    for (const { name, skip, open } of stores) {
      it(`${source} (${name})`, { skip }, async (t) => {
        const replicas = await replicasWith(t, await open(t), pools);
        for (const decide of first) await replicas[0].commit(decide);
        const codes = requests.map((decide, index) => codeOf((replicas[index % 2] as ControlPlane).commit(decide)));
        const found = Map.groupBy(await Promise.all(codes), (code) => code);
        assert.deepEqual(Object.fromEntries([...found].map(([code, all]) => [code, all.length])), outcomes);
        const contents = contentsOf(await storeEntries(replicas[0].store));
        assertWhole(contents, { emptyZones: true });
        const held = [...contents.addresses.values()];
        assert.deepEqual(
          held.map(({ address }) => address as string),
          addresses,
        );
        assert.ok(held.every(({ holders }) => holders.length === 1));
      });
    }
  }
});
