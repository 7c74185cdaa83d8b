// The answers of forwarded zones that a thread finds in the cache, which is in shared memory. The steps that use them:
// forward-query.ts.

import type { AnswerReader } from '../../forward-cache/answer-reader.ts';
import { ForwardCacheReader } from '../../forward-cache/forward-cache-reader.ts';
import { questionFlag } from '../../forward-cache/layout.ts';
import type { NameKey } from '../../table/name-key.ts';
import type { Clock } from './clock.ts';
import type { Edns } from './edns.ts';
import type { QueryMessage } from './query-message.ts';
import type { ResponseMessage } from './response-message.ts';

/** A name that the servers of a forwarded zone must be asked for. */
export interface MissingAnswer {
  /** The number of the forwarder. */
  readonly forwarder: number;
  readonly query: QueryMessage;
  /** Has the aliases that lead to the name. */
  readonly response: ResponseMessage;
  readonly flags: number;
}

/** Returns the flags of a question that make its answers differ: DO and CD. */
export function flagsOf({ checkingDisabled }: QueryMessage, { dnssecOk }: Edns): number {
  return (dnssecOk ? questionFlag.dnssecOk : 0) | (checkingDisabled ? questionFlag.checkingDisabled : 0);
}

export class ForwardedAnswers {
  readonly #cache: ForwardCacheReader;
  readonly #clock: Clock;
  #isAwake = false;
  /** Told of each answer that is missing. Only the forwarder's thread sets it. */
  onMiss: ((missing: MissingAnswer) => void) | undefined;

  /** `cell`: that of the thread in the zone table. */
  constructor(memory: SharedArrayBuffer, cell: number, clock: Clock) {
    this.#cache = new ForwardCacheReader(memory, cell);
    this.#clock = clock;
  }

  get seconds(): number {
    return this.#clock.seconds;
  }

  /** Returns the answer from the cache. Valid until {@link sleep}. */
  find(forwarder: number, name: NameKey, query: QueryMessage, flags: number): AnswerReader | undefined {
    const cache = this.#cache;
    // Most batches have no question for a forwarder: they need not wake the reader.
    if (!this.#isAwake) cache.enter();
    this.#isAwake = true;
    const { seconds } = this.#clock;
    const found = cache.find(forwarder, name.bytes, name.length, query.type, query.class, flags, seconds);
    return found && !cache.answer.isUnfinished ? cache.answer : undefined;
  }

  /** Call it after a batch: the memory that was read may be used again from now on. */
  sleep(): void {
    if (this.#isAwake) this.#cache.leave();
    this.#isAwake = false;
  }
}
