// The ledger in the main thread: each call is a message to the ledger's thread (ledger-worker.ts). The first call
// starts the thread, so that a replica that does not use its ledger saves the memory of the thread.

import { Worker } from 'node:worker_threads';
import { messageOf } from '../model/thrown.ts';
import { type Ledger, LedgerUnavailable } from './ledger.ts';
import type { LedgerCall, LedgerMethod, LedgerReply, LedgerTask } from './ledger-messages.ts';

/** How long closing waits for unfinished calls. */
const closeMilliseconds = 5_000;

interface Waiting {
  resolve: (result: never) => void;
  reject: (reason: LedgerUnavailable) => void;
}

export class LedgerThread implements Ledger {
  readonly #task: LedgerTask;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #worker: Worker | undefined;
  #closed = false;

  constructor(task: LedgerTask) {
    this.#task = task;
  }

  identity: Ledger['identity'] = () => this.#call('identity');
  append: Ledger['append'] = (rows) => this.#call('append', rows);
  appendSamples: Ledger['appendSamples'] = (samples) => this.#call('appendSamples', samples);
  listEvents: Ledger['listEvents'] = (filter, page) => this.#call('listEvents', filter, page);
  addressHistory: Ledger['addressHistory'] = (filter, page) => this.#call('addressHistory', filter, page);
  usage: Ledger['usage'] = (wanted) => this.#call('usage', wanted);
  retain: Ledger['retain'] = (retention) => this.#call('retain', retention);

  /** Closes the ledger and ends the thread. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const worker = this.#worker;
    const closing = worker && this.#call('close');
    this.#closed = true;
    await Promise.race([closing, new Promise((resolve) => setTimeout(resolve, closeMilliseconds).unref())]).catch(
      () => undefined,
    );
    await worker?.terminate();
  }

  #call<T>(method: LedgerMethod, ...parameters: unknown[]): Promise<T> {
    if (this.#closed) return Promise.reject(new LedgerUnavailable('the ledger is closed'));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const id = ++this.#calls;
    this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
    this.#worker ??= this.#start();
    this.#worker.postMessage({ id, method, parameters } satisfies LedgerCall);
    return promise;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./ledger-worker.ts', import.meta.url), {
      name: 'ledger',
      workerData: this.#task,
      // Batches are short-lived: a small young generation saves 60 MB, and costs little.
      resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 256 },
    });
    worker.unref();
    let reason = 'its thread has ended';
    worker.on('message', (reply: LedgerReply) => this.#settle(reply));
    worker.on('error', (error) => {
      reason = `its thread failed: ${messageOf(error)}`;
    });
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      const failure = new LedgerUnavailable(reason);
      for (const { reject } of this.#waiting.values()) reject(failure);
      this.#waiting.clear();
    });
    return worker;
  }

  #settle(reply: LedgerReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('failure' in reply) waiting?.reject(new LedgerUnavailable(reply.failure));
    else waiting?.resolve(reply.result as never);
  }
}
