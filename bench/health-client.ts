// Asks /healthz at a steady rate from a thread of its own, each time on a new connection, as a load balancer does.

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';

const everyMilliseconds = 20;
const timeoutMilliseconds = 30_000;

/** The number of requests, and how long the answers took, in milliseconds. */
export interface Waits {
  asked: number;
  failed: number;
  p50: number;
  p99: number;
  max: number;
}

/** Asks while the work runs. */
export async function askHealthDuring(port: number, work: () => Promise<unknown>): Promise<Waits> {
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(new URL(import.meta.url), { workerData: { healthPort: port, stop } });
  const done = once(worker, 'message') as Promise<[Waits]>;
  try {
    await work();
  } finally {
    Atomics.store(new Int32Array(stop), 0, 1);
  }
  return (await done)[0];
}

// Other threads of the bench import this file too, with other worker data.
if (typeof workerData?.healthPort === 'number') parentPort?.postMessage(await ask(workerData));

async function ask({ healthPort, stop }: { healthPort: number; stop: SharedArrayBuffer }): Promise<Waits> {
  try {
    // On Linux, this sets the priority of this thread only. A real client has a processor of its own.
    setPriority(0, -20);
  } catch {
    console.log('not privileged: the client competes with the attack for processors');
  }
  const waits: number[] = [];
  let failed = 0;
  const underWay = new Set<Promise<void>>();
  while (Atomics.load(new Int32Array(stop), 0) === 0) {
    const begun = performance.now();
    const one = askOnce(healthPort)
      .then(
        (status) => status === 200,
        () => false,
      )
      .then((answered) => {
        if (answered) waits.push(performance.now() - begun);
        else failed += 1;
        underWay.delete(one);
      });
    underWay.add(one);
    await delay(everyMilliseconds);
  }
  await Promise.all(underWay);
  waits.sort((a, b) => a - b);
  const at = (share: number) => Math.round(waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0);
  return { asked: waits.length + failed, failed, p50: at(0.5), p99: at(0.99), max: at(1) };
}

async function askOnce(port: number): Promise<number | undefined> {
  const signal = AbortSignal.timeout(timeoutMilliseconds);
  const request = get({ host: '127.0.0.1', port, path: '/healthz', agent: false, signal });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}
