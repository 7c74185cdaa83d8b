// The answering threads of one server: gives them their tasks, adds up their counters, and stops them. One thread:
// kept-thread.ts.

import { releaseForwardCacheCell } from '../../forward-cache/forward-cache-reader.ts';
import type { Logger } from '../../model/logger.ts';
import { claimCell, releaseCell, type Table, wordsOf } from '../../table/table.ts';
import type { RemoteTaker } from '../handed-on/remote-taker.ts';
import type { Attachment, Taker } from '../handed-on/taker.ts';
import type { ResponseSettings } from '../respond/settings.ts';
import { KeptThread, type ThreadStart } from './kept-thread.ts';
import { type CounterValues, newThreadCounters, sumCounters, type ThreadCounters } from './listen-counters.ts';
import type { ReadyReport, ThreadTask } from './thread-task.ts';

/** The part of a task that every thread gets. */
type SharedPart = Omit<ThreadTask, 'addresses'>;
/** The part of a task that only this kind of thread gets. */
type OwnPart<Task extends ThreadTask> = Omit<Task, keyof SharedPart>;

/** The takers of the queries that the threads hand on. */
interface Takers {
  readonly main: Taker;
  readonly forwarder: RemoteTaker;
}

export class ListenThreads {
  readonly #table: Table;
  readonly #responses: ResponseSettings;
  readonly #takers: Takers;
  readonly #forwardCache: SharedArrayBuffer;
  readonly #logger: Logger;
  readonly #stop = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  readonly #threads: KeptThread[] = [];
  readonly #counters: ThreadCounters[] = [];

  constructor(
    shared: { table: Table; forwardCache: SharedArrayBuffer },
    responses: ResponseSettings,
    takers: Takers,
    logger: Logger,
  ) {
    this.#table = shared.table;
    this.#forwardCache = shared.forwardCache;
    this.#responses = responses;
    this.#takers = takers;
    this.#logger = logger;
  }

  /** Adds the counters of another thread to the sums. */
  addCounters(counters: ThreadCounters): void {
    this.#counters.push(counters);
  }

  /**
   * Starts a thread. `own` returns the part of the task for this kind of thread; `again` is true for restarts. Rejects
   * if the thread cannot do its work.
   */
  async start<Task extends ThreadTask>(
    name: string,
    script: string,
    own: (again: boolean) => OwnPart<Task>,
  ): Promise<{ ready: ReadyReport; thread: KeptThread }> {
    const { buffer } = this.#table;
    const words = wordsOf(buffer);
    const counters = newThreadCounters();
    let reader = -1;
    let attachments: Attachment[] = [];
    const task = (again: boolean): ThreadStart => {
      reader = claimCell(words);
      const main = this.#takers.main.attach();
      const forwarder = this.#takers.forwarder.attach();
      attachments = [main, forwarder];
      const shared: SharedPart = {
        table: buffer,
        reader,
        stop: this.#stop,
        counters: counters.listen,
        responseCounters: counters.respond,
        responses: this.#responses,
        handOn: { main: main.task, forwarder: forwarder.task },
        forwardCache: this.#forwardCache,
      };
      return { workerData: { ...shared, ...own(again) }, transferList: [...main.ports, ...forwarder.ports] };
    };
    const thread = new KeptThread({
      name,
      script: new URL(script, import.meta.url),
      task,
      onStopped: async () => {
        await Promise.all(attachments.map((attachment) => attachment.settle()));
      },
      onEnd: () => {
        for (const attachment of attachments) attachment.close();
        // A dead thread has not released its cells. Until that is done, the table and the cache may not use the memory
        // again that the thread was reading.
        releaseCell(words, reader);
        releaseForwardCacheCell(this.#forwardCache, reader);
      },
      logger: this.#logger,
    });
    this.#counters.push(counters);
    this.#threads.push(thread);
    return { ready: await thread.start(), thread };
  }

  /** Returns the sums over all threads since the start, also over threads that died. */
  counters(): CounterValues[] {
    return sumCounters(this.#counters);
  }

  /** Lets all threads finish their work. Resolves when they have ended. */
  async stop(): Promise<void> {
    Atomics.store(new Int32Array(this.#stop), 0, 1);
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}
