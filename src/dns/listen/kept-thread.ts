// A worker thread that is kept running: started, told to stop, and started again when it dies. What it does is in its script.

import { closeSync } from 'node:fs';
import { type Transferable, Worker } from 'node:worker_threads';
import { stackOf } from '../../errors.ts';
import type { Logger } from '../../model/logger.ts';
import type { FailedReport, ReadyReport, ThreadOrder, ThreadReport } from './thread-task.ts';

/** After a death we wait, in milliseconds: longer each time, until a thread has lived for `calm`. */
const pauses = { first: 100, longest: 5_000, calm: 60_000 } as const;

/** How long a thread may take to drain before it is cut off, in milliseconds. */
const longestDrain = 3_000;

/** What a thread starts with. */
export interface ThreadStart {
  readonly workerData: object;
  /** Objects in `workerData` that move to the thread. */
  readonly transferList?: Transferable[];
}

interface KeptThreadOptions {
  readonly name: string;
  readonly script: URL;
  /** What the thread gets; `again` when a thread before it has died. */
  readonly task: (again: boolean) => ThreadStart;
  readonly log: Logger;
  /** Runs when the thread has ended because it was told to; its descriptors are closed after that. */
  readonly onStopped?: () => Promise<void>;
  /** Runs after every end of the thread, whatever its cause, and before its descriptors are closed. */
  readonly onEnd?: () => void;
}

export class KeptThread {
  readonly #options: KeptThreadOptions;
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #stopping = false;
  #deaths = 0;
  #pause: NodeJS.Timeout | undefined;

  constructor(options: KeptThreadOptions) {
    this.#options = options;
  }

  /** Starts the thread; rejects when it cannot do its work, and then does not try again. */
  start(): Promise<ReadyReport> {
    return this.#launch(false);
  }

  /** Says it to the thread, if it lives; the one after it must get to know by its task. */
  tell(order: ThreadOrder): void {
    this.#worker?.postMessage(order);
  }

  /** Lets the thread finish what it has, and returns when it is gone. The caller has set the stop cell before. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#pause);
    const worker = this.#worker;
    if (worker === undefined) return;
    this.tell('stop');
    const cutOff = setTimeout(() => {
      this.#options.log.warn({ thread: this.#options.name }, 'a DNS thread did not drain in time and was cut off');
      void worker.terminate();
    }, longestDrain);
    await this.#ended;
    clearTimeout(cutOff);
  }

  #launch(again: boolean): Promise<ReadyReport> {
    const { name, script, task, log } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<ReadyReport>();
    const ended = Promise.withResolvers<void>();
    const startedAt = performance.now();
    let report: ReadyReport | FailedReport | undefined;
    let reason: string | undefined;
    const worker = new Worker(script, {
      name,
      ...task(again),
      // Descriptors that did not come from node:fs would be warned about.
      trackUnmanagedFds: false,
    });
    this.#worker = worker;
    this.#ended = ended.promise;
    worker.on('message', (message: ThreadReport) => {
      if (message.kind === 'fault') {
        log.error({ thread: name, reason: message.message }, 'a query was not answered: this is a bug');
        return;
      }
      report = message;
      if (message.kind === 'ready') resolve(message);
      else reason = message.message;
    });
    worker.on('error', (error) => {
      reason = stackOf(error);
    });
    worker.on('exit', async (code) => {
      reason ??= `it ended with exit code ${code}`;
      this.#worker = undefined;
      await this.#clearAway(report?.descriptors ?? []);
      ended.resolve();
      if (report?.kind === 'ready' || again) this.#mourn(reason, performance.now() - startedAt);
      else reject(new Error(reason));
    });
    return promise;
  }

  /** Sockets that Node does not know of outlive their thread, and a dead thread cannot close them: that is always done here. */
  async #clearAway(descriptors: readonly number[]): Promise<void> {
    const { onStopped, onEnd } = this.#options;
    // After a death the kernel still gives queries to the socket that nobody reads: it is closed at once.
    if (this.#stopping) await onStopped?.();
    onEnd?.();
    for (const descriptor of descriptors) closeSync(descriptor);
  }

  #mourn(reason: string, lived: number): void {
    if (this.#stopping) return;
    this.#deaths = lived > pauses.calm ? 1 : this.#deaths + 1;
    const pause = Math.min(pauses.first * 2 ** (this.#deaths - 1), pauses.longest);
    this.#options.log.error(
      { thread: this.#options.name, reason, restartInMilliseconds: pause },
      'a DNS thread died and is started again',
    );
    this.#pause = setTimeout(() => {
      // Its failure is its exit, which comes back here.
      void this.#launch(true).then(({ socket }) => {
        const { name, log } = this.#options;
        log.info({ thread: name, ...(socket && { socket }) }, 'a DNS thread is back');
      });
    }, pause);
  }
}
