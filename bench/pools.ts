// Measures pools with many holders. First, how long the decision about the next address takes in pools with many
// holders and in an empty one, for each strategy. Then, for a /8 with as many holders in the embedded store and in
// etcd: how long the views take to load it, how long a replica takes from its start until it is ready, and the memory
// for each address. Needs etcd, and 4 GB of memory for a million holders.
//
// npm run bench:pools [holders] [next | embedded | etcd]

import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Allocated, decideAllocateAddresses } from '../src/control/allocations/allocate-addresses.ts';
import { type Address, addressNumber, type Family, formatAddress } from '../src/model/address.ts';
import type { AddressRecord } from '../src/model/allocation.ts';
import { type Pool, poolDefaults, strategies } from '../src/model/pool.ts';
import type { Revision } from '../src/model/revision.ts';
import { openEmbeddedStore } from '../src/store/embedded.ts';
import { openEtcdStore } from '../src/store/etcd.ts';
import { addressKey, addressValue } from '../src/store/kinds/address.ts';
import { poolKey, poolValue } from '../src/store/kinds/pool.ts';
import { maxOperations, type Operation, type Store } from '../src/store/store.ts';
import { contextOf, emptyViews, openReplica } from '../test/support/control-plane.ts';
import { startEtcd } from '../test/support/etcd.ts';
import { startReplica } from '../test/support/replica.ts';
import { etcdFlags } from '../test/support/stores.ts';
import { type Cleanup, inScope, temporaryFolder } from '../test/support/temporary.ts';

const [count = '1000000', part] = process.argv.slice(2);
const holders = Number(count);
const blockCount = 21;
const decisionsInBlock = 200;
const commitsAtOnce = 8;
const startMilliseconds = 240_000;
const since = '2026-01-01T00:00:00Z';

interface Crowd {
  what: string;
  pool: Pool;
  family: Family;
  held: Iterable<bigint>;
  /** The strategies to measure: each counts the pool anew. */
  strategies: readonly Pool['strategy'][];
}

function poolOf(range: string): Pool {
  return { id: 'p', name: 'p', ...poolDefaults, ranges: [range] };
}

/** Yields `length` numbers from `first` on, each `step` after the one before. */
function* every(step: bigint, first: string, length: number): Generator<bigint> {
  let value = addressNumber(first as Address);
  for (let index = 0; index < length; index += 1, value += step) yield value;
}

const crowds: Crowd[] = [
  { what: 'an empty /24', pool: poolOf('192.0.2.0/24'), family: 'ipv4', held: [], strategies },
  {
    what: `a /8, its first ${holders} held`,
    pool: poolOf('10.0.0.0/8'),
    family: 'ipv4',
    held: every(1n, '10.0.0.0', holders),
    strategies: ['lowest'],
  },
  {
    what: `a /8, every other of ${2 * holders} held`,
    pool: poolOf('10.0.0.0/8'),
    family: 'ipv4',
    held: every(2n, '10.0.0.0', holders),
    strategies,
  },
  {
    what: `an IPv6 /64, its first ${holders} held`,
    pool: poolOf('2001:db8::/64'),
    family: 'ipv6',
    held: every(1n, '2001:db8::', holders),
    strategies: ['lowest'],
  },
  { what: 'an empty IPv6 /64', pool: poolOf('2001:db8::/64'), family: 'ipv6', held: [], strategies },
];

function recordOf(value: bigint, number: number): AddressRecord {
  const holder = { kind: 'allocation' as const, id: `01J${number}`, owner: 'team-a' };
  const address = formatAddress(value);
  return { address, space: 'default', givenBy: 'p', state: 'held', holders: [holder], since };
}

/**
 * Returns the microseconds of CPU time of one decision about the next address, with each strategy: the median of the
 * blocks. CPU time, because another process may take the processor meanwhile.
 */
function timeNext({ pool, family, held, strategies }: Crowd): Record<string, number> {
  const views = emptyViews();
  views.beginLoad();
  let number = 0;
  for (const value of held) views.pools.putAddress(recordOf(value, ++number), 1 as Revision);
  const times: Record<string, number> = {};
  for (const [index, strategy] of strategies.entries()) {
    const revision = (index + 2) as Revision;
    views.pools.putPool({ ...pool, strategy }, revision);
    for (const _ of views.pools.settle());
    const blocks = Array.from({ length: blockCount }, (_, block) => {
      const before = process.threadCpuUsage();
      for (let round = 0; round < decisionsInBlock; round += 1) {
        const wanted = { pool: pool.name, count: 1, family, owner: 'team-a', ids: [`${block}-${round}`] };
        const { result } = decideAllocateAddresses(contextOf(views), wanted);
        // The next decision finds another address. An empty pool stays empty: a small one would run out.
        if (number > 0) views.pools.putAddress({ ...(result[0] as Allocated), givenBy: pool.id }, revision);
      }
      const { user, system } = process.threadCpuUsage(before);
      return (user + system) / decisionsInBlock;
    });
    times[strategy] = Number(blocks.sort((a, b) => a - b)[blockCount >> 1]?.toFixed(1));
  }
  return times;
}

/** Writes the pool and its holders. Returns the seconds that this took. */
async function fill(store: Store): Promise<number> {
  const begun = performance.now();
  const { pool } = crowds[2] as Crowd;
  await store.commit({
    compares: [],
    operations: [{ kind: 'put', key: poolKey(pool.name), value: poolValue.encode(pool) }],
  });
  const rest = transactionsOf(every(2n, '10.0.0.0', holders));
  const work = async () => {
    for (const operations of rest) await store.commit({ compares: [], operations });
  };
  await Promise.all(Array.from({ length: commitsAtOnce }, work));
  return (performance.now() - begun) / 1000;
}

function* transactionsOf(values: Iterable<bigint>): Generator<Operation[]> {
  let operations: Operation[] = [];
  let number = 0;
  for (const value of values) {
    const record = recordOf(value, ++number);
    operations.push({ kind: 'put', key: addressKey('default', record.address), value: addressValue.encode(record) });
    if (operations.length < maxOperations) continue;
    yield operations;
    operations = [];
  }
  if (operations.length > 0) yield operations;
}

/**
 * Returns the seconds until new views have loaded the store, and the octets of memory that they need for an address.
 */
async function timeLoad(store: Store): Promise<Record<string, string>> {
  return inScope(async (scope) => {
    const before = usedMemory();
    const [begun, spent] = [performance.now(), process.cpuUsage()];
    const replica = await openReplica(scope, store);
    const seconds = (performance.now() - begun) / 1000;
    const { user, system } = process.cpuUsage(spent);
    const octets = usedMemory() - before;
    const { used } = replica.views.pools.usage('p', Date.now())?.ipv4 ?? {};
    if (used !== BigInt(holders)) throw new Error(`the views count ${used} addresses`);
    return {
      'views loaded, s': seconds.toFixed(2),
      'of CPU, s': ((user + system) / 1e6).toFixed(2),
      'octets for an address': (octets / holders).toFixed(0),
    };
  });
}

function usedMemory(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Returns the seconds from the start of a replica until it is ready, and its resident memory. */
async function timeStart(scope: Cleanup, folder: string, flags: string[]): Promise<Record<string, string>> {
  const begun = performance.now();
  const replica = await startReplica(scope, folder, flags, 'ready', startMilliseconds);
  const seconds = (performance.now() - begun) / 1000;
  const status = readFileSync(`/proc/${replica.pid}/status`, 'utf8');
  const resident = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
  await replica.kill();
  return { 'ready, s': seconds.toFixed(2), 'resident, MiB': resident.toFixed(0) };
}

const isWanted = (name: string) => part === undefined || part === name;
if (isWanted('next')) {
  console.log('microseconds of CPU time of one decision');
  console.table(Object.fromEntries(crowds.map((crowd) => [crowd.what, timeNext(crowd)])));
}

await inScope(async (scope) => {
  const folder = await temporaryFolder(scope);
  const dataDir = async (name: string) => {
    await mkdir(join(folder, name), { recursive: true });
    return join(folder, name);
  };
  const flags = ['--ledger', 'off', '--dns-threads', '1'];
  const tell = (what: string, figures: Record<string, string>) => console.log(what, figures);
  console.log(`a replica without and with a /8 with ${holders} holders, every other address of its beginning`);
  tell('without', await timeStart(scope, await dataDir('empty'), flags));
  if (isWanted('embedded')) {
    const store = await openEmbeddedStore({ folder: join(await dataDir('full'), 'store') });
    tell('embedded, filled', { seconds: (await fill(store)).toFixed(1) });
    tell('embedded, views', await timeLoad(store));
    await store.close();
    tell('embedded, replica', await timeStart(scope, await dataDir('full'), flags));
  }
  if (isWanted('etcd')) {
    const etcd = await startEtcd(['--quota-backend-bytes', String(8 * 2 ** 30)]);
    scope.after(() => etcd.close());
    const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
    tell('etcd, filled', { seconds: (await fill(store)).toFixed(1) });
    tell('etcd, views', await timeLoad(store));
    await store.close();
    tell('etcd, replica', await timeStart(scope, await dataDir('etcd'), [...flags, ...etcdFlags(etcd)]));
  }
});
