// Compares the rate at which hosts are created with that of plain writes to the same store, in turn: POST /v1/hosts
// (name, one address from a pool, PTR; with the ledger on) with puts of single keys into the same etcd, by 64 clients
// and by one; the embedded store with commits of single rows into SQLite. Also measures how long after a change on one
// replica another one answers it by DNS. Prints rates, latencies, and the CPU time of the replica and of etcd.
//
// npm run bench:allocate [rounds] [seconds of each phase] [etcd|embedded|propagation, by default all]
// On a machine that also does other work: chrt -r 1 npm run bench:allocate

import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Replica, startReplica } from '../../test/support/replica.ts';
import { stores } from '../../test/support/stores.ts';
import { type Cleanup, inScope, temporaryFolder } from '../../test/support/temporary.ts';
import { preferAll } from '../replica-figures.ts';
import { Clients, type Sent, type Work } from './clients.ts';
import { measurePropagation } from './propagation.ts';

const [rounds = 5, seconds = 1.5] = process.argv.slice(2, 4).map(Number);
const parts = process.argv.length > 4 ? process.argv.slice(4) : ['etcd', 'embedded', 'propagation'];
const many = 64;
const hostsInBatch = 100;
/** The most requests of a phase. */
const most = 50_000;
/** The unit of the CPU times in /proc. */
const tickMicroseconds = 10_000;
const changesPerSecond = 500;

interface Row {
  name: string;
  clients: number;
  work: Work;
  /** Hosts, keys or rows in one request. */
  items: number;
  sent: Sent[];
  cpu: { replica: number; etcd: number };
}

preferAll();
for (const store of stores.filter(({ name }) => parts.includes(name))) {
  await inScope((cleanup) => compare(cleanup, store.name));
}
if (parts.includes('propagation')) await inScope(propagate);

async function compare(cleanup: Cleanup, storeName: string): Promise<void> {
  const { replicas, etcd } = await startReplicas(cleanup, storeName, 1);
  const [replica] = replicas as [Replica];
  const hosts: Work = { kind: 'hosts', port: Number(new URL(replica.url).port) };
  const plain: Work = etcd ? { kind: 'puts', endpoint: etcd.endpoint } : { kind: 'commits', folder: replica.folder };
  const plainName = etcd ? 'put' : 'commit';
  const row = (name: string, clients: number, work: Work, items = 1): Row => {
    return { name, clients, work, items, sent: [], cpu: { replica: 0, etcd: 0 } };
  };
  const rows = [1, many].flatMap((clients) => [row('host', clients, hosts), row(plainName, clients, plain)]);
  if (await hasBatch(replica)) rows.push(row('batch', 8, { ...hosts, hostsInBatch }, hostsInBatch));
  // Each kind of client has a process of its own, so that its code is compiled for its own work.
  const processes = new Map(rows.map(({ name }) => [name, new Clients(cleanup)]));
  // Round 0 compiles the code.
  for (let round = 0; round <= rounds; round += 1) {
    for (const one of round % 2 === 0 ? rows : rows.toReversed()) {
      const { name, work, clients, cpu } = one;
      const before = { replica: cpuOf(replica.pid), etcd: etcd ? cpuOf(etcd.pid) : 0 };
      const sent = await (processes.get(name) as Clients).run({ work, clients, seconds, most });
      if (round === 0) continue;
      one.sent.push(sent);
      cpu.replica += cpuOf(replica.pid) - before.replica;
      cpu.etcd += (etcd ? cpuOf(etcd.pid) : 0) - before.etcd;
    }
  }
  console.log(`${storeName}, ${rounds} rounds of ${seconds} s:`);
  const rateOf = ({ sent, items }: Row) => median(sent.map((one) => (one.requests * items) / one.seconds));
  console.table(
    rows.map((one) => {
      const { name, clients, items, sent, cpu } = one;
      const latencies = sent.flatMap((each) => each.latencies).toSorted((a, b) => a - b);
      const total = latencies.length * items;
      const plainRows = rows.filter((other) => other.name === plainName);
      const counterpart = plainRows.find((other) => other.clients === clients) ?? plainRows.at(-1);
      return {
        what: items === 1 ? name : `${name} of ${items}`,
        clients,
        'a second': Math.round(rateOf(one)),
        [`per ${plainName}`]: counterpart && Number((rateOf(one) / rateOf(counterpart)).toFixed(2)),
        'p50 ms': at(latencies, 0.5),
        'p99 ms': at(latencies, 0.99),
        'replica µs': Math.round(cpu.replica / total),
        'etcd µs': Math.round(cpu.etcd / total),
      };
    }),
  );
}

async function propagate(cleanup: Cleanup): Promise<void> {
  const { replicas } = await startReplicas(cleanup, 'etcd', 2);
  const [writer, answerer] = replicas as [Replica, Replica];
  const to = { port: Number(new URL(writer.url).port), dnsPort: answerer.dns.port };
  await measurePropagation({ ...to, perSecond: changesPerSecond, seconds: 3 });
  const { fromRequest, fromAnswer, lost } = await measurePropagation({
    ...to,
    perSecond: changesPerSecond,
    seconds: rounds * seconds,
  });
  console.log(`${changesPerSecond} hosts/s at one replica, until another one answers the name; ${lost} not answered:`);
  const shown = (all: number[]) => ({ 'p50 ms': at(all, 0.5), 'p99 ms': at(all, 0.99), 'max ms': at(all, 1) });
  console.table({ 'since the request': shown(fromRequest), 'since its 201': shown(fromAnswer) });
}

/** Starts replicas with default settings on one store, with the zones and the pool of the hosts. */
async function startReplicas(cleanup: Cleanup, storeName: string, count: number) {
  const store = stores.find(({ name }) => name === storeName);
  if (store === undefined || store.skip !== false) throw new Error(`${storeName}: ${store?.skip}`);
  const { flags, etcd } = await store.prepare(cleanup);
  const replicas: Replica[] = [];
  const folder = await temporaryFolder(cleanup);
  const log = openSync(join(folder, 'log'), 'a');
  for (let number = 0; number < count; number += 1)
    replicas.push(await startReplica(cleanup, join(folder, `r${number}`), flags, 'ready', 60_000, log));
  const [first] = replicas as [Replica];
  for (const name of ['foo.k8s', '10.in-addr.arpa']) await first.expect(201, 'POST', '/v1/zones', { name });
  await first.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.0.0.0/10'] });
  return { replicas, etcd };
}

async function hasBatch(replica: Replica): Promise<boolean> {
  const { body } = await replica.request<{ paths: object }>('GET', '/openapi.json');
  return '/v1/hosts:batch' in body.paths;
}

/** Returns the CPU time of a process so far, in microseconds. */
function cpuOf(pid: number): number {
  // The name, in parentheses, may have spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMicroseconds;
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}

/** Returns the value below which this share of the sorted values is. */
function at(sorted: readonly number[], share: number): number {
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(2));
}
