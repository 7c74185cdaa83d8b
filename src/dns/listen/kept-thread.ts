// A worker thread that is kept running: started, stopped, and restarted when it dies. The thread's script does the
// work.

import { closeSync } from 'node:fs';
import { type Transferable, Worker } from 'node:worker_threads';
import type { Logger } from '../../model/logger.ts';
import { stackOf } from '../../model/thrown.ts';
import type { FailedReport, ReadyReport, ThreadOrder, ThreadReport } from './thread-task.ts';

/**
 * The pause before a restart, in milliseconds. It doubles after each death, up to `maxPause`, until a thread has lived
 * longer than `resetAfterMilliseconds`.
 */
const firstPause = 100;
const maxPause = 5_000;
const resetAfterMilliseconds = 60_000;

/** Milliseconds that a stopping thread may take before it is terminated. */
const maxDrain = 3_000;

export interface ThreadStart {
  readonly workerData: object;
  /** Objects in `workerData` that are moved to the thread, not copied. */
  readonly transferList?: Transferable[];
}

interface KeptThreadOptions {
  readonly name: string;
  readonly script: URL;
  /** Returns the task for a start. `again` is true for a restart. */
  readonly task: (again: boolean) => ThreadStart;
  readonly logger: Logger;
  /**
   * Runs after a stopped thread has ended, and before its descriptors are closed (test/dns/listen/kept-thread.test.ts).
   */
  readonly onStopped?: () => Promise<void>;
  /** Runs after every end of the thread, before its descriptors are closed. */
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

  /**
   * Starts the thread. Rejects if the thread reports a failure or ends before it is ready; then it is not restarted.
   */
  start(): Promise<ReadyReport> {
    return this.#launch(false);
  }

  /** Sends the order to the thread, if the thread runs. A restarted thread gets only its task. */
  tell(order: ThreadOrder): void {
    this.#worker?.postMessage(order);
  }

  /** Lets the thread finish its work. Resolves when the thread has ended. The caller must set the stop cell before. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#pause);
    const worker = this.#worker;
    if (worker === undefined) return;
    this.tell('stop');
    const cutOff = setTimeout(() => {
      this.#options.logger.warn({ thread: this.#options.name }, 'DNS thread did not stop in time: terminated');
      void worker.terminate();
    }, maxDrain);
    await this.#ended;
    clearTimeout(cutOff);
  }

  #launch(again: boolean): Promise<ReadyReport> {
    const { name, script, task, logger } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<ReadyReport>();
    const ended = Promise.withResolvers<void>();
    const startedAt = performance.now();
    let report: ReadyReport | FailedReport | undefined;
    let reason: string | undefined;
    const worker = new Worker(script, {
      name,
      ...task(again),
      // Without this option, Node warns about descriptors that were not opened by node:fs.
      trackUnmanagedFds: false,
    });
    this.#worker = worker;
    this.#ended = ended.promise;
    worker.on('message', (message: ThreadReport) => {
      if (message.kind === 'fault') {
        logger.error({ thread: name, reason: message.message }, 'a query was not answered: this is a bug');
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
      if (report?.kind === 'ready' || again) this.#scheduleRestart(reason, performance.now() - startedAt);
      else reject(new Error(reason));
    });
    return promise;
  }

  /** Closes the descriptors that Node does not know of, since they outlive the ended thread. */
  async #clearAway(descriptors: readonly number[]): Promise<void> {
    const { onStopped, onEnd } = this.#options;
    // After a death, the descriptors are closed at once: until then, the kernel delivers queries to them that nobody
    // reads.
    if (this.#stopping) await onStopped?.();
    onEnd?.();
    for (const descriptor of descriptors) closeSync(descriptor);
  }

  #scheduleRestart(reason: string, lived: number): void {
    if (this.#stopping) return;
    this.#deaths = lived > resetAfterMilliseconds ? 1 : this.#deaths + 1;
    const pause = Math.min(firstPause * 2 ** (this.#deaths - 1), maxPause);
    this.#options.logger.error(
      { thread: this.#options.name, reason, restartInMilliseconds: pause },
      'DNS thread exited, restarting',
    );
    this.#pause = setTimeout(() => {
      // If the start fails, the thread exits, and the listener of `exit` schedules the next restart.
      void this.#launch(true).then(({ socket }) => {
        const { name, logger } = this.#options;
        logger.info({ thread: name, ...(socket && { socket }) }, 'DNS thread restarted');
      });
    }, pause);
  }
}
