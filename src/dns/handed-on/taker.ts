// Takes handed-on queries from the answering threads, has tenants answer them, and sends the answers back. Works in
// small slices, so that the event loop of its thread has time for other work. One taker is in the main thread. The
// other one, for questions to forward, is in a thread of its own (remote-taker.ts).

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { type Linked, LinkedList } from '../../model/linked-list.ts';
import { faultReporter, type ReportFault } from '../respond/fault-reporter.ts';
import type { HandedOnKind } from '../respond/hand-on.ts';
import { newDoorbell, ringDoorbell, sleepUntilRung } from './doorbell.ts';
import type { HandOnLimits } from './hand-on-limits.ts';
import type { LatePortEnd } from './late-port.ts';
import type { LateRespond } from './late-responder.ts';
import { Line, type SendDatagrams } from './line.ts';
import type { HandOnTask } from './outlet.ts';
import { Pace, type PaceOptions } from './pace.ts';
import { newQueryRing, type ReadQuery } from './query-ring.ts';
import type { AnswerTaker, LateStart, Tenant } from './tenant.ts';

/** About how many queries are taken in one turn of the event loop (test/dns/handed-on/taker.test.ts). */
const slice = 32;
/** The longest time between two checks of the deadlines, in milliseconds. */
const sweepMilliseconds = 250;

type HandedOnEnd = 'answered' | 'silent' | 'failed' | 'expired' | 'gone';

/** Work that is done with each slice. */
interface BesideSlices {
  /** Runs after the slice. */
  afterSlice(): void;
  /** Runs after the pause that may follow. `isBusy`: another slice follows soon. */
  afterPause(isBusy: boolean): void;
}

export interface TakerOptions extends PaceOptions {
  /** The tenant of each kind. A query of another kind gets the answer of `failure`. */
  readonly tenants: Readonly<Partial<Record<HandedOnKind, Tenant>>>;
  /** Makes the answer if a tenant throws or misses its deadline. */
  readonly failure: LateRespond;
  readonly sendDatagrams: SendDatagrams;
  readonly limits: HandOnLimits;
  /** Other work of the thread, which is done with each slice. */
  readonly beside?: BesideSlices;
  /** The doorbell that wakes the taker. A taker that replaces another one uses the doorbell of the other. */
  readonly doorbell?: SharedArrayBuffer;
  readonly count: (end: HandedOnEnd) => void;
  /** Gets the message of the error when a tenant throws, at most once a second. */
  readonly onFault: (message: string) => void;
}

/** The taker's connection to an answering thread. A restarted thread gets a new one. */
export interface Attachment {
  readonly task: HandOnTask;
  /** Call this when the thread has ended. Lets the queries that it handed on be answered, but waits only a moment. */
  settle(): Promise<void>;
  /** Stops all sending to the thread. Call this before the thread's descriptors are closed. */
  close(): void;
  /** The ports in the task, which must be transferred. */
  readonly ports: readonly MessagePort[];
}

class DeadlineError extends Error {}

/** A query whose answer comes later. */
class UnderWay implements Linked<UnderWay>, AnswerTaker {
  previous: UnderWay | undefined;
  next: UnderWay | undefined;
  isEnded = false;
  readonly line: Line;
  readonly query: ReadQuery;
  readonly until: number;
  readonly #taker: Taker;

  constructor(taker: Taker, line: Line, query: ReadQuery, until: number) {
    this.#taker = taker;
    this.line = line;
    this.query = query;
    this.until = until;
  }

  answer(message: Uint8Array | undefined): void {
    this.#taker.answered(this, message);
  }

  fail(error: unknown): void {
    this.#taker.failed(this, error);
  }
}

export class Taker {
  readonly #options: TakerOptions;
  readonly #doorbell: SharedArrayBuffer;
  readonly #bell: Int32Array;
  readonly #lines = new Set<Line>();
  /** Queries whose answer comes later, in the order of their deadlines. */
  readonly #underWay = new LinkedList<UnderWay>();
  #sweeper: NodeJS.Timeout | undefined;
  readonly #reportFault: ReportFault;
  readonly #pace: Pace;
  #closed = false;

  constructor(options: TakerOptions) {
    this.#options = options;
    this.#pace = new Pace(options);
    this.#doorbell = options.doorbell ?? newDoorbell();
    this.#bell = new Int32Array(this.#doorbell);
    this.#reportFault = faultReporter(options.onFault);
    this.#sleep();
  }

  /** Lets an answering thread hand queries on to this taker. Call this at each start and restart of the thread. */
  attach(): Attachment {
    const { limits } = this.#options;
    const ring = newQueryRing();
    const { port1, port2 } = new MessageChannel();
    const line = this.serve(ring, port1);
    return {
      task: { ring, doorbell: this.#doorbell, limits, port: port2 },
      settle: () => {
        while (this.#answerNext(line)) {}
        return line.settle();
      },
      close: () => this.leave(line),
      ports: [port2],
    };
  }

  /** Takes the queries of this ring too. `port` carries answers that only the answering thread can send. */
  serve(ring: SharedArrayBuffer, port: LatePortEnd): Line {
    const line = new Line(ring, port, this.#options.sendDatagrams);
    this.#lines.add(line);
    ringDoorbell(this.#bell);
    return line;
  }

  /** Stops all sending to a thread that has ended. */
  leave(line: Line): void {
    this.#lines.delete(line);
    line.close();
  }

  /** Begins the answers of all queries that wait to be taken. */
  takeAll(): void {
    for (const line of this.#lines) while (this.#answerNext(line)) {}
  }

  /** Answers SERVFAIL to the queries in `#underWay`, since this thread is about to end. */
  failAll(): void {
    for (const one of this.#underWay.toArray()) {
      if (this.#end(one)) this.#finish(one.line, one.query, this.#options.failure(one.query), 'failed');
    }
    for (const line of this.#lines) line.flush();
  }

  /** Takes a late answer. Drops it if the query has ended. */
  answered(one: UnderWay, message: Uint8Array | undefined): void {
    if (this.#end(one)) this.#finish(one.line, one.query, message);
  }

  /** Takes the failure of a late answer. Drops it if the query has ended. */
  failed(one: UnderWay, error: unknown): void {
    if (this.#end(one)) this.#fail(one.line, one.query, error);
  }

  close(): void {
    this.#closed = true;
    ringDoorbell(this.#bell);
  }

  #sleep(): void {
    sleepUntilRung(
      this.#bell,
      () => [...this.#lines].some((line) => !line.isEmpty),
      () => this.#work(),
    );
  }

  /** Answers one slice of queries, one of each thread in turn. Then rests if a rest is due. */
  #work(): void {
    if (this.#closed) return;
    const started = performance.now();
    let left = slice;
    let taken = true;
    while (taken && left > 0) {
      taken = false;
      for (const line of this.#lines) {
        if (!this.#answerNext(line)) continue;
        taken = true;
        left -= 1;
        this.#pace.breathe(slice - left);
      }
    }
    for (const line of this.#lines) line.flush();
    const rest = this.#pace.restAfter(started);
    this.#options.beside?.afterSlice();
    const goesOn = rest > 0 || this.#pace.pauseAfter(slice - left) || taken;
    this.#options.beside?.afterPause(goesOn);
    if (rest > 0) setTimeout(() => this.#work(), rest);
    else if (goesOn) setImmediate(() => this.#work());
    else this.#sleep();
  }

  /** Takes one query of the thread and begins its answer. Returns false if there is none. */
  #answerNext(line: Line): boolean {
    const query = line.take();
    if (query === undefined) return false;
    try {
      const tenant = this.#options.tenants[query.kind];
      if (tenant === undefined) throw new Error(`no tenant answers the kind ${query.kind}`);
      const answer = tenant(query);
      if (answer === undefined || answer instanceof Uint8Array) this.#finish(line, query, answer);
      else if (typeof answer === 'function') this.#answerLater(line, query, answer);
      else if (Symbol.asyncIterator in answer) void this.#answerInParts(line, query, answer);
      else {
        this.#answerLater(line, query, (taker) => {
          answer.then(
            (message) => taker.answer(message),
            (error) => taker.fail(error),
          );
        });
      }
    } catch (error) {
      this.#fail(line, query, error);
    }
    return true;
  }

  /**
   * Answers when the answer comes. One timer serves all queries: a timer for each query would cost as much as
   * reading the query.
   */
  #answerLater(line: Line, query: ReadQuery, start: LateStart): void {
    const { deadline } = this.#options.limits;
    const one = new UnderWay(this, line, query, performance.now() + deadline);
    this.#underWay.add(one);
    this.#sweeper ??= setInterval(() => this.#expire(), Math.min(sweepMilliseconds, deadline / 4)).unref();
    try {
      start(one);
    } catch (error) {
      one.fail(error);
    }
  }

  /** Ends a query whose answer comes later. Returns false if it has ended before. */
  #end(one: UnderWay): boolean {
    if (one.isEnded) return false;
    one.isEnded = true;
    this.#underWay.remove(one);
    return true;
  }

  /** Fails the queries whose tenant takes too long. */
  #expire(): void {
    const now = performance.now();
    for (let one = this.#underWay.first; one !== undefined && one.until <= now; one = this.#underWay.first) {
      one.fail(new DeadlineError());
    }
    if (this.#underWay.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  async #answerInParts(line: Line, query: ReadQuery, answer: AsyncIterable<Uint8Array>): Promise<void> {
    const messages = answer[Symbol.asyncIterator]();
    const { transport } = query.client;
    const takesSeveral = transport === 'tcp' || transport === 'tls';
    try {
      for (let sent = false; ; sent = true) {
        const { done, value } = await this.#inTime(messages.next());
        if (done === true) return this.#finish(line, query, undefined, sent ? 'answered' : 'silent');
        if (!takesSeveral) return this.#finish(line, query, value);
        if (!(await line.send(query, value))) return this.#finish(line, query, undefined, 'gone');
      }
    } catch (error) {
      this.#fail(line, query, error);
    } finally {
      // This is not awaited, since the tenant may hang.
      messages.return?.().catch(() => undefined);
    }
  }

  #finish(line: Line, query: ReadQuery, message: Uint8Array | undefined, end?: HandedOnEnd): void {
    line.finish(query, message);
    this.#options.count(end ?? (message === undefined ? 'silent' : 'answered'));
  }

  #fail(line: Line, query: ReadQuery, error: unknown): void {
    const expired = error instanceof DeadlineError;
    if (!expired) this.#reportFault(error, query.message);
    let response: Uint8Array | undefined;
    try {
      response = this.#options.failure(query);
    } catch (cause) {
      this.#reportFault(cause, query.message);
    }
    this.#finish(line, query, response, expired ? 'expired' : 'failed');
  }

  /** Rejects with DeadlineError when the tenant takes too long. */
  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timeout = setTimeout(() => reject(new DeadlineError()), this.#options.limits.deadline);
    timeout.unref();
    try {
      return await Promise.race([answer, promise]);
    } finally {
      clearTimeout(timeout);
    }
  }
}
