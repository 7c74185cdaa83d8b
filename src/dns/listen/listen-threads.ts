// The threads of one server: what all of them are given, their counters added up, and their end. One of them: kept-thread.ts.

import type { Logger } from '../../model/logger.ts';
import { claimCell, releaseCell, type Table, wordsOf } from '../../table/table.ts';
import type { Attachment, Taker } from '../handed-on/taker.ts';
import type { ResponseSettings } from '../respond/settings.ts';
import { KeptThread, type ThreadStart } from './kept-thread.ts';
import { type CounterValues, newThreadCounters, sumCounters, type ThreadCounters } from './listen-counters.ts';
import type { ReadyReport, ThreadTask } from './thread-task.ts';

/** What every thread gets, whatever it does. */
type SharedPart = Omit<ThreadTask, 'addresses'>;
/** And what it gets for its own work. */
type OwnPart<Task extends ThreadTask> = Omit<Task, keyof SharedPart>;

/** So long, in milliseconds, handed-on queries of a stopped thread may still be answered. */
const maxSettle = 250;

export class ListenThreads {
  readonly #table: Table;
  readonly #responses: ResponseSettings;
  readonly #taker: Taker;
  readonly #log: Logger;
  readonly #stop = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  readonly #threads: KeptThread[] = [];
  readonly #counters: ThreadCounters[] = [];

  constructor(table: Table, responses: ResponseSettings, taker: Taker, log: Logger) {
    this.#table = table;
    this.#responses = responses;
    this.#taker = taker;
    this.#log = log;
  }

  /** Sums up these counters too: of a thread that is not one of these. */
  addCounters(counters: ThreadCounters): void {
    this.#counters.push(counters);
  }

  /** Starts one; `own` is asked for its part of the task now, and `again` whenever it has died. Rejects when it cannot do its work. */
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
      onStopped: async () => attachment?.settle(maxSettle),
      onEnd: () => {
        attachment?.close();
        // A dead thread cannot do it, and the table would free nothing any more.
        releaseCell(words, reader);
      },
      log: this.#log,
    });
    this.#counters.push(counters);
    this.#threads.push(thread);
    return { ready: await thread.start(), thread };
  }

  /** Sums over all threads since the start, the dead ones included. */
  counters(): CounterValues[] {
    return sumCounters(this.#counters);
  }

  /** Lets all of them finish what they have, and returns when they are gone. */
  async stop(): Promise<void> {
    Atomics.store(new Int32Array(this.#stop), 0, 1);
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}
