// The main thread's part in forwarding: runs the thread that forwards while there are forwarders, tells it of changes,
// and asks it for the state of the forwarders. The thread itself: forwarder-thread.ts.

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { ForwarderPart } from './dns/listen/dns-server.ts';
import { KeptThread, type ThreadStart } from './dns/listen/kept-thread.ts';
import type { ResponseSettings } from './dns/respond/settings.ts';
import { emptyForwardCache } from './forward-cache/create-forward-cache.ts';
import { releaseForwardCacheCell } from './forward-cache/forward-cache-reader.ts';
import type { ForwarderOrder, ForwarderReply, ForwarderReport, ForwarderTask } from './forwarder-messages.ts';
import type { CachedAnswer } from './forwarding/forwarders/cached-answer.ts';
import type { ForwarderState, ForwarderUpstreams, ListedForwarder } from './forwarding/forwarders/forward-request.ts';
import type { Logger } from './model/logger.ts';
import type { Fqdn } from './model/name.ts';
import { messageOf } from './model/thrown.ts';
import { claimCell, releaseCell, type Table, wordsOf } from './table/table.ts';
import { type ForwarderView, forwarderNumber } from './views/forwarder-view.ts';

/** Milliseconds that the API waits for the thread's reply. */
const patience = 1_000;

interface ForwarderServiceOptions {
  readonly part: ForwarderPart;
  readonly table: Table;
  readonly settings: ResponseSettings;
  readonly forwarders: ForwarderView;
  readonly logger: Logger;
}

/** A question that the thread replies to. */
type Question =
  | { readonly state: Fqdn }
  | { readonly upstreams: true }
  | { readonly cached: Fqdn; readonly name: Fqdn | undefined }
  | { readonly empty: Fqdn; readonly name: Fqdn | undefined };

export class ForwarderService {
  readonly #options: ForwarderServiceOptions;
  #thread: KeptThread | undefined;
  /** The starts and stops of the thread run one after the other. */
  #work: Promise<void> = Promise.resolve();
  #control: MessagePort | undefined;
  #closed = false;
  #lastId = 0;
  /** For each zone: the last value of the counter of answers from the cache, and the number of all of them so far. */
  readonly #hits = new Map<Fqdn, { last: number; sum: number }>();
  readonly #questions = new Map<number, (reply: ForwarderReply | undefined) => void>();

  constructor(options: ForwarderServiceOptions) {
    this.#options = options;
    options.forwarders.listen(
      () => this.#update(),
      (zone, name) => void this.emptyCache(zone, name),
    );
  }

  /** Returns the state of the zone's forwarder; undefined if the thread does not know it, or does not reply in time. */
  async state(zone: Fqdn): Promise<ForwarderState | undefined> {
    return (await this.#ask({ state: zone }))?.state;
  }

  /** Returns cached answers of the zone's forwarder. With `name`, only those for this name. */
  async answers(zone: Fqdn, name: Fqdn | undefined): Promise<readonly CachedAnswer[]> {
    return (await this.#ask({ cached: zone, name }))?.cached ?? [];
  }

  /** Returns the servers of all forwarders that the thread knows; none if it does not reply in time. */
  async upstreams(): Promise<readonly ForwarderUpstreams[]> {
    return (await this.#ask({ upstreams: true }))?.upstreams ?? [];
  }

  /** Yields how many answers of each forwarder came from the cache since the start. */
  *cached(): Generator<readonly [zone: Fqdn, hits: number]> {
    const { forwarders } = this.#options;
    for (const { value } of forwarders.list()) {
      const { zone } = value;
      const now = forwarders.hits(zone);
      const { last = 0, sum = 0 } = this.#hits.get(zone) ?? {};
      // The counter has 32 bits and wraps around.
      const hits = { last: now, sum: sum + ((now - last) >>> 0) };
      this.#hits.set(zone, hits);
      yield [zone, hits.sum];
    }
  }

  /** Removes the cached answers of the zone's forwarder. With `name`, only those for this name. */
  async emptyCache(zone: Fqdn, name: Fqdn | undefined): Promise<void> {
    await this.#ask({ empty: zone, name });
  }

  /** Stops the thread. Call this after the answering threads have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#run(() => this.#stop());
    await this.#work;
  }

  #update(): void {
    if (this.#closed) return;
    this.#tell({ forwarders: this.#list() });
    // Only one of them does something: a start if the thread is needed and does not run, a stop in the opposite case.
    this.#run(() => this.#start());
    this.#run(() => this.#stop());
  }

  /** Runs the work after all earlier work. */
  #run(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#options.logger.error({ reason: messageOf(error) }, 'cannot start the thread that forwards questions');
    });
  }

  #list(): ListedForwarder[] {
    return [...this.#options.forwarders.list()].map(({ value, modified }) => {
      return { id: forwarderNumber(modified), forwarder: value };
    });
  }

  async #start(): Promise<void> {
    if (this.#closed || this.#thread !== undefined || this.#list().length === 0) return;
    const { table, part, logger } = this.#options;
    const words = wordsOf(table.buffer);
    let cells: readonly [number, number] = [-1, -1];
    this.#thread = new KeptThread({
      name: 'dns-forwarder',
      script: new URL('./forwarder-thread.ts', import.meta.url),
      task: () => {
        cells = [claimCell(words), claimCell(words)];
        return this.#taskWith(cells);
      },
      onEnd: () => {
        this.#control?.close();
        this.#control = undefined;
        part.taker.ended();
        for (const cell of cells) {
          releaseCell(words, cell);
          releaseForwardCacheCell(part.cache, cell);
        }
        emptyForwardCache(part.cache);
        for (const answer of this.#questions.values()) answer(undefined);
      },
      logger,
    });
    await this.#thread.start();
  }

  #taskWith(readers: readonly [number, number]): ThreadStart {
    const { table, part, settings } = this.#options;
    const { port1, port2 } = new MessageChannel();
    this.#control = port1;
    port1.on('message', (report: ForwarderReport) => this.#receive(report));
    port1.unref();
    const task: ForwarderTask = {
      table: table.buffer,
      readers,
      cache: part.cache,
      counters: part.counters,
      socket: part.socket,
      settings,
      doorbell: part.taker.doorbell,
      limits: part.taker.limits,
      lines: part.taker.started((order) => this.#tell(order)),
      forwarders: this.#list(),
      control: port2,
    };
    return { workerData: task, transferList: [port2] };
  }

  /** Stops the thread if it is no longer needed. */
  async #stop(): Promise<void> {
    if (this.#thread === undefined || (!this.#closed && this.#list().length > 0)) return;
    this.#options.part.taker.stopping();
    await this.#thread.stop();
    this.#thread = undefined;
  }

  #tell(order: ForwarderOrder): void {
    this.#control?.postMessage(order);
  }

  #receive(report: ForwarderReport): void {
    if ('level' in report) this.#options.logger[report.level](report.fields, report.message);
    else this.#questions.get(report.id)?.(report);
  }

  async #ask(question: Question): Promise<ForwarderReply | undefined> {
    if (this.#control === undefined) return undefined;
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve } = Promise.withResolvers<ForwarderReply | undefined>();
    const timeout = setTimeout(() => resolve(undefined), patience);
    this.#questions.set(id, resolve);
    this.#tell({ ...question, id });
    try {
      return await promise;
    } finally {
      clearTimeout(timeout);
      this.#questions.delete(id);
    }
  }
}
