// Random requests of every use case, for the tests in this folder. They choose from few names and addresses, so that
// they often conflict.

import fc from 'fast-check';
import { usageInText } from '../../src/control/addresses/pool-usage.ts';
import { decideAllocateAddresses } from '../../src/control/allocations/allocate-addresses.ts';
import { decideReleaseAddress } from '../../src/control/allocations/release-address.ts';
import { decideChangeHost } from '../../src/control/hosts/change-host.ts';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import { decideCreateHosts } from '../../src/control/hosts/create-hosts.ts';
import { decideDeleteHost } from '../../src/control/hosts/delete-host.ts';
import type { WantedHost } from '../../src/control/hosts/host-wanted.ts';
import { decideSwapHosts } from '../../src/control/hosts/swap-hosts.ts';
import { decideCarvePool } from '../../src/control/pools/carve-pool.ts';
import { decideDeletePool, decideEvictAll } from '../../src/control/pools/delete-pool.ts';
import { decideMergePool } from '../../src/control/pools/merge-pools.ts';
import { decideEvictOutside, decidePutPool } from '../../src/control/pools/put-pool.ts';
import { decideSplitPool } from '../../src/control/pools/split-pool.ts';
import { existingPool } from '../../src/control/reading/existing.ts';
import { decideMoveAllocations, decideMoveHost, type Job } from '../../src/control/renumbering/move-holder.ts';
import { decideRenumberPool, decideStopRenumbering, parseTarget } from '../../src/control/renumbering/renumber-pool.ts';
import type { Decide, DecisionContext } from '../../src/control/transaction/decision.ts';
import { decideChangeRrsets } from '../../src/control/zones/change-rrsets.ts';
import { decideClearZone, decideDeleteZone } from '../../src/control/zones/delete-zone.ts';
import { decidePutZone } from '../../src/control/zones/put-zone.ts';
import { refuse } from '../../src/errors.ts';
import { type Family, parseAddress } from '../../src/model/address.ts';
import { parseRange, rangesWithin, rangeText } from '../../src/model/address-range.ts';
import type { HostSharing, Port } from '../../src/model/allocation.ts';
import { parseName } from '../../src/model/name.ts';
import { type Pool, poolDefaults, poolShape } from '../../src/model/pool.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';
import { type Zone, zoneDefaults } from '../../src/model/zone.ts';

const names = ['a.z', 'b.z', 'c.z', 'd.s.z', 'e.s.z', '*.z', 'z', 'f.other', 'nowhere'].map(parseName);
const addresses = [
  ...['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.1.9', '10.0.9.9', '2001:db8::1', '2001:db8::5'],
].map(parseAddress);
const zones = ['z', 's.z', 'other', '10.in-addr.arpa', '0.0.10.in-addr.arpa', '8.b.d.0.1.0.0.2.ip6.arpa'].map(
  parseName,
);
const ranges = [
  ['10.0.0.0/30'],
  ['10.0.0.0/29'],
  ['10.0.0.2-10.0.0.4', '10.0.1.0/28'],
  ['2001:db8::/64'],
  ['10.0.1.0/29', '2001:db8::/126'],
];

const pick = <T>(values: readonly T[]) => fc.constantFrom(...values);
const pool = pick(['p', 'q', 'r']);
const families = pick<Family[]>([['ipv4'], ['ipv6'], ['ipv4', 'ipv6']]);
const some = <T>(values: readonly T[]) => fc.uniqueArray(pick(values), { minLength: 1, maxLength: 2 });

const host: fc.Arbitrary<WantedHost> = fc
  .record(
    {
      name: pick(names),
      aliases: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: some(names) }),
      ttl: pick([null, 60]),
      ptr: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
      owner: pick(['', 'me']),
      tags: fc.constant({}),
      pool,
      families,
      prefer: fc.boolean(),
      addresses: some(addresses),
      how: pick<HostSharing>([
        {},
        { shared: true },
        { shared: true },
        { shared: true, ptrFor: true },
        { sharingKey: 'k', ports: [{ protocol: 'tcp', port: 1 }] },
        { sharingKey: 'k', ports: [{ protocol: 'sctp', port: 1 }], ptrFor: true },
      ]),
    },
    { requiredKeys: ['name', 'aliases', 'ttl', 'ptr', 'owner', 'tags'] },
  )
  .map(({ how, ...wanted }) => ({
    ...(wanted as WantedHost),
    ...(how && { sharing: new Map((wanted.addresses ?? []).map((address) => [address, how])) }),
  }));

const newPool: fc.Arbitrary<Omit<Pool, 'id'>> = fc.record({
  name: pool,
  ranges: pick(ranges),
  exclude: pick([[], ['10.0.0.1']]),
  autoAssign: fc.constant(true),
  priority: pick([0, 1]),
  avoidBuggyIps: fc.boolean(),
  allowFirstLast: fc.boolean(),
  strategy: pick(['lowest', 'random', 'least-recently-used'] as const),
  coolDownSeconds: pick([0, 0, 3600]),
  drain: fc.nat(9).map((one) => one === 0),
  space: pick(['default', 'default', 'default', 'lab']),
  description: fc.constant(''),
  tags: fc.constant({}),
});

let ids = 0;
type Sharing = { sharingKey?: string; ports?: Port[] };
const shared = (protocol: Port['protocol']): Sharing => ({ sharingKey: 'k', ports: [{ protocol, port: 1 }] });
const sharing = fc.constantFrom<Sharing>({}, {}, shared('tcp'), shared('udp'));
const allocation = fc
  .record({
    pool,
    count: fc.integer({ min: 1, max: 3 }),
    family: pick<Family>(['ipv4', 'ipv6']),
    owner: pick(['me', 'me', 'other']),
    sharing,
    explicit: fc.option(some(addresses), { freq: 2, nil: undefined }),
  })
  .map(({ sharing: how, explicit, ...wanted }) => ({
    ...wanted,
    ...how,
    ...(explicit && { addresses: explicit }),
  }));

const rrset = fc.record({
  owner: pick([...names, parseName('s.z')]),
  type: pick(['A', 'TXT', 'CNAME', 'NS', 'DNAME'].map(parseRecordType)),
  records: fc.boolean(),
});
const recordText: Record<string, string> = {
  A: '198.51.100.1',
  TXT: '"x"',
  CNAME: 'elsewhere.',
  NS: 'ns.elsewhere.',
  DNAME: 'elsewhere.',
};

/** A request: `what` names its kind, and `toString` describes it in the report of a failure. */
export interface Command {
  what: string;
  toString(): string;
  decide: Decide<unknown>;
}

function command<T>(what: string, of: fc.Arbitrary<T>, decide: (wanted: T) => Decide<unknown>): fc.Arbitrary<Command> {
  return of.map((wanted) => ({ what, toString: () => `${what} ${JSON.stringify(wanted)}`, decide: decide(wanted) }));
}

const zone = (name: Zone['name']): Zone => ({
  name,
  ...zoneDefaults,
});

/** Returns the first renumbering. Its progress is never noted here, so its key was last written when it was created. */
function runningRenumbering({ views }: DecisionContext): Job {
  const [first] = views.renumberings.values();
  if (first === undefined) refuse('not_found', 'no pool is being renumbered');
  return { renumbering: first.value, created: first.modified };
}

const kinds = {
  createHost: command('create host', host, (wanted) => (context) => decideCreateHost(context, wanted)),
  changeHost: command(
    'change host',
    fc.record({ name: pick(names), wanted: host }),
    ({ name, wanted }) =>
      (context) =>
        decideChangeHost(context, { name, precondition: { match: ['*'] }, change: () => wanted }),
  ),
  createHosts: command(
    'create hosts',
    fc.array(host, { minLength: 2, maxLength: 3 }),
    (wanted) => (context) => decideCreateHosts(context, wanted),
  ),
  swapHosts: command(
    'swap hosts',
    fc.record({ name: pick(names), with: pick(names), families: fc.option(families, { nil: undefined }) }),
    (swap) => (context) => decideSwapHosts(context, swap),
  ),
  deleteHost: command(
    'delete host',
    pick(names),
    (name) => (context) => decideDeleteHost(context, { name, precondition: {} }),
  ),
  allocate: command('allocate', allocation, (wanted) => {
    const made = Array.from({ length: 3 }, () => `id-${++ids}`);
    return (context) => decideAllocateAddresses(context, { ...wanted, ids: made });
  }),
  release: command(
    'release',
    fc.record({ space: pick(['default', 'lab']), address: pick(addresses) }),
    ({ space, address }) =>
      (context) =>
        decideReleaseAddress(context, { space, address, precondition: {} }),
  ),
  putPool: command('put pool', fc.record({ wanted: newPool, force: fc.boolean() }), ({ wanted, force }) => {
    const id = `pool-${++ids}`;
    return (context) =>
      (force ? decideEvictOutside : decidePutPool)(context, {
        name: wanted.name,
        precondition: {},
        change: (current) => ({
          ...wanted,
          id: current?.id ?? id,
          ...(current?.parent !== undefined && { parent: current.parent }),
        }),
      });
  }),
  renamePool: command('rename pool', fc.record({ name: pool, to: pool }), ({ name, to }) => (context) => {
    const change = (current: Pool | undefined) => ({ ...(current ?? existingPool(context, name).value), name: to });
    return decidePutPool(context, { name, precondition: {}, change });
  }),
  carvePool: command(
    'carve pool',
    fc.record({ parent: pool, name: pool, prefixLength: pick([30, 31, 32, 32, 126, 127]) }),
    (wanted) => {
      const id = `pool-${++ids}`;
      return (context) => decideCarvePool(context, { ...wanted, id, settings: {} });
    },
  ),
  renumberPool: command(
    'renumber pool',
    fc.record({ pool, to: pick(['p', 'q', 'r', '10.0.0.2/31', '10.0.1.0/29', '2001:db8::/126']) }),
    ({ pool: name, to }) =>
      (context) =>
        decideRenumberPool(context, { pool: name, to: parseTarget(to), allocations: true }),
  ),
  moveHost: command(
    'move host',
    pick(names),
    (name) => (context) => decideMoveHost(context, runningRenumbering(context), name),
  ),
  moveAllocations: command(
    'move allocations',
    pick(addresses),
    (address) => (context) => decideMoveAllocations(context, runningRenumbering(context), address),
  ),
  stopRenumbering: command(
    'stop renumbering',
    pool,
    (name) => (context) => decideStopRenumbering(context, { pool: name, precondition: {} }),
  ),
  splitPool: command(
    'split pool',
    fc.record({ name: pool, to: pool, ranges: pick(ranges) }),
    ({ name, to, ranges: texts }) => {
      const wanted = { pool: name, id: `pool-${++ids}`, name: to, ranges: texts.map(parseRange), precondition: {} };
      return (context) => {
        const pools = [...context.views.pools.list()].map(({ value }) => value);
        const inside = rangesWithin(wanted.ranges, poolShape(existingPool(context, name).value).ranges);
        // A name that no pool has, so that most splits succeed.
        const free = ['p', 'q', 'r'].find((one) => !pools.some((other) => other.name === one)) ?? to;
        const part = { name: free, ...(inside.length > 0 && { ranges: inside.map(rangeText).map(parseRange) }) };
        return decideSplitPool(context, { ...wanted, ...part }, usageInText());
      };
    },
  ),
  mergePools: command(
    'merge pool',
    fc.record({ name: pool, from: pool }),
    ({ name, from }) =>
      (context) =>
        decideMergePool(context, { pool: name, from, precondition: {} }, usageInText()),
  ),
  deletePool: command(
    'delete pool',
    fc.record({ name: pool, force: fc.boolean() }),
    ({ name, force }) =>
      (context) =>
        (force ? decideEvictAll : decideDeletePool)(context, { name, precondition: {} }),
  ),
  putZone: command(
    'put zone',
    fc.record({ name: pick(zones), defaultTtl: pick([300, 60, 9]) }),
    ({ name, defaultTtl }) =>
      (context) =>
        decidePutZone(context, {
          name,
          precondition: {},
          // Keeps the generation, because it is not a setting.
          change: (current) => ({ ...zone(name), generation: current?.generation ?? 1, defaultTtl }),
        }),
  ),
  deleteZone: command(
    'delete zone',
    pick([...zones, parseName('1.0.10.in-addr.arpa')]),
    (name) => (context) => decideDeleteZone(context, { name, precondition: {} }),
  ),
  clearZone: command(
    'clear zone',
    pick(zones),
    (name) => (context) => decideClearZone(context, { name, precondition: {} }),
  ),
  changeRrsets: command(
    'change RRsets',
    fc.record({ zone: pick(zones), changes: fc.array(rrset, { minLength: 1, maxLength: 2 }) }),
    ({ zone: name, changes }) =>
      (context) =>
        decideChangeRrsets(context, {
          zone: name,
          changes: changes.map(({ owner, type, records }) => ({
            owner,
            type,
            path: '',
            rrset: records ? { type, records: [recordText[type] as string] } : undefined,
          })),
        }),
  ),
} satisfies Record<string, fc.Arbitrary<Command>>;

const weights: Record<keyof typeof kinds, number> = {
  createHost: 10,
  changeHost: 6,
  createHosts: 2,
  swapHosts: 3,
  deleteHost: 4,
  allocate: 5,
  release: 3,
  putPool: 5,
  renamePool: 2,
  carvePool: 2,
  renumberPool: 2,
  moveHost: 3,
  moveAllocations: 2,
  stopRenumbering: 1,
  splitPool: 4,
  mergePools: 3,
  deletePool: 2,
  putZone: 4,
  deleteZone: 2,
  clearZone: 1,
  changeRrsets: 4,
};

export const commands: fc.Arbitrary<Command> = fc.oneof(
  ...Object.entries(kinds).map(([kind, arbitrary]) => ({ weight: weights[kind as keyof typeof kinds], arbitrary })),
);

/** The first decisions: they create the zones and pools that the random requests use. */
export const beginning: Decide<unknown>[] = [
  (context) => decidePutZone(context, { name: parseName('z'), precondition: {}, change: () => zone(parseName('z')) }),
  (context) =>
    decidePutPool(context, {
      name: 'p',
      precondition: {},
      change: () => ({
        id: 'p',
        name: 'p',
        ranges: ['10.0.0.0/29'],
        ...poolDefaults,
      }),
    }),
];
