// Keeps leases of etcd while the main thread is busy, in a thread of its own (lease-thread.ts). The main thread
// regularly shows that it still runs: a replica that no longer works must lose its leases.

import { Worker } from 'node:worker_threads';
import type { Logger } from '../model/logger.ts';
import { messageOf } from '../model/thrown.ts';
import type { LeaseOrder, LeaseTask } from './lease-task.ts';
import type { LeaseId } from './store.ts';

/**
 * How long the main thread may be busy before its leases end. Requests of an attack keep it busy for less than a second
 * (bench:attack). A replica that has applied no change for a minute must not be a nameserver.
 */
export const maxBusyMilliseconds = 60_000;
const beatMilliseconds = 1000;
const restartMilliseconds = 5000;

export interface LeaseGuardOptions extends Omit<LeaseTask, 'beat' | 'maxBusyMilliseconds'> {
  readonly maxBusyMilliseconds?: number | undefined;
  readonly logger?: Logger | undefined;
}

export class LeaseGuard {
  readonly #options: LeaseGuardOptions;
  readonly #beat = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #leases = new Set<LeaseId>();
  #worker: Worker | undefined;
  #beating: NodeJS.Timeout | undefined;
  #restart: NodeJS.Timeout | undefined;

  constructor(options: LeaseGuardOptions) {
    this.#options = options;
  }

  /** Keeps the lease until the returned function is called. The first lease starts the thread. */
  guard(lease: LeaseId): () => void {
    this.#leases.add(lease);
    if (this.#worker === undefined && this.#restart === undefined) this.#start();
    else this.#tell({ kind: 'guard', lease });
    return () => {
      if (this.#leases.delete(lease)) this.#tell({ kind: 'release', lease });
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#beating);
    clearTimeout(this.#restart);
    this.#leases.clear();
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #tell(order: LeaseOrder): void {
    this.#worker?.postMessage(order);
  }

  #start(): void {
    this.#restart = undefined;
    this.#beating ??= setInterval(() => Atomics.add(this.#beat, 0, 1), beatMilliseconds).unref();
    const { endpoints, ca, cert, key, logger } = this.#options;
    const task: LeaseTask = {
      endpoints,
      ca,
      cert,
      key,
      beat: this.#beat.buffer as SharedArrayBuffer,
      maxBusyMilliseconds: this.#options.maxBusyMilliseconds ?? maxBusyMilliseconds,
    };
    const worker = new Worker(new URL('./lease-thread.ts', import.meta.url), {
      name: 'etcd-leases',
      workerData: task,
      // The thread needs little memory. By default it could take as much as the main thread.
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 },
      trackUnmanagedFds: false,
    });
    worker.unref();
    this.#worker = worker;
    let reason: string | undefined;
    worker.on('error', (error) => {
      reason = messageOf(error);
    });
    worker.on('exit', (code) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      logger?.error({ reason: reason ?? `exit code ${code}` }, 'the thread that keeps leases exited, restarting');
      this.#restart = setTimeout(() => this.#start(), restartMilliseconds).unref();
    });
    for (const lease of this.#leases) this.#tell({ kind: 'guard', lease });
  }
}
