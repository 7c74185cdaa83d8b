// The answering threads of one server: gives them their tasks, adds up their counters, stops them. One thread:
// kept-thread.ts.

import type { Logger } from '../../model/logger.ts';
import { claimCell, releaseCell, type Table, wordsOf } from '../../table/table.ts';
import type { Attachment, Taker } from '../handed-on/taker.ts';
import type { ResponseSettings } from '../respond/settings.ts';
import { KeptThread, type ThreadStart } from './kept-thread.ts';
import { type CounterValues, newThreadCounters, sumCounters, type ThreadCounters } from './listen-counters.ts';
import type { ReadyReport, ThreadTask } from './thread-task.ts';

/** The part of a task that every thread gets. */
type SharedPart = Omit<ThreadTask, 'addresses'>;
/** The part of a task that only this kind of thread gets. */
type OwnPart<Task extends ThreadTask> = Omit<Task, keyof SharedPart>;

export class ListenThreads {
  readonly #table: Table;
  readonly #responses: ResponseSettings;
  readonly #taker: Taker;
  readonly #logger: Logger;
  readonly #stop = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  readonly #threads: KeptThread[] = [];
  readonly #counters: ThreadCounters[] = [];

  constructor(table: Table, responses: ResponseSettings, taker: Taker, logger: Logger) {
    this.#table = table;
    this.#responses = responses;
    this.#taker = taker;
    this.#logger = logger;
  }

  /** Adds the counters of a thread that is not one of these to the sums. */
  addCounters(counters: ThreadCounters): void {
    this.#counters.push(counters);
  }

  /**
   * Starts a thread. `own` makes the thread's own part of its task, for this start and for each restart (`again`).
   * Rejects if the thread cannot do its work.
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
    let attachment: Attachment | undefined;
    const task = (again: boolean): ThreadStart => {
      reader = claimCell(words);
      attachment = this.#taker.attach();
      const shared: SharedPart = {
        table: buffer,
        reader,
        stop: this.#stop,
        counters: counters.listen,
        responseCounters: counters.respond,
        responses: this.#responses,
        handOn: attachment.task,
      };
      return { workerData: { ...shared, ...own(again) }, transferList: [attachment.task.port] };
    };
    const thread = new KeptThread({
      name,
      script: new URL(script, import.meta.url),
      task,
      onStopped: async () => attachment?.settle(),
      onEnd: () => {
        attachment?.close();
        // A thread that died has not released its cell. The table would free no memory for as long as it is held.
        releaseCell(words, reader);
      },
      logger: this.#logger,
    });
    this.#counters.push(counters);
    this.#threads.push(thread);
    return { ready: await thread.start(), thread };
  }

  /** Returns the sums over all threads since the start. Threads that died are included. */
  counters(): CounterValues[] {
    return sumCounters(this.#counters);
  }

  /** Lets all threads finish their work, and returns when they have ended. */
  async stop(): Promise<void> {
    Atomics.store(new Int32Array(this.#stop), 0, 1);
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}
