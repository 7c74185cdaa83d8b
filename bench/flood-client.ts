// Sends datagrams at a steady rate, from a thread of its own, and reads no answers. They are all the same, except for a
// number if `countAt` is set. Uses little CPU time: a benchmark must measure what the server does with the flood, not
// what the client takes from the machine.

import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker, workerData } from 'node:worker_threads';
import { linux, openLibc } from '../src/dns/listen/libc.ts';
import type { Server } from '../test/support/dns-client.ts';
import { layOutDatagrams } from './datagram-memory.ts';

interface Flood {
  /** Must be at 127.0.0.1 (datagram-memory.ts). */
  server: Server;
  query: Uint8Array;
  perSecond: number;
  /** The offset in the query of eight digits that count the datagrams. Undefined: all datagrams are the same. */
  countAt?: number;
}

/** The largest number of datagrams in one system call. */
const batch = 64;

/** The number in the last datagram. Counts up from the time of the start, so that each flood sends other numbers. */
let numbered = (Math.floor(Date.now() / 100) % 10_000) * 10_000;

/** The pause between two system calls. The kernel adds about 0.05 ms (its timer slack). */
const pauseMilliseconds = 0.05;

/** Floods while the work runs. The work begins when the flood has begun. Returns the result of the work. */
export async function floodDuring<T>(flood: Flood, work: () => Promise<T>): Promise<T> {
  const cells = new SharedArrayBuffer(8);
  const shared = new Int32Array(cells);
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { ...flood, flood: cells },
    // The thread opens its socket with libc and closes it with node:fs, which warns of descriptors that it did not
    // open.
    trackUnmanagedFds: false,
  });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  try {
    while (Atomics.load(shared, 1) === 0) await delay(1);
    return await work();
  } finally {
    Atomics.store(shared, 0, 1);
    await ended;
  }
}

// Other threads of a benchmark import this file too. Their worker data has no `flood`.
if (workerData?.flood instanceof SharedArrayBuffer) send(workerData);

function send({ server, query, perSecond, countAt, flood }: Flood & { flood: SharedArrayBuffer }): void {
  const shared = new Int32Array(flood);
  const libc = openLibc();
  const descriptor = libc.socket(linux.AF_INET, linux.SOCK_DGRAM, 0);
  // With the smallest receive buffer, the kernel drops most answers, which nobody reads.
  libc.setsockopt(descriptor, linux.SOL_SOCKET, linux.SO_RCVBUF, Int32Array.of(0).buffer, 4);
  const { pointer, datagrams } = layOutDatagrams(libc.pointerTo, {
    count: batch,
    maxOctets: query.length,
    port: server.port,
  });
  for (const datagram of datagrams) datagram.set(query);
  const begun = performance.now();
  let paced = 0;
  let sent = 0;
  while (Atomics.load(shared, 0) === 0) {
    const due = Math.floor(((performance.now() - begun) / 1_000) * perSecond);
    // If this thread had to wait, it does not send later what it missed: the flood must have no bursts.
    const count = Math.min(batch, due - paced);
    if (countAt !== undefined) for (let i = 0; i < count; i += 1) number(datagrams[i] as Uint8Array, countAt);
    if (count > 0) sent += Math.max(0, libc.sendmmsg(descriptor, pointer, count, 0));
    paced = due;
    Atomics.store(shared, 1, sent);
    // A timer of JavaScript would wait at least a millisecond. At 20,000 datagrams a second, 20 would arrive at once.
    Atomics.wait(shared, 0, 0, pauseMilliseconds);
  }
  closeSync(descriptor);
}

/** Writes the next number, in eight digits. */
function number(datagram: Uint8Array, at: number): void {
  numbered += 1;
  for (let i = 7, left = numbered; i >= 0; i -= 1, left = Math.floor(left / 10)) datagram[at + i] = 0x30 + (left % 10);
}
