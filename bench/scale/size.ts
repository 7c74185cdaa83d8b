// Measures what hosts cost one etcd and a replica: octets in etcd's database for a host, before and after compaction,
// memory of a replica for a host, and the time until a replica that starts has loaded them. Says how many hosts fit
// into etcd's quota. A host has its own key, its address, an A record and a PTR. Needs etcd.
//
// npm run bench:scale-size [hosts]

import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { askEtcd, startEtcd, type TestEtcd } from '../../test/support/etcd.ts';
import { type Replica, startReplica } from '../../test/support/replica.ts';
import { etcdFlags } from '../../test/support/stores.ts';
import { inScope, temporaryFolder } from '../../test/support/temporary.ts';

const [hosts = 20_000] = process.argv.slice(2).map(Number);
const clients = 4;
const hostsInBatch = 200;
/** etcd's default quota, and the largest one that its documentation suggests. */
const quotas = { '2 GiB': 2 ** 31, '8 GiB': 2 ** 33 };

function residentOctets(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

async function statusOf({ endpoint }: TestEtcd): Promise<{ size: number; inUse: number; revision: number }> {
  const status = await askEtcd<{ dbSize: string; dbSizeInUse?: string; header: { revision: string } }>(
    endpoint,
    '/v3/maintenance/status',
    {},
  );
  const revision = Number(status.header.revision);
  return { size: Number(status.dbSize), inUse: Number(status.dbSizeInUse ?? status.dbSize), revision };
}

async function createHosts(replica: Replica): Promise<void> {
  const numbers = Array.from({ length: Math.ceil(hosts / hostsInBatch) }, (_, index) => index).values();
  const work = async () => {
    for (const number of numbers) {
      const batch = Array.from({ length: hostsInBatch }, (_, index) => ({
        name: `h${number * hostsInBatch + index}.scale.test`,
        owner: 'team-a',
        tags: { app: 'nginx' },
      }));
      const { failed } = await replica.expect<{ failed: number }>(200, 'POST', '/v1/hosts:batch', { hosts: batch });
      if (failed > 0) throw new Error(`${failed} hosts of a batch were refused`);
    }
  };
  await Promise.all(Array.from({ length: clients }, work));
}

await inScope(async (scope) => {
  const etcd = await startEtcd(['--quota-backend-bytes', String(2 ** 33)]);
  scope.after(() => etcd.close());
  const folder = await temporaryFolder(scope);
  const start = async (name: string) => {
    await mkdir(join(folder, name));
    const flags = ['--replica', name, '--ledger', 'off', '--dns-threads', '1', ...etcdFlags(etcd)];
    return startReplica(scope, join(folder, name), flags, 'ready', 240_000);
  };
  const writer = await start('writer');
  await writer.expect(201, 'POST', '/v1/zones', { name: 'scale.test' });
  await writer.expect(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/8'] });
  const emptySize = (await statusOf(etcd)).inUse;
  const fresh = await start('fresh');
  const emptyMemory = residentOctets(fresh.pid);
  await fresh.stop();

  const begun = performance.now();
  await createHosts(writer);
  const seconds = (performance.now() - begun) / 1000;
  const written = await statusOf(etcd);
  await etcd.compact(written.revision);
  await etcd.makeRoom();
  const kept = await statusOf(etcd);
  const loading = performance.now();
  const loaded = await start('loaded');
  const loadSeconds = (performance.now() - loading) / 1000;
  const memory = residentOctets(loaded.pid);
  const forHost = (kept.size - emptySize) / hosts;
  const figures: Record<string, string> = {
    'hosts created a second (one replica, batches of 200)': (hosts / seconds).toFixed(0),
    'octets of etcd a host, with its history': ((written.size - emptySize) / hosts).toFixed(0),
    'octets of etcd a host, compacted and defragmented': forHost.toFixed(0),
    'octets of a replica a host': ((memory - emptyMemory) / hosts).toFixed(0),
    'seconds until a new replica is ready': loadSeconds.toFixed(1),
  };
  for (const [quota, octets] of Object.entries(quotas))
    figures[`hosts in a quota of ${quota}, half of it for history`] = Math.floor(octets / 2 / forHost).toLocaleString(
      'en',
    );
  console.log(`${hosts} hosts`);
  console.table(figures);
});
