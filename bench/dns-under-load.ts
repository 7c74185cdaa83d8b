// Measures whether other work of a replica delays DNS. A client asks a real replica at a steady rate while the replica
// is idle, while hosts are created over HTTP at full speed, while clients that create hosts are killed and started
// again, while a zone file is imported, and while the main thread collects garbage. Prints lost answers and latencies
// of each phase.
//
// npm run bench:load [embedded|etcd] [batched|datagram] [queries a second] [RRsets of the import]

import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { adminToken } from '../test/support/api-client.ts';
import { type Replica, startReplica } from '../test/support/replica.ts';
import { stores } from '../test/support/stores.ts';
import { type Cleanup, inScope, temporaryFolder } from '../test/support/temporary.ts';
import { type Answered, askDuring } from './steady-client.ts';

const [store = 'embedded', socket = 'batched', perSecond = '5000', rrsets = '1000000'] = process.argv.slice(2);
const hosts = 10_000;
const clients = 32;
const idleSeconds = 10;
const collections = 10;

if (isMainThread) await inScope(measure);
else await createHosts(workerData as { url: string; from: number });

async function measure(cleanup: Cleanup): Promise<void> {
  // collectGarbage() starts the replica's inspector with a signal. The inspector shall listen on a free port.
  process.env.NODE_OPTIONS = '--inspect-port=127.0.0.1:0';
  const { flags } = (await stores.find(({ name }) => name === store)?.prepare(cleanup)) ?? { flags: [] };
  const folder = join(await temporaryFolder(cleanup), 'replica');
  const replica = await startReplica(cleanup, folder, [...flags, '--dns-socket', socket]);
  await replica.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/14'] });
  for (const name of ['foowidgets.k8s', 'bench.example']) await replica.expect(201, 'POST', '/v1/zones', { name });
  await replica.expect(201, 'POST', '/v1/hosts', { name: 'steady.foowidgets.k8s' });

  const question = { server: replica.dns, name: 'steady.foowidgets.k8s', perSecond: Number(perSecond) };
  const phases: Record<string, Answered> = {};
  const phase = async (name: string, work: () => Promise<unknown>) => {
    const started = performance.now();
    phases[name] = await askDuring(question, work);
    console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s, ${phases[name].lost} lost`);
  };
  await phase('idle', () => delay(idleSeconds * 1000));
  await phase(`${hosts} hosts`, () => load(replica, 0).ended);
  await phase('load killed and started', () => killLoads(replica));
  await phase(`import of ${rrsets}`, () => importZone(replica));
  await phase(`${collections} collections`, () => collectGarbage(replica));

  console.log(`${store}, ${socket} sockets, ${perSecond} questions/s; microseconds:`);
  console.table(phases);
  const { body } = await replica.request<string>('GET', '/metrics');
  for (const line of body.split('\n')) if (/^zonewright_dns_udp_\w+ /.test(line)) console.log(line);
}

/** Starts a thread that creates hosts. */
function load({ url }: Replica, from: number): { ended: Promise<unknown>; kill(): Promise<unknown> } {
  const worker = new Worker(new URL(import.meta.url), { workerData: { url, from } });
  return { ended: once(worker, 'exit'), kill: () => worker.terminate() };
}

/** Starts five such threads, one after the other, and kills each in the middle of its requests. */
async function killLoads(replica: Replica): Promise<void> {
  for (let i = 1; i <= 5; i += 1) {
    const { kill } = load(replica, i * hosts);
    await delay(2000);
    await kill();
    await delay(500);
  }
}

async function createHosts({ url, from }: { url: string; from: number }): Promise<void> {
  let next = from;
  const create = async (): Promise<void> => {
    while (next < from + hosts) {
      const response = await fetch(`${url}/v1/hosts`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: `host-${next++}.foowidgets.k8s` }),
      });
      if (response.status !== 201) throw new Error(await response.text());
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: clients }, create));
}

async function importZone({ url }: Replica): Promise<void> {
  const answer = await fetch(`${url}/v1/zones/bench.example/zonefile`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'text/dns' },
    body: Readable.toWeb(Readable.from(zoneFile())) as ReadableStream,
    duplex: 'half',
  } as RequestInit);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
}

function* zoneFile(): Generator<Uint8Array> {
  yield Buffer.from('$TTL 300\n');
  for (let i = 0; i < Number(rrsets); ) {
    let text = '';
    for (const end = Math.min(Number(rrsets), i + 1000); i < end; i += 1) {
      text += `host-${i} A 10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}\n`;
    }
    yield Buffer.from(text);
  }
}

/** Makes the main thread collect all garbage, through its inspector, so that the replica needs no code for this. */
async function collectGarbage({ pid, log }: Replica): Promise<void> {
  process.kill(pid, 'SIGUSR1');
  let address: string | undefined;
  while (address === undefined) {
    await delay(50);
    address = /ws:\/\/\S+/.exec(log())?.[0];
  }
  const inspector = new WebSocket(address);
  await once(inspector, 'open');
  for (let id = 1; id <= collections; id += 1) {
    const collected = once(inspector, 'message');
    inspector.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }));
    await collected;
    await delay(500);
  }
  inspector.close();
}
