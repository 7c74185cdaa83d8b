// Sends the same datagram at a steady rate, from a thread of its own, and reads no answers. It uses little CPU time: a
// benchmark must measure what the server does with the flood, not what the client takes from the machine.

import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker, workerData } from 'node:worker_threads';
import { linux, openLibc } from '../src/dns/listen/libc.ts';
import { header, headerBytes, iov, nameBytes } from '../src/dns/listen/message-layout.ts';
import type { Server } from '../test/support/dns-client.ts';

interface Flood {
  /** Must be at 127.0.0.1: `layOut` writes this address. */
  server: Server;
  query: Uint8Array;
  perSecond: number;
}

/** The maximum of datagrams in one system call. */
const batch = 64;

/** Floods while the work runs. Returns how many datagrams were sent. */
export async function floodDuring(flood: Flood, work: () => Promise<unknown>): Promise<number> {
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
    await work();
  } finally {
    Atomics.store(shared, 0, 1);
    await ended;
  }
  return Atomics.load(shared, 1);
}

// Other threads of a benchmark import this file too. Their worker data has no `flood`.
if (workerData?.flood instanceof SharedArrayBuffer) await send(workerData);

async function send({ server, query, perSecond, flood }: Flood & { flood: SharedArrayBuffer }): Promise<void> {
  const shared = new Int32Array(flood);
  const libc = openLibc();
  const descriptor = libc.socket(linux.AF_INET, linux.SOCK_DGRAM, 0);
  // With the smallest receive buffer, the kernel drops most answers, which nobody reads.
  libc.setsockopt(descriptor, linux.SOL_SOCKET, linux.SO_RCVBUF, Int32Array.of(0).buffer, 4);
  const headers = layOut(libc.pointerTo, server.port, query);
  const begun = performance.now();
  let paced = 0;
  let sent = 0;
  while (Atomics.load(shared, 0) === 0) {
    const due = Math.floor(((performance.now() - begun) / 1_000) * perSecond);
    // If this thread had to wait, it does not send later what it missed: the flood must have no bursts.
    const count = Math.min(batch, due - paced);
    if (count > 0) sent += Math.max(0, libc.sendmmsg(descriptor, headers.pointer, count, 0));
    paced = due;
    Atomics.store(shared, 1, sent);
    await delay(1);
  }
  closeSync(descriptor);
}

/** Returns the memory of a batch of struct mmsghdr. All of them send the same query to the same address. */
function layOut(pointerTo: (buffer: ArrayBuffer) => bigint, port: number, query: Uint8Array) {
  const nameAt = batch * headerBytes;
  const iovAt = nameAt + nameBytes;
  const queryAt = iovAt + iov.words * 4;
  const memory = new ArrayBuffer(queryAt + query.length);
  const pointer = pointerTo(memory);
  const view = new DataView(memory);
  view.setUint16(nameAt, linux.AF_INET, true);
  view.setUint16(nameAt + 2, port);
  view.setUint32(nameAt + 4, 0x7f00_0001);
  view.setBigUint64(iovAt, pointer + BigInt(queryAt), true);
  view.setBigUint64(iovAt + iov.length * 4, BigInt(query.length), true);
  new Uint8Array(memory).set(query, queryAt);
  for (let at = 0; at < nameAt; at += headerBytes) {
    view.setBigUint64(at + header.name * 4, pointer + BigInt(nameAt), true);
    view.setUint32(at + header.nameLength * 4, 16, true);
    view.setBigUint64(at + header.iov * 4, pointer + BigInt(iovAt), true);
    view.setBigUint64(at + header.iovLength * 4, 1n, true);
  }
  return { memory, pointer };
}
