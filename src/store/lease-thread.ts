// The entry file of the thread that keeps leases of etcd while the main thread is busy. The thread calls only one
// method of etcd, so it speaks gRPC itself: etcd3 with its gRPC would take 18 MB here. The thread needs no user name,
// since etcd renews a lease for any client.

import type { ClientHttp2Session } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { decodeTimeToLive, encodeKeepAlive } from './lease-messages.ts';
import type { LeaseOrder, LeaseTask } from './lease-task.ts';
import type { LeaseId } from './store.ts';

const { connect } = process.getBuiltinModule('node:http2');

const attemptMilliseconds = 2000;
const pauseMilliseconds = 500;

const task: LeaseTask = workerData;
const beat = new Int32Array(task.beat);
const guarded = new Set<LeaseId>();
let preferred = 0;
let session: ClientHttp2Session | undefined;
let lastBeat = { count: Atomics.load(beat, 0), at: performance.now() };

parentPort?.on('message', ({ kind, lease }: LeaseOrder) => {
  if (kind === 'release') guarded.delete(lease);
  else if (!guarded.has(lease)) {
    guarded.add(lease);
    void keep(lease);
  }
});

/** Keeps the lease until it is released or has ended. */
async function keep(lease: LeaseId): Promise<void> {
  while (guarded.has(lease)) {
    let pause = pauseMilliseconds;
    if (isMainThreadAlive()) {
      try {
        const seconds = await renew(lease);
        if (seconds === 0) guarded.delete(lease);
        pause = (seconds * 1000) / 4;
      } catch {
        // The main thread logs that etcd cannot be reached.
        session?.destroy();
        session = undefined;
        preferred = (preferred + 1) % task.endpoints.length;
      }
    }
    await delay(pause);
  }
}

function isMainThreadAlive(): boolean {
  const count = Atomics.load(beat, 0);
  const now = performance.now();
  if (count !== lastBeat.count) lastBeat = { count, at: now };
  return now - lastBeat.at <= task.maxBusyMilliseconds;
}

/** Renews the lease. Returns the seconds that it has left; 0 if it has ended. */
function renew(lease: LeaseId): Promise<number> {
  const stream = opened().request({
    ':method': 'POST',
    ':path': '/etcdserverpb.Lease/LeaseKeepAlive',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let received = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    const seconds = decodeTimeToLive(received);
    if (seconds !== undefined) resolve(seconds);
  });
  stream.on('error', reject);
  stream.on('close', () => reject(new Error('etcd ended the stream')));
  stream.write(encodeKeepAlive(lease));
  const timeout = setTimeout(() => reject(new Error('etcd does not answer')), attemptMilliseconds);
  return promise.finally(() => {
    clearTimeout(timeout);
    stream.close();
  });
}

/** Returns the connection to the preferred endpoint. */
function opened(): ClientHttp2Session {
  if (session !== undefined && !session.destroyed && !session.closed) return session;
  const { ca, cert, key } = task;
  const url = task.endpoints[preferred] as string;
  const opening = connect(url, {
    ...(ca && { ca: Buffer.from(ca) }),
    ...(cert && key && { cert: Buffer.from(cert), key: Buffer.from(key) }),
  });
  opening.on('error', () => undefined);
  session = opening;
  return opening;
}
