// One question under way: makes the answer from a server's message, keeps it, and gives it to all clients that wait.
// Which server is asked, and when: pending-question.ts.

import { extendedError } from '../../dns/wire/codes.ts';
import type { ForwardCacheWriter } from '../../forward-cache/forward-cache-writer.ts';
import type { Admission, Place } from './admission.ts';
import type { Asked, AskedQuestions, Give } from './asked-questions.ts';
import type { ForwardRequest } from './forward-request.ts';
import type { ForwarderRuntime } from './forwarder-runtime.ts';
import { failureAnswer, makeAnswer, type Unusable } from './make-answer.ts';
import { PendingQuestion, type QuestionEnd } from './pending-question.ts';
import { secondsNow } from './seconds-now.ts';
import { staleAnswer } from './stale-answer.ts';
import type { WalkedMessage } from './walk-message.ts';
import type { ZoneRoutes } from './zone-routes.ts';

/** What all questions share. */
export interface AskedTogether {
  readonly cache: ForwardCacheWriter;
  readonly asked: AskedQuestions;
  readonly admission: Admission;
  readonly routes: ZoneRoutes;
}

/** Seconds for which a failure is kept: the question is not asked again meanwhile (RFC 9520 §3.2). */
const failureSeconds = 2;
/** The longest wait for a live answer before a stale one is given, in milliseconds (RFC 8767 §5). */
const maxStaleWait = 1_800;
/** The longest wait before a stale answer, also as a part of the time that the forwarder has for a question. */
const staleWaitPart = 0.9;

/** An object with methods: closures for each question would be more garbage. */
export class AskedQuestion implements Asked, QuestionEnd {
  previous: Asked | undefined;
  next: Asked | undefined;
  readonly request: ForwardRequest;
  readonly hash: number;
  readonly staleAt: number;
  readonly #together: AskedTogether;
  readonly #runtime: ForwarderRuntime;
  readonly #stale: Uint8Array | undefined;
  readonly #place: Place;
  readonly #pending: PendingQuestion;
  /** The clients that wait. The first one is apart, since most questions have only one. */
  readonly #first: Give;
  #others: Give[] | undefined;
  #isSettled = false;

  /** `stale` is the expired answer that may be given. `place` is what {@link Admission.enter} returned. */
  constructor(
    together: AskedTogether,
    runtime: ForwarderRuntime,
    request: ForwardRequest,
    hash: number,
    stale: Uint8Array | undefined,
    place: Place,
    now: number,
    give: Give,
  ) {
    this.request = request;
    this.hash = hash;
    this.#together = together;
    this.#runtime = runtime;
    this.#stale = stale;
    this.#place = place;
    this.#first = give;
    const { timeoutMilliseconds } = runtime.listed.forwarder;
    this.staleAt = now + Math.min(maxStaleWait, timeoutMilliseconds * staleWaitPart);
    this.#pending = new PendingQuestion(request.question, runtime.order(), timeoutMilliseconds, now, this);
  }

  /** Begins to ask. The question may end at once. */
  start(now: number): void {
    this.#together.asked.add(this);
    this.#runtime.pending.add(this.#pending);
    this.#pending.start(now);
  }

  wait(give: Give): void {
    this.#others ??= [];
    this.#others.push(give);
  }

  get hasStale(): boolean {
    return this.#stale !== undefined;
  }

  giveStale(): void {
    this.fail(extendedError.NO_REACHABLE_AUTHORITY);
  }

  answer(message: WalkedMessage): Unusable | undefined {
    const { question } = this.request;
    const { cache, routes } = this.#together;
    const seconds = secondsNow();
    const made = makeAnswer(message, question, routes.sight(this.#runtime), seconds);
    if (typeof made === 'string') return made;
    if (made.lifetime > 0 && !this.#runtime.isReplaced)
      cache.put(this.#runtime.listed.id, question, made.block, seconds);
    this.#settle(made.block);
    return undefined;
  }

  fail(why: number): void {
    this.#settle(keepFailure(this.#together.cache, this.#runtime, this.request, this.#stale, why));
  }

  done(): void {
    this.#runtime.pending.remove(this.#pending);
  }

  #settle(block: Uint8Array): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#together.asked.remove(this);
    this.#together.admission.leave(this.#place);
    this.#first(block);
    for (const give of this.#others ?? []) give(block);
  }
}

/** Returns the stale answer, or a failure if there is none. Puts this block into the cache for a while, if it may. */
export function keepFailure(
  cache: ForwardCacheWriter,
  { listed, isReplaced }: ForwarderRuntime,
  { question }: ForwardRequest,
  stale: Uint8Array | undefined,
  why: number,
): Uint8Array {
  const seconds = secondsNow();
  const block =
    stale === undefined ? failureAnswer(question, why, seconds, failureSeconds) : staleAnswer(stale, seconds);
  if (!isReplaced) cache.put(listed.id, question, block, seconds);
  return block;
}
