// The threads of one server: what all of them are given, their counters added up, and their end. One of them: kept-thread.ts.

import type { Logger } from '../../model/logger.ts';
import { claimCell, releaseCell, type Table, wordsOf } from '../../table/table.ts';
import type { ResponseSettings } from '../respond/settings.ts';
import { KeptThread } from './kept-thread.ts';
import { type CounterValues, newThreadCounters, sumCounters, type ThreadCounters } from './listen-counters.ts';
import type { ReadyReport, ThreadTask } from './thread-task.ts';

/** What every thread gets, whatever it does. */
type SharedPart = Omit<ThreadTask, 'addresses'>;
/** And what it gets for its own work. */
type OwnPart<Task extends ThreadTask> = Omit<Task, keyof SharedPart>;

export class ListenThreads {
  readonly #table: Table;
  readonly #responses: ResponseSettings;
  readonly #log: Logger;
  readonly #stop = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  readonly #threads: KeptThread[] = [];
  readonly #counters: ThreadCounters[] = [];

  constructor(table: Table, responses: ResponseSettings, log: Logger) {
    this.#table = table;
    this.#responses = responses;
    this.#log = log;
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
    const task = (again: boolean): SharedPart & OwnPart<Task> => {
      reader = claimCell(words);
      const cells = { counters: counters.listen, responseCounters: counters.respond };
      return { table: buffer, reader, stop: this.#stop, ...cells, responses: this.#responses, ...own(again) };
    };
    const thread = new KeptThread({
      name,
      script: new URL(script, import.meta.url),
      task,
      // A dead thread cannot do it, and the table would free nothing any more.
      onEnd: () => releaseCell(words, reader),
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
