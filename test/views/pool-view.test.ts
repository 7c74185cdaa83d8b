// Pools and addresses in memory, compared with plain maps: holders, addresses that records name, free addresses, and
// the order of allocation.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Address,
  type AddressNumber,
  addressNumber,
  type Family,
  familyOf,
  formatAddress,
} from '../../src/model/address.ts';
import { type AddressRange, rangesWithout } from '../../src/model/address-range.ts';
import { type AddressRecord, type Holder, mayShare, type Port } from '../../src/model/allocation.ts';
import type { Fqdn } from '../../src/model/name.ts';
import { isExcluded, type Pool, poolDefaults, poolShape, shapeHolds } from '../../src/model/pool.ts';
import type { Revision } from '../../src/model/revision.ts';
import type { ZoneId } from '../../src/table/layout.ts';
import { FreeSpace } from '../../src/views/free-space.ts';
import { PoolView } from '../../src/views/pool-view.ts';
import { RecordedAddresses } from '../../src/views/recorded-addresses.ts';
import { SortedMap } from '../../src/views/sorted-map.ts';

const families: Family[] = ['ipv4', 'ipv6'];
const start = Date.parse('2026-01-01T00:00:00Z');
const time = (seconds: number) => new Date(start + seconds * 1000).toISOString();

function poolWith(more: Partial<Pool>): Pool {
  return {
    id: more.name ?? 'p',
    name: 'p',
    ranges: ['10.0.0.0/28'],
    ...poolDefaults,
    ...more,
  };
}

const shapes = fc.record({
  ranges: fc.constantFrom<string[]>(
    ['10.0.0.240-10.0.1.15'],
    ['10.0.1.0/28', '10.0.0.248/29'],
    ['2001:db8::/124', '10.0.0.0/30'],
  ),
  exclude: fc.subarray(['10.0.0.254', '10.0.1.1-10.0.1.3', '10.0.1.4', '2001:db8::2/127', '10.9.0.0/16']),
  avoidBuggyIps: fc.boolean(),
  allowFirstLast: fc.boolean(),
  coolDownSeconds: fc.constantFrom(0, 10, 1000),
});

/** Returns all addresses of the pool's ranges, one by one. */
function addressesOf(pool: Pick<Pool, 'ranges' | 'exclude' | 'avoidBuggyIps' | 'allowFirstLast'>): AddressNumber[] {
  return poolShape(pool).ranges.flatMap(({ first, last }) => {
    return Array.from({ length: Number(last - first) + 1 }, (_, index) => first + BigInt(index));
  });
}

test('the free addresses agree with a plain set, in the order of the ranges', () => {
  const steps = fc.array(fc.record({ occupy: fc.boolean(), at: fc.nat(31) }), { maxLength: 60, size: 'max' });
  fc.assert(
    fc.property(
      shapes,
      steps,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (settings, history, random) => {
        const shape = poolShape(settings);
        const space = new FreeSpace(shape);
        const all = addressesOf(settings);
        const usable = all.filter((value) => !isExcluded(shape, value));
        const taken = new Set<AddressNumber>();
        for (const { occupy, at } of history) {
          const value = all[at % all.length] as AddressNumber;
          if (occupy) {
            space.occupy(value);
            taken.add(value);
          } else {
            space.vacate(value);
            taken.delete(value);
          }
          const free = usable.filter((one) => !taken.has(one));
          for (const family of families) {
            const ofFamily = free.filter((one) => familyOf(formatAddress(one)) === family);
            assert.deepEqual([...space.free(family)], ofFamily);
            const around = [...space.freeFromRandom(family, () => random)];
            assert.deepEqual(around.toSorted(byNumber), ofFamily.toSorted(byNumber));
          }
          for (const one of all) assert.equal(space.isFree(one), free.includes(one));
        }
      },
    ),
    { numRuns: 150 },
  );
});

const byNumber = (a: AddressNumber, b: AddressNumber) => (a < b ? -1 : 1);

test('the next free address is found without a scan, in a /8 that avoids .0 and .255 and in a /64 with many taken', (t) => {
  const lookUp = SortedMap.prototype.getPairOrNextLower;
  let lookUps = 0;
  t.mock.method(SortedMap.prototype, 'getPairOrNextLower', function (this: typeof SortedMap.prototype, key: unknown) {
    lookUps += 1;
    return lookUp.call(this, key);
  });
  for (const ranges of [['10.0.0.0/8'], ['2001:db8::/64']]) {
    const space = new FreeSpace(poolShape(poolWith({ ranges, avoidBuggyIps: true })));
    const family: Family = ranges[0]?.includes(':') ? 'ipv6' : 'ipv4';
    const costOf = (run: () => unknown) => {
      lookUps = 0;
      run();
      return lookUps;
    };
    let next = 0n;
    const take = () => {
      next = space.free(family).next().value as AddressNumber;
      space.occupy(next);
    };
    // At most ten look-ups pass the first run of taken addresses and the avoided .0 and .255, read the address and mark
    // it.
    for (let count = 0; count < 30_000; count += 1) assert.ok(costOf(take) <= 10);
    space.vacate(next - 15_000n);
    assert.ok(costOf(() => assert.equal(space.free(family).next().value, next - 15_000n)) <= 10);
    assert.ok(costOf(() => space.freeFromRandom(family, () => 0).next()) <= 10);
    assert.ok(costOf(() => space.freeFromRandom(family, Math.random).next()) <= 10);
  }
});

interface Model {
  pools: Map<string, Pool>;
  records: Map<string, AddressRecord>;
  /** A zone → its names, each with the addresses in its A and AAAA records. */
  zones: Map<ZoneId, Map<Fqdn, Address[]>>;
  served: Set<ZoneId>;
}

/** Returns a view of pools, and a source of records that reads the zones of the model. */
function viewOf(zones: Model['zones'] = new Map()): { view: PoolView; recorded: RecordedAddresses } {
  const recorded = new RecordedAddresses({
    *addressNodes(zone) {
      for (const [name, addresses] of zones.get(zone) ?? []) {
        yield undefined;
        if (addresses.length > 0) yield { name, addresses: addresses.map(addressNumber) };
      }
    },
  });
  return { view: new PoolView(recorded), recorded };
}

/** Does all the work that the view has put off. */
function settle(view: PoolView): void {
  for (const _ of view.settle());
}

/** Returns the names of the served zones that name the address. */
function namesOf({ zones, served }: Model, address: Address): Fqdn[] {
  const names = [...served].flatMap((zone) =>
    [...(zones.get(zone) ?? [])].filter(([, addresses]) => addresses.includes(address)).map(([name]) => name),
  );
  return [...new Set(names)].sort();
}

const addressTexts = [
  '10.0.0.240',
  '10.0.0.254',
  '10.0.0.255',
  '10.0.1.0',
  '10.0.1.1',
  '10.0.1.5',
  '10.0.1.15',
  '2001:db8::1',
  '2001:db8::3',
  '10.0.0.1',
];
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('pool' as const),
      name: fc.constantFrom('p', 'q'),
      settings: shapes,
      strategy: fc.constantFrom('lowest' as const, 'least-recently-used' as const),
      space: fc.constantFrom('default', 'lab'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), name: fc.constantFrom('p', 'q') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('rename' as const),
      id: fc.constantFrom('p', 'q'),
      name: fc.constantFrom('p', 'q', 'a', 'z'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('carve' as const),
      parent: fc.constantFrom('p', 'q'),
      range: fc.constantFrom('10.0.1.0/30', '10.0.0.254-10.0.0.255', '2001:db8::2/127', '10.0.0.0/31'),
      settings: shapes,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('join' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('hold' as const),
      address: fc.constantFrom(...addressTexts),
      holders: fc.integer({ min: 1, max: 2 }),
      sharingKey: fc.constantFrom(undefined, 'k', 'l'),
      ports: fc.constantFrom<number[] | undefined>(undefined, [], [80], [81], [80, 81]),
      expires: fc.option(fc.nat(100), { nil: undefined }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('release' as const),
      address: fc.constantFrom(...addressTexts),
      freeAt: fc.option(fc.nat(100), { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('forget' as const), address: fc.constantFrom(...addressTexts) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.nat(20) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('name' as const),
      zone: fc.constantFrom(1, 2),
      owner: fc.constantFrom('a.z', 'b.z'),
      addresses: fc.subarray(addressTexts, { maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('serve' as const), zone: fc.constantFrom(1, 2) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('withdraw' as const),
      zone: fc.constantFrom(1, 2),
      names: fc.constantFrom(1, 1_000_000),
    }),
  },
);

test('the pool view agrees with plain maps after every change and as time passes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50, size: 'max' }), (history) => {
      const model: Model = { pools: new Map(), records: new Map(), zones: new Map(), served: new Set() };
      const { view, recorded } = viewOf(model.zones);
      let now = 0;
      for (const [index, one] of history.entries()) {
        const revision = (index + 1) as Revision;
        if (one.do === 'wait') now += one.seconds;
        else if (one.do === 'carve') {
          const parent = model.pools.get(one.parent);
          const [range] = poolShape(poolWith({ ranges: [one.range] })).ranges as [AddressRange];
          if (parent === undefined || rangesWithout([range], poolShape(parent).ranges).length > 0) continue;
          const place = { parent: parent.id, ranges: [one.range], space: parent.space };
          const child = poolWith({ ...one.settings, name: 'c', ...place });
          if (model.pools.has('c') && model.pools.get('c')?.parent !== parent.id) continue;
          view.putPool(child, revision);
          model.pools.set('c', child);
        } else if (one.do === 'join') {
          view.deletePool('c');
          model.pools.delete('c');
        } else if ((one.do === 'pool' || one.do === 'drop') && model.pools.get('c')?.parent === one.name) continue;
        else if (one.do === 'pool') {
          const pool = poolWith({ name: one.name, ...one.settings, strategy: one.strategy, space: one.space });
          const other = model.pools.get(one.name === 'p' ? 'q' : 'p');
          if (other !== undefined && other.space === pool.space) continue; // pools of one space never overlap
          const name = model.pools.get(one.name)?.name ?? one.name;
          view.putPool({ ...pool, name }, revision);
          model.pools.set(one.name, { ...pool, name });
        } else if (one.do === 'rename') {
          const pool = model.pools.get(one.id);
          if (pool === undefined) continue;
          view.putPool({ ...pool, name: one.name }, revision);
          model.pools.set(one.id, { ...pool, name: one.name });
        } else if (one.do === 'drop') {
          view.deletePool(one.name);
          model.pools.delete(one.name);
        } else if (one.do === 'forget') {
          view.deleteAddress('default', one.address as Address);
          model.records.delete(one.address);
        } else if (one.do === 'name' || one.do === 'serve' || one.do === 'withdraw') {
          changeRecords(recorded, model, one);
        } else {
          const record = recordOf(one, index);
          view.putAddress(record, revision);
          model.records.set(one.address, record);
        }
        settle(view);
        compare(view, model, start + now * 1000);
      }
    }),
    { numRuns: 300 },
  );
});

/** Changes the records of a name, or which zones are served, as the table and the view of zones do. */
function changeRecords(
  recorded: RecordedAddresses,
  { zones, served }: Model,
  one: { zone: number } & (
    | { do: 'name'; owner: string; addresses: string[] }
    | { do: 'serve' }
    | { do: 'withdraw'; names: number }
  ),
): void {
  const zone = one.zone as ZoneId;
  const names = zones.get(zone) ?? new Map<Fqdn, Address[]>();
  zones.set(zone, names);
  if (one.do === 'name') {
    const before = names.get(one.owner as Fqdn) ?? [];
    names.set(one.owner as Fqdn, one.addresses as Address[]);
    if (!recorded.tracks(zone)) return;
    recorded.changed(
      zone,
      one.owner as Fqdn,
      before.map(addressNumber),
      (one.addresses as Address[]).map(addressNumber),
    );
  } else if (one.do === 'serve' && !served.has(zone)) {
    served.add(zone);
    recorded.serve(zone);
  } else if (one.do === 'withdraw' && served.delete(zone)) {
    recorded.withdraw(zone, one.names);
    zones.delete(zone);
  }
}

test('a pool that has taken over the ranges of another counts their addresses after the other is deleted', () => {
  for (const [taken, given] of [
    ['10.0.0.0/28', '10.0.0.0/28'],
    ['10.0.0.0-10.0.0.9', '10.0.0.0/28'],
    ['10.0.0.8/29', '10.0.0.0/28'],
  ] as const) {
    for (const strategy of ['lowest', 'least-recently-used'] as const) {
      const { view } = viewOf();
      view.putPool(poolWith({ name: 'q', ranges: [given] }), 1 as Revision);
      view.putPool(poolWith({ name: 'p', ranges: [taken], strategy, coolDownSeconds: 1 }), 2 as Revision);
      const base = { space: 'default', givenBy: null, since: time(0), state: 'held' as const };
      const holders: Holder[] = [{ kind: 'allocation', id: '1', owner: '' }];
      view.putAddress({ ...base, address: '10.0.0.9' as Address, holders }, 3 as Revision);
      const cooled = { ...base, state: 'released' as const, holders: [], freeAt: time(1) };
      view.putAddress({ ...cooled, address: '10.0.0.8' as Address }, 4 as Revision);
      settle(view);
      view.deletePool('q');
      settle(view);
      assert.equal(view.usage('p', start)?.ipv4.used, 1n);
      assert.equal(view.poolAt('default', '10.0.0.9' as Address)?.value.name, 'p');
      assert.equal([...view.candidates('p', 'ipv4', start)].includes('10.0.0.9' as Address), false);
      const expired = [...view.expired(start + 2000)].map(({ address }) => address);
      assert.deepEqual(expired, strategy === 'lowest' ? ['10.0.0.8'] : []);
    }
  }
});

test('housekeeping reads no address that is only remembered, and a search for an address to share reads only fitting ones', (t) => {
  const { view } = viewOf();
  const pool = poolWith({ ranges: ['10.0.0.0/16'], strategy: 'least-recently-used' });
  view.putPool(pool, 1 as Revision);
  settle(view);
  const count = 20_000;
  const at = (index: number) => formatAddress(addressNumber('10.0.0.0' as Address) + BigInt(index));
  for (let index = 0; index < count; index += 1) {
    const base = { address: at(index), space: 'default', givenBy: 'p', since: time(0) };
    const held = { kind: 'allocation' as const, id: '1', owner: '', sharingKey: 'k', ports: [tcp(80)] };
    const record: AddressRecord =
      index % 2 === 0
        ? { ...base, state: 'released', holders: [], freeAt: time(1) }
        : { ...base, state: 'held', holders: index === count - 1 ? [{ ...held, ports: [tcp(81)] }] : [held] };
    view.putAddress(record, 2 as Revision);
  }
  let looked = 0;
  for (const method of ['get', 'has', 'nextHigherKey', 'minKey', 'entries'] as const) {
    const real = SortedMap.prototype[method] as (...input: unknown[]) => unknown;
    t.mock.method(SortedMap.prototype, method, function (this: unknown, ...input: unknown[]) {
      looked += 1;
      const found = real.apply(this, input);
      return method === 'entries' ? counting(found as Iterable<unknown>) : found;
    });
  }
  function* counting(all: Iterable<unknown>): Generator<unknown> {
    for (const one of all) {
      looked += 1;
      yield one;
    }
  }
  assert.deepEqual([...view.expired(start + 10_000)], []);
  const newcomer: Holder = { kind: 'allocation', id: '2', owner: '', sharingKey: 'k', ports: [tcp(80)] };
  assert.deepEqual(
    [...view.shareable(pool, 'ipv4', newcomer)].map(({ address }) => address),
    [at(count - 1)],
  );
  assert.equal([...view.shareable(pool, 'ipv4', { ...newcomer, sharingKey: 'other' })].length, 0);
  assert.ok(looked <= 20, `${looked} look-ups`);
});

function recordOf(
  one: Extract<typeof step extends fc.Arbitrary<infer T> ? T : never, { address: string }>,
  index: number,
): AddressRecord {
  const givenBy = ['p', 'q', null][index % 3] ?? null;
  const base = { address: one.address as Address, space: 'default', givenBy, since: time(index) };
  if (one.do !== 'hold') {
    const freeAt = 'freeAt' in one && one.freeAt !== undefined ? { freeAt: time(one.freeAt) } : {};
    return { ...base, state: 'released', holders: [], ...freeAt };
  }
  const expiresAt = one.expires === undefined ? {} : { expiresAt: time(one.expires) };
  const holders = Array.from({ length: one.holders }, (_, id) => ({
    kind: 'allocation' as const,
    id: String(id),
    owner: '',
    ...expiresAt,
    ...(one.sharingKey !== undefined && { sharingKey: one.sharingKey }),
    ...(one.ports !== undefined && {
      ports: one.ports.map((port) => ({ protocol: 'tcp' as const, port: port + id * 100 })),
    }),
  }));
  return { ...base, state: 'held', holders };
}

const newcomers: Holder[] = [
  { kind: 'host', host: 'h.k8s' as Fqdn, owner: '' },
  ...[undefined, 'k'].flatMap((sharingKey) =>
    [undefined, [80], [81, 180], [443]].map((ports): Holder => {
      const more = { ...(sharingKey && { sharingKey }), ...(ports && { ports: ports.map(tcp) }) };
      return { kind: 'allocation', id: 'new', owner: '', ...more };
    }),
  ),
];

function tcp(port: number): Port {
  return { protocol: 'tcp', port };
}

/** Returns the pool of a space that has the address: the one that was carved out, if there is one. */
function poolOf(pools: ReadonlyMap<string, Pool>, address: Address, space = 'default'): Pool | undefined {
  const around = [...pools.values()].filter(
    (one) => one.space === space && shapeHolds(poolShape(one), addressNumber(address)),
  );
  return around.find(({ parent }) => parent !== undefined) ?? around[0];
}

function compare(view: PoolView, model: Model, now: number): void {
  const { pools, records } = model;
  const endOf = ({ address, since, freeAt }: AddressRecord) => {
    if (freeAt === undefined) return undefined;
    const pool = poolOf(pools, address);
    return Math.min(Date.parse(freeAt), pool ? Date.parse(since) + pool.coolDownSeconds * 1000 : Number.MAX_VALUE);
  };
  const isCooling = (record: AddressRecord) => record.state === 'released' && (endOf(record) ?? 0) > now;
  assert.deepEqual(
    [...view.list()].map(({ value }) => value.name),
    [...pools.values()].map(({ name }) => name).sort(),
  );
  for (const pool of pools.values()) {
    const shape = poolShape(pool);
    const inside =
      pool.space === 'default' ? [...records.values()].filter(({ address }) => poolOf(pools, address) === pool) : [];
    const byRange = (a: AddressRecord, b: AddressRecord) =>
      byNumber(addressNumber(a.address), addressNumber(b.address));
    const held = inside.filter(({ state }) => state === 'held').sort(byRange);
    assert.deepEqual(
      [...view.heldIn(pool)].map(({ value }) => value),
      held,
    );
    for (const newcomer of newcomers) {
      for (const family of families) {
        const sharable = held.filter(
          (record) => familyOf(record.address) === family && mayShare(record.holders, newcomer),
        );
        assert.deepEqual([...view.shareable(pool, family, newcomer)], sharable);
      }
    }
    const parts = shape.ranges.map(({ family, first, last }) => {
      const within = { first: first + 1n, last: (first + last) / 2n };
      const isIn = (address: Address) =>
        within.first <= addressNumber(address) && addressNumber(address) <= within.last;
      return { family, isIn, found: [...view.freeInOrder(pool.id, family, now, within)] };
    });
    const usage = view.usage(pool.id, now);
    const inRanges = addressesOf(pool)
      .filter((value) => !isExcluded(shape, value))
      .map(formatAddress);
    const usable = inRanges.filter((address) => poolOf(pools, address, pool.space) === pool);
    const coolDowns = inside.filter(isCooling).map((record) => endOf(record) ?? 0);
    assert.equal(view.nextCoolDownEnd(pool.id, now), coolDowns.length > 0 ? Math.min(...coolDowns) : undefined);
    for (const family of families) {
      const ours = usable.filter((address) => familyOf(address) === family);
      const isAtRest = (address: Address) => {
        const record = inside.find((one) => one.address === address);
        return record === undefined || (record.state === 'released' && !isCooling(record));
      };
      const rested = (address: Address) => {
        const record = inside.find((one) => one.address === address);
        return pool.strategy === 'least-recently-used' && record !== undefined ? Date.parse(record.since) : 0;
      };
      const isNamed = (address: Address) => namesOf(model, address).length > 0;
      const free = ours.filter((one) => isAtRest(one) && !isNamed(one));
      const expected = [
        ...free.filter((one) => rested(one) === 0),
        ...free.filter((one) => rested(one) > 0).sort((a, b) => rested(a) - rested(b)),
      ];
      assert.deepEqual([...view.candidates(pool.id, family, now)], expected);
      assert.deepEqual([...view.freeInOrder(pool.id, family, now)], expected);
      for (const part of parts) if (part.family === family) assert.deepEqual(part.found, expected.filter(part.isIn));
      assert.deepEqual(usage?.[family], {
        capacity: BigInt(inRanges.filter((address) => familyOf(address) === family).length),
        carved: BigInt(inRanges.filter((address) => familyOf(address) === family).length - ours.length),
        used: BigInt(held.filter(({ address }) => familyOf(address) === family).length),
        recorded: BigInt(ours.filter((one) => isAtRest(one) && isNamed(one)).length),
        coolingDown: BigInt(inside.filter((one) => isCooling(one) && ours.includes(one.address)).length),
        free: BigInt(free.length),
      });
    }
  }
  for (const text of addressTexts) {
    const address = text as Address;
    const record = records.get(text);
    assert.deepEqual(view.address('default', address)?.value, record);
    assert.equal(
      view.isFree('default', address, now),
      record === undefined || (record.state === 'released' && !isCooling(record)),
    );
    const pool = poolOf(pools, address);
    assert.equal(view.poolAt('default', address)?.value.name, pool?.name);
    const covered = [...pools.values()].some((one) => shapeHolds(poolShape(one), addressNumber(address)));
    assert.deepEqual(view.namesAt(address), covered ? namesOf(model, address) : []);
    assert.equal(view.isRecorded('default', address), pool !== undefined && namesOf(model, address).length > 0);
  }
  const expired = [...records.values()].flatMap((record) =>
    record.holders
      .filter(
        (holder) =>
          holder.kind === 'allocation' && holder.expiresAt !== undefined && Date.parse(holder.expiresAt) <= now,
      )
      .map(() => record.address),
  );
  for (const record of records.values()) {
    const pool = view.poolAt('default', record.address)?.value;
    const isOver = record.state === 'released' && (endOf(record) ?? Date.parse(record.since)) <= now;
    if (isOver && pool?.strategy !== 'least-recently-used') expired.push(record.address);
  }
  assert.deepEqual([...view.expired(now)].map(({ address }) => address).sort(), expired.sort());
}
