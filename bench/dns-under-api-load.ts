// Does DNS feel the API? A steady stream of queries against a real replica: idle first, then while hosts are created over HTTP as fast as
// it takes them. Prints lost answers and latencies of both, and their ratio. `node bench/dns-under-api-load.ts [embedded|etcd]`.

import { createSocket } from 'node:dgram';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { queryBytes, type Server } from '../test/support/dns-client.ts';
import { adminToken, startReplica } from '../test/support/replica.ts';
import { stores } from '../test/support/stores.ts';
import { temporaryFolder } from '../test/support/temporary.ts';

const queriesPerSecond = 1000;
const hosts = 10_000;
const clients = 32;
const idleSeconds = 10;

interface Latencies {
  sent: number;
  lost: number;
  /** Microseconds. */
  p50: number;
  p99: number;
  p999: number;
  max: number;
}

if (isMainThread) await measure(process.argv[2] ?? 'embedded');
else await ask(workerData as { server: Server; stop: SharedArrayBuffer });

async function measure(name: string): Promise<void> {
  const cleaners: (() => unknown)[] = [];
  const cleanup = { after: (clean: () => unknown) => void cleaners.unshift(clean) };
  try {
    const { flags } = (await stores.find((store) => store.name === name)?.prepare(cleanup)) ?? { flags: [] };
    const replica = await startReplica(cleanup, join(await temporaryFolder(cleanup), 'replica'), flags);
    await replica.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/16'] });
    await replica.expect(201, 'POST', '/v1/zones', { name: 'foowidgets.k8s' });
    await replica.expect(201, 'POST', '/v1/hosts', { name: 'steady.foowidgets.k8s' });

    const idle = await during(replica.dns, () => new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000)));
    const started = performance.now();
    const busy = await during(replica.dns, () => createHosts(replica.url));
    const seconds = (performance.now() - started) / 1000;

    console.log(
      `${name}: ${hosts} hosts in ${seconds.toFixed(1)} s (${Math.round(hosts / seconds)}/s) beside ${queriesPerSecond} queries/s`,
    );
    console.table({ idle, busy });
    const { body } = await replica.request<string>('GET', '/metrics');
    for (const line of body.split('\n')) if (/^zonewright_dns_udp_\w+ /.test(line)) console.log(line);
    console.log(`p99 busy / idle: ${(busy.p99 / idle.p99).toFixed(1)}; lost: ${busy.lost}`);
  } finally {
    for (const clean of cleaners) await clean();
  }
}

async function createHosts(url: string): Promise<void> {
  let next = 0;
  const create = async (): Promise<void> => {
    while (next < hosts) {
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

/** Asks from a thread of its own, so that our own HTTP client does not spoil the clock. */
async function during(server: Server, work: () => Promise<unknown>): Promise<Latencies> {
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(new URL(import.meta.url), { workerData: { server, stop } });
  const result = new Promise<Latencies>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await work();
  Atomics.store(new Int32Array(stop), 0, 1);
  return result;
}

/** For this thread alone, as Linux has it; needs a privilege. */
function prefer(priority: number): void {
  try {
    setPriority(0, priority);
  } catch {
    console.log('not privileged: the client competes with the load for processors');
  }
}

async function ask({ server, stop }: { server: Server; stop: SharedArrayBuffer }): Promise<void> {
  // A real client has a processor of its own: here it must not wait for the load's, or it would measure itself.
  prefer(-15);
  const flag = new Int32Array(stop);
  const socket = createSocket('udp4');
  const query = Buffer.from(queryBytes({ name: 'steady.foowidgets.k8s', type: 'A' }));
  const sentAt = new Map<number, number>();
  const latencies: number[] = [];
  let sent = 0;
  socket.on('message', (answer) => {
    const id = answer.readUInt16BE(0);
    const at = sentAt.get(id);
    if (at === undefined || answer.readUInt16BE(6) !== 1) return;
    sentAt.delete(id);
    latencies.push(performance.now() - at);
  });
  await new Promise<void>((resolve) => socket.connect(server.port, server.address, resolve));
  const begun = performance.now();
  while (Atomics.load(flag, 0) === 0) {
    const due = ((performance.now() - begun) / 1000) * queriesPerSecond;
    for (; sent < due; sent += 1) {
      const id = sent & 0xffff;
      query.writeUInt16BE(id, 0);
      sentAt.set(id, performance.now());
      socket.send(query);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
  socket.close();
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round((latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0) * 1000);
  const result: Latencies = {
    sent,
    lost: sent - latencies.length,
    p50: at(0.5),
    p99: at(0.99),
    p999: at(0.999),
    max: at(1),
  };
  parentPort?.postMessage(result);
}
